// Where lines go. A reader that is gone, slow or out of space costs lines, never the process.
import { constants, fstatSync, openSync, writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** How long lines wait for a reader that is slow: at most this at a time, and in the long run that share of it. */
const patienceMs = 1_000;
const patientShare = 0.1;
const pauseMs = 10;

/** Writes to a file descriptor, line by line and at once, so that nothing is lost with a process that ends. */
export function outputTo(descriptor: number): DestinationStream {
  let to: number | undefined;
  let stuck = false;
  /** The last line broke off in its middle. */
  let cut = false;
  let patience = patienceMs;
  let last = performance.now();
  return {
    write: (line: string): void => {
      to ??= unblocked(descriptor);
      const startedMs = performance.now();
      patience = Math.min(patienceMs, patience + (startedMs - last) * patientShare);
      const bytes = Buffer.from(cut ? `\n${line}` : line);
      const written = writeAll(to, bytes, stuck ? 0 : patience);
      last = performance.now();
      patience = Math.max(0, patience - (last - startedMs));
      // The ones after it do not wait until one gets through.
      stuck = written < bytes.length;
      if (written > 0) cut = stuck;
    },
  };
}

/**
 * The same pipe or terminal, opened so that a full one refuses a write, which else would hold the process for as long as nobody
 * reads; whoever has it beside us keeps it as it is. The descriptor itself where there is no such way, as on other systems than Linux.
 */
function unblocked(descriptor: number): number {
  const { O_NOCTTY, O_NONBLOCK, O_WRONLY } = constants;
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFIFO() && !stats.isCharacterDevice()) return descriptor;
    return openSync(`/proc/self/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}

/** Returns how many bytes got through. */
function writeAll(descriptor: number, bytes: Buffer, patience: number): number {
  let at = 0;
  for (let waitedMs = 0; at < bytes.length; ) {
    try {
      at += writeSync(descriptor, bytes, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN' || waitedMs + pauseMs > patience) return at;
      sleep(pauseMs);
      waitedMs += pauseMs;
    }
  }
  return at;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
