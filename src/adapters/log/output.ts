// Where lines go. A reader that is gone, slow or out of space costs lines, never the process.
import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** How long one line waits for a reader that is slow; the ones after it do not wait until one got through. */
const patienceMs = 1_000;
const pauseMs = 10;

/** Writes to a file descriptor, line by line and at once, so that nothing is lost with a process that ends. */
export function outputTo(descriptor: number): DestinationStream {
  let stuck = false;
  /** The last line broke off in its middle. */
  let cut = false;
  return {
    write: (line: string): void => {
      const bytes = Buffer.from(cut ? `\n${line}` : line);
      const written = writeAll(descriptor, bytes, stuck ? 0 : patienceMs);
      stuck = written < bytes.length;
      if (written > 0) cut = stuck;
    },
  };
}

/** Returns how many bytes got through. */
function writeAll(descriptor: number, bytes: Buffer, patience: number): number {
  let at = 0;
  for (let waitedMs = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' || waitedMs >= patience) return at;
      sleep(pauseMs);
      waitedMs += pauseMs;
    }
  }
  return at;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
