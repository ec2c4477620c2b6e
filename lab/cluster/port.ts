// Picks ports of this machine for servers that must know theirs before they start, and again after a restart.
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { SluiceError } from '../../src/errors.ts';

// Below what Linux, macOS and the BSDs hand out to outgoing connections, so that only another server can be in the way.
const lowest = 20_000;
const beyond = 32_000;
const attempts = 200;

/** Returns a port on loopback that nobody listens on, and that nobody else is given here while this process lives. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(lowest, beyond);
    const release = await reserve(port);
    if (release === undefined) continue;
    if (await isFree(port)) return port;
    release();
  }
  throw new SluiceError('configuration', `no free port between ${lowest} and ${beyond} on this machine`);
}

/**
 * Takes the UDP port of the same number, as a sign to every other process that asks here: whoever is to listen does so a while
 * later. The system gives it back when this process ends. Returns undefined where somebody else has it.
 */
function reserve(port: number): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    const sign = createSocket('udp4');
    sign.once('error', () => {
      sign.close();
      resolve(undefined);
    });
    sign.bind({ port, address: '127.0.0.1', exclusive: true }, () => {
      sign.unref();
      resolve(() => sign.close());
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
