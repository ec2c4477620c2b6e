// A platform repository behind a real Git server on the loopback interface.
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Checkout, type Files, urlOf } from '../check/fleet.ts';

export interface Platform {
  readonly url: string;
  /** Replaces files and commits on main. */
  push(files: Files): Promise<void>;
  close(): void;
}

/** `token` is asked for where it is given. */
export async function startPlatform(folder: string, files: Files, token?: string): Promise<Platform> {
  const checkout = await Checkout.create(join(folder, 'platform'), urlOf('platform'), files);
  const allowed = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  const server: Server = createServer((request, response) => {
    if (token === undefined || request.headers.authorization === allowed) serve(folder, request, response);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/platform/.git`,
    push: async (more) => {
      await checkout.write(more);
      await checkout.commit('change');
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function serve(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const env = {
    PATH: process.env['PATH'],
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
    PATH_INFO: url.pathname,
    QUERY_STRING: url.search.slice(1),
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: request.headers['content-type'] ?? '',
    HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  request.pipe(child.stdin);
  child.stdin.on('error', () => {});
  const parts: Buffer[] = [];
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.on('close', () => {
    const answer = Buffer.concat(parts);
    const end = answer.indexOf('\r\n\r\n');
    const lines = answer.subarray(0, end).toString().split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
    const status = Number((headers['Status'] ?? '200').split(' ')[0]);
    response.writeHead(status, headers).end(answer.subarray(end + 4));
  });
}
