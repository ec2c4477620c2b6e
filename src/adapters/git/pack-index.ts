// A pack's index, version 2: where each object stands in the pack. Read as it is, searched in place.
import { corruptError } from '../../source/refused.ts';

const fanout = 8;
const names = fanout + 1024;

export class PackIndex {
  readonly #bytes: Buffer;
  readonly #count: number;

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
    if (at >= this.#count || this.#name(at) !== oid) return undefined;
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
    const first = wanted[0] ?? 0;
    let low = first === 0 ? 0 : this.#bytes.readUInt32BE(fanout + (first - 1) * 4);
    let high = this.#bytes.readUInt32BE(fanout + first * 4);
    if (low > high || high > this.#count) throw corruptError('the index of a pack', 'its table is out of order');
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = names + middle * 20;
      if (this.#bytes.compare(wanted, 0, 20, at, at + 20) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
