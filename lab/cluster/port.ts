// Picks ports of this machine for servers that must know theirs before they start, and again after a restart.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { SluiceError } from '../../src/errors.ts';

// Below what Linux, macOS and the BSDs hand out to outgoing connections, so that only another server can be in the way.
const lowest = 20_000;
const beyond = 32_000;
const attempts = 200;
const taken = new Set<number>();

/** Returns a port on loopback that nobody listens on, and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowest, beyond);
    if (taken.has(port) || !(await isFree(port))) continue;
    taken.add(port);
    return port;
  }
  throw new SluiceError('configuration', `no free port between ${lowest} and ${beyond} on this machine`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
