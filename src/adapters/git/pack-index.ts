// A pack's index, version 2: where each object stands in the pack. Read as it is, searched in place.
// https://git-scm.com/docs/pack-format
import { createHash } from 'node:crypto';
import { corruptError } from '../../source/refused.ts';

const fanout = 8;
const names = fanout + 1024;

export class PackIndex {
  readonly #bytes: Buffer;
  readonly #count: number;

  /** How many objects the pack holds. */
  get count(): number {
    return this.#count;
  }

  /** @throws SluiceError `source.corrupt` where it is cut short or not of version 2 */
  constructor(bytes: Buffer) {
    if (bytes.length < names + 40 || bytes.readUInt32BE(0) !== 0xff744f63 || bytes.readUInt32BE(4) !== 2) {
      throw corruptError('the index of a pack', 'it is not of version 2');
    }
    this.#bytes = bytes;
    this.#count = bytes.readUInt32BE(fanout + 255 * 4);
    if (names + this.#count * 28 + 40 > bytes.length) throw corruptError('the index of a pack', 'it is cut short');
  }

  /** Where an object starts in the pack, or undefined where the pack does not hold it. */
  offset(oid: string): number | undefined {
    const at = this.#search(oid);
    return at >= this.#count || this.#name(at) !== oid ? undefined : this.#offsetAt(at);
  }

  /** The objects whose ids start with this byte, in the order of their ids. */
  *startingWith(byte: number): Iterable<IndexedObject> {
    const [from, to] = this.#range(byte);
    for (let at = from; at < to; at++) {
      const id = this.#bytes.subarray(names + at * 20, names + at * 20 + 20);
      yield { id, crc: this.#bytes.readUInt32BE(names + this.#count * 20 + at * 4), offset: this.#offsetAt(at) };
    }
  }

  #offsetAt(at: number): number {
    const offset = this.#bytes.readUInt32BE(names + this.#count * 24 + at * 4);
    if (offset < 0x80000000) return offset;
    const large = names + this.#count * 28 + (offset - 0x80000000) * 8;
    if (large + 8 > this.#bytes.length - 40) throw corruptError('the index of a pack', 'it is cut short');
    return Number(this.#bytes.readBigUInt64BE(large));
  }

  /** Ids that start with a prefix, at most `limit`. */
  withPrefix(prefix: string, limit: number): string[] {
    const found: string[] = [];
    for (let at = this.#search(prefix.padEnd(40, '0')); at < this.#count && found.length < limit; at++) {
      const name = this.#name(at);
      if (!name.startsWith(prefix)) break;
      found.push(name);
    }
    return found;
  }

  #name(at: number): string {
    return this.#bytes.toString('hex', names + at * 20, names + at * 20 + 20);
  }

  /** The first position whose name is not below `oid`. */
  #search(oid: string): number {
    const wanted = Buffer.from(oid, 'hex');
    let [low, high] = this.#range(wanted[0] ?? 0);
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = names + middle * 20;
      if (this.#bytes.compare(wanted, 0, 20, at, at + 20) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** From and up to where the ids that start with this byte stand. */
  #range(byte: number): [from: number, to: number] {
    const from = byte === 0 ? 0 : this.#bytes.readUInt32BE(fanout + (byte - 1) * 4);
    const to = this.#bytes.readUInt32BE(fanout + byte * 4);
    if (from > to || to > this.#count) throw corruptError('the index of a pack', 'its table is out of order');
    return [from, to];
  }
}

export interface IndexedObject {
  /** 20 bytes. */
  readonly id: Buffer;
  /** Of its bytes in the pack. */
  readonly crc: number;
  /** Where it starts in the pack. */
  readonly offset: number;
}

/**
 * The index of packs that stand one behind the other in one, which ends below 2 GiB. An object that is in several is in it as
 * often.
 *
 * @param packs with what is added to the offsets of each
 * @param checksum of the whole pack, 20 bytes
 */
export function joinIndexes(
  packs: readonly { readonly index: PackIndex; readonly shift: number }[],
  checksum: Buffer,
): Buffer {
  const count = packs.reduce((sum, { index }) => sum + index.count, 0);
  const bytes = Buffer.alloc(names + count * 28 + 40);
  bytes.writeUInt32BE(0xff744f63, 0);
  bytes.writeUInt32BE(2, 4);
  let at = 0;
  for (let byte = 0; byte < 256; byte++) {
    const all = packs.flatMap(({ index, shift }) =>
      [...index.startingWith(byte)].map(({ id, crc, offset }) => ({ id, crc, offset: offset + shift })),
    );
    for (const { id, crc, offset } of all.sort((one, other) => one.id.compare(other.id))) {
      id.copy(bytes, names + at * 20);
      bytes.writeUInt32BE(crc, names + count * 20 + at * 4);
      bytes.writeUInt32BE(offset, names + count * 24 + at * 4);
      at += 1;
    }
    bytes.writeUInt32BE(at, fanout + byte * 4);
  }
  checksum.copy(bytes, bytes.length - 40);
  createHash('sha1')
    .update(bytes.subarray(0, -20))
    .digest()
    .copy(bytes, bytes.length - 20);
  return bytes;
}
