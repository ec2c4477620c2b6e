// A way to a store through which a test can let a connection die without a word, as a firewall does that forgets it.
import { createConnection, createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  /** The store's address, through here. */
  readonly address: string;
  /** Connections that have sent these bytes. */
  saying(words: string): number;
  /** From now on nothing comes or goes on those that have sent these bytes; neither side is told. */
  silence(words: string): void;
  close(): Promise<void>;
}

export async function proxyTo(address: string): Promise<Proxy> {
  const to = new URL(address);
  const lines: { said: string; silent: boolean; readonly ends: readonly Socket[] }[] = [];
  const server = createServer((near) => {
    const far = createConnection(Number(to.port), to.hostname);
    const line = { said: '', silent: false, ends: [near, far] };
    lines.push(line);
    near.on('data', (chunk: Buffer) => {
      line.said = (line.said + chunk.toString('latin1')).slice(-100_000);
      if (!line.silent) far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      if (!line.silent) near.write(chunk);
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => other.destroy());
      one.on('close', () => {
        if (!line.silent) other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const through = new URL(address);
  through.port = String((server.address() as AddressInfo).port);
  const those = (words: string) => lines.filter(({ said }) => said.includes(words));
  return {
    address: through.href,
    saying: (words) => those(words).length,
    silence: (words) => {
      for (const line of those(words)) line.silent = true;
    },
    close: async () => {
      for (const { ends } of lines) for (const one of ends) one.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
