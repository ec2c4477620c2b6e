// Packs: many objects in one file, found through an index, some as deltas against others.
import { readFile } from 'node:fs/promises';
import type { ObjectType } from '../../source/git-object.ts';
import { corruptError, tooLargeError } from '../../source/refused.ts';
import { applyDelta, deltaSizes } from './delta.ts';
import { deflatedBound, inflateExactly } from './inflate.ts';
import { reason, type SizeLimit, type StoredObject } from './loose.ts';
import { PackIndex } from './pack-index.ts';
import { readRange } from './range.ts';

const types: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const offsetDelta = 6;
const referenceDelta = 7;

/** Most objects of a fleet fit into one read. */
const firstRead = 4 * 1024;

/** Git itself writes chains of 50 at most by default, and 4,095 when forced. */
const maxChain = 512;
/** A base may be larger than what is made of it; all steps of one object together may not exceed this many limits. */
const chainBudget = 16;

interface Header {
  readonly kind: number;
  readonly size: number;
  /** Where the compressed bytes start in the pack, and as many of them as came with the header. */
  readonly data: number;
  readonly start: Buffer;
  readonly base?: number | string;
}

/** Reads an object that another object is a delta against, wherever it is stored. */
export type ReadBase = (oid: string) => Promise<StoredObject | undefined>;

/** One pack with its index, which is read on first use and kept. */
export class Pack {
  readonly #path: string;
  #index: Promise<PackIndex> | undefined;

  /** @param path of the `.idx` file */
  constructor(path: string) {
    this.#path = path;
  }

  index(): Promise<PackIndex> {
    this.#index ??= readFile(this.#path).then(
      (bytes) => new PackIndex(bytes),
      (error: unknown) => {
        throw corruptError('the index of a pack', (error as NodeJS.ErrnoException).code ?? 'it cannot be opened');
      },
    );
    return this.#index;
  }

  /** @throws SluiceError `source.tooLarge`, `source.corrupt` */
  async read(oid: string, limit: SizeLimit, readBase: ReadBase): Promise<StoredObject | undefined> {
    const offset = (await this.index()).offset(oid);
    if (offset === undefined) return undefined;
    const chain: Buffer[] = [];
    let budget = limit('blob') * chainBudget;
    for (let at = offset; ; ) {
      const header = await this.#header(oid, at);
      const type = types[header.kind];
      const allowed = type === undefined ? limit('blob') : limit(type) * (chain.length === 0 ? 1 : 4);
      if (header.size > allowed) throw tooLargeError(`the object ${oid}`, allowed, header.size);
      budget -= header.size;
      if (budget < 0 || chain.length > maxChain)
        throw corruptError(`the object ${oid}`, 'it is a chain of too many deltas');
      const bytes = await this.#inflate(oid, header);
      if (type !== undefined) return { type, bytes: await resolve(oid, bytes, chain, limit(type)) };
      chain.push(bytes);
      if (typeof header.base === 'string') {
        const within = (await this.index()).offset(header.base);
        if (within === undefined) {
          const base = await readBase(header.base);
          if (base === undefined) throw corruptError(`the object ${oid}`, 'the object it is a delta of is missing');
          return { type: base.type, bytes: await resolve(oid, base.bytes, chain, limit(base.type)) };
        }
        if (within === at) throw corruptError(`the object ${oid}`, 'it is a delta of itself');
        at = within;
      } else {
        at = header.base ?? at;
      }
    }
  }

  async #header(oid: string, at: number): Promise<Header> {
    const bytes = await this.#bytes(oid, at, firstRead);
    let next = 0;
    const byte = (): number => {
      const value = bytes[next++];
      if (value === undefined) throw corruptError(`the object ${oid}`, 'its pack is cut short');
      return value;
    };
    const first = byte();
    const kind = (first >> 4) & 7;
    let size = first & 15;
    let more = first & 0x80;
    for (let scale = 16; more !== 0; scale *= 128) {
      if (scale > 2 ** 46) throw corruptError(`the object ${oid}`, 'its size is malformed');
      const value = byte();
      size += (value & 0x7f) * scale;
      more = value & 0x80;
    }
    if (types[kind] !== undefined) return { kind, size, data: at + next, start: bytes.subarray(next) };
    if (kind === referenceDelta) {
      const base = bytes.toString('hex', next, next + 20);
      return { kind, size, data: at + next + 20, start: bytes.subarray(next + 20), base };
    }
    if (kind !== offsetDelta) throw corruptError(`the object ${oid}`, 'its type is unknown');
    let back = 0;
    for (let value = 0x80; (value & 0x80) !== 0; ) {
      value = byte();
      back = back * 128 + (value & 0x7f);
      if ((value & 0x80) !== 0) back += 1;
      if (back > 2 ** 46) throw corruptError(`the object ${oid}`, 'its delta base is malformed');
    }
    if (back <= 0 || back >= at) throw corruptError(`the object ${oid}`, 'its delta base is outside the pack');
    return { kind, size, data: at + next, start: bytes.subarray(next), base: at - back };
  }

  async #inflate(oid: string, header: Header): Promise<Buffer> {
    const bound = deflatedBound(header.size);
    const whole = bound <= header.start.length ? header.start : await this.#bytes(oid, header.data, bound);
    return inflateExactly(whole, header.size).catch((error: unknown) => {
      throw corruptError(`the object ${oid}`, reason(error));
    });
  }

  async #bytes(oid: string, at: number, length: number): Promise<Buffer> {
    let read: Awaited<ReturnType<typeof readRange>>;
    try {
      read = await readRange(this.#path.replace(/\.idx$/, '.pack'), at, length);
    } catch (error) {
      throw corruptError(`the object ${oid}`, (error as NodeJS.ErrnoException).code ?? 'its pack cannot be opened');
    }
    if (read === undefined) throw corruptError(`the object ${oid}`, 'its pack is missing');
    // The last 20 bytes are the pack's checksum.
    const held = Math.min(read.bytes.length, read.size - 20 - at);
    if (at < 12 || held <= 0) throw corruptError(`the object ${oid}`, 'its pack is cut short');
    return read.bytes.subarray(0, held);
  }
}

async function resolve(oid: string, base: Buffer, chain: readonly Buffer[], limit: number): Promise<Buffer> {
  let bytes = base;
  for (const [step, delta] of [...chain.entries()].reverse()) {
    const { result } = deltaSizes(oid, delta);
    const allowed = step === 0 ? limit : limit * 4;
    if (result > allowed) throw tooLargeError(`the object ${oid}`, allowed, result);
    bytes = applyDelta(oid, bytes, delta);
    // Large steps take milliseconds each: let others have a turn between them.
    if (result > 256 * 1024) await new Promise(setImmediate);
  }
  return bytes;
}
