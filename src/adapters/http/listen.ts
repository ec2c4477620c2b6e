// A port with time limits and an end. Node's parser refuses what could be read two ways (a length given twice,
// a length beside chunks), and answers 400, 408 and 431 by itself.
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SluiceError } from '../../errors.ts';

export interface Port {
  readonly host: string;
  /** The one that was taken, where 0 was asked for. */
  readonly port: number;
  /** Takes no more connections, lets answers under way finish for `graceMs`, then cuts. */
  close(graceMs: number): Promise<void>;
}

export interface ListenLimits {
  /** @defaultValue 10,000 */
  readonly headersMs?: number;
  /** From the first byte to the last of a request. @defaultValue 20,000 */
  readonly requestMs?: number;
  readonly connections?: number;
}

/** @throws SluiceError `configuration` where the address cannot be listened at */
export async function listen(
  at: { readonly host: string; readonly port: number },
  listener: RequestListener,
  limits: ListenLimits = {},
): Promise<Port> {
  const server = createServer({
    headersTimeout: limits.headersMs ?? 10_000,
    requestTimeout: limits.requestMs ?? 20_000,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 500,
    maxHeaderSize: 16 * 1024,
    requireHostHeader: true,
  });
  server.maxConnections = limits.connections ?? 1_000;
  server.maxHeadersCount = 100;
  server.on('request', listener);
  // Without this, Node would invite a body before anybody has looked at its length.
  server.on('checkContinue', listener);
  await started(server, at);
  const { address, port } = server.address() as AddressInfo;
  return { host: address, port, close: (graceMs) => closed(server, graceMs) };
}

function started(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'another program listens there' : (error.code ?? 'unknown');
      reject(
        new SluiceError('configuration', `cannot listen at ${host}:${port}: ${why}`, {
          remedy: 'name another address in SLUICE_LISTEN (webhooks) or SLUICE_ADMIN_LISTEN (health)',
        }),
      );
    });
    server.listen(port, host, resolve);
  });
}

function closed(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
