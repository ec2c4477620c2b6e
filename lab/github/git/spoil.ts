import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GitFault } from '../faults.ts';

/** Passes a Git answer on, damaged as a fault wants it; resolves when all has been written and leaves the end to the caller. */
export async function spoil(to: ServerResponse, all: Buffer, fault: GitFault | undefined): Promise<void> {
  if (fault?.kind === 'truncate') to.write(all.subarray(0, Math.floor(all.length / 2)));
  else if (fault?.kind === 'corrupt') to.write(flipped(all));
  else if (fault?.kind === 'reset') to.write(all.subarray(0, Math.floor(all.length / 2)), () => to.destroy());
  else if (fault?.kind === 'hang') await hang(to);
  else if (fault?.kind === 'drip') await drip(to, all, fault.bytesPerSecond ?? 1);
  else if (fault?.kind === 'chatter') await chatter(to, all);
  else if (all.length > 0) to.write(all);
}

/** One byte of the pack's compressed data is another; its framing stays whole. */
function flipped(all: Buffer): Buffer {
  const copy = Buffer.from(all);
  const pack = copy.indexOf('PACK');
  const at = pack < 0 ? copy.length - 1 : Math.min(pack + 24, copy.length - 1);
  copy[at] = (copy[at] ?? 0) ^ 0xff;
  return copy;
}

async function hang(to: ServerResponse): Promise<void> {
  to.flushHeaders();
  if (!to.destroyed) await once(to, 'close');
}

async function drip(to: ServerResponse, all: Buffer, bytesPerSecond: number): Promise<void> {
  const every = Math.max(1, Math.floor(1000 / bytesPerSecond));
  const step = Math.max(1, Math.ceil((bytesPerSecond * every) / 1000));
  for (let at = 0; at < all.length && !to.destroyed; at += step) {
    to.write(all.subarray(at, at + step));
    await sleep(every);
  }
}

/** Progress without end, in the place of the pack. */
async function chatter(to: ServerResponse, all: Buffer): Promise<void> {
  const start = all.indexOf('000dpackfile\n');
  to.write(start >= 0 ? all.subarray(0, start + 13) : '0008NAK\n');
  while (!to.destroyed) {
    const text = '\x02Counting objects: 1\r';
    to.write(`${(text.length + 4).toString(16).padStart(4, '0')}${text}`);
    await sleep(20);
  }
}
