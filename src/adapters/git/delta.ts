// Git's deltas: instructions that copy from a base or insert bytes of their own.
import { setImmediate as turn } from 'node:timers/promises';
import { corruptError } from '../../source/refused.ts';

/** Bytes after which others have a turn: a few milliseconds. An instruction costs like some bytes of its own. */
const turnAfter = 8 * 1024 * 1024;
const cost = 256;

/** What a delta says about itself before its instructions. @throws SluiceError `source.corrupt` */
export function deltaSizes(oid: string, delta: Uint8Array): { base: number; result: number; start: number } {
  let at = 0;
  const size = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = delta[at++];
      if (byte === undefined || scale > 2 ** 42) throw corruptError(`the object ${oid}`, 'its delta is malformed');
      value += (byte & 0x7f) * scale;
      if ((byte & 0x80) === 0) return value;
    }
  };
  return { base: size(), result: size(), start: at };
}

/**
 * The bytes that a delta makes of its base. Never writes past the announced result, which the caller has held
 * against its limit.
 *
 * @throws SluiceError `source.corrupt` where an instruction leaves either side or the sizes do not come out
 */
export async function applyDelta(oid: string, base: Uint8Array, delta: Uint8Array): Promise<Buffer> {
  const sizes = deltaSizes(oid, delta);
  const broken = (): never => {
    throw corruptError(`the object ${oid}`, 'its delta does not fit its base');
  };
  if (sizes.base !== base.length) broken();
  // Not cut out of a larger buffer, which would be kept with it.
  const result = Buffer.allocUnsafeSlow(sizes.result);
  let to = 0;
  let at = sizes.start;
  // An announced byte that is missing reads as NaN and fails the comparison below.
  const field = (has: number, scale: number): number => (has === 0 ? 0 : (delta[at++] ?? Number.NaN) * scale);
  for (let work = 0; at < delta.length; ) {
    if (work > turnAfter) {
      await turn();
      work = 0;
    }
    const op = delta[at++] ?? 0;
    if (op === 0) broken();
    if (op < 0x80) {
      if (at + op > delta.length || to + op > result.length) broken();
      result.set(delta.subarray(at, at + op), to);
      at += op;
      to += op;
      work += cost;
      continue;
    }
    const from = field(op & 1, 1) + field(op & 2, 256) + field(op & 4, 65_536) + field(op & 8, 16_777_216);
    const length = field(op & 16, 1) + field(op & 32, 256) + field(op & 64, 65_536) || 65_536;
    if (!(from + length <= base.length) || !(to + length <= result.length)) broken();
    result.set(base.subarray(from, from + length), to);
    to += length;
    work += cost + length;
  }
  if (to !== result.length) broken();
  return result;
}
