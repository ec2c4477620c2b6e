// Packs: many objects in one file, found through an index, some as deltas against others.
import { readFile } from 'node:fs/promises';
import type { SluiceError } from '../../errors.ts';
import type { ObjectType } from '../../source/git-object.ts';
import { corruptError, tooLargeError } from '../../source/refused.ts';
import { applyDelta, deltaSizes } from './delta.ts';
import { deflatedBound, inflateExactly } from './inflate.ts';
import { reason, type SizeLimit, type StoredObject, unread } from './loose.ts';
import { PackIndex } from './pack-index.ts';
import { Recent } from './recent.ts';
import { readWindow } from './windows.ts';

const types: Readonly<Record<number, ObjectType>> = { 1: 'commit', 2: 'tree', 3: 'blob', 4: 'tag' };
const offsetDelta = 6;
const referenceDelta = 7;

/** Most objects of a fleet fit into one read. */
const firstRead = 2 * 1024;

/** Bytes of bases that are kept: neighbours in a folder are often deltas of the same one. */
const keptBases = 8 * 1024 * 1024;

/** Git itself writes chains of 50 at most by default, and 4,095 when forced. */
const maxChain = 512;
/** A base may be larger than what is made of it, by this much. */
const baseFactor = 4;
/** All deltas of one object together, and all that they make on the way, in limits. */
const deltaBudget = 16;
const resultBudget = 64;

interface Header {
  readonly kind: number;
  readonly size: number;
  /** Where the compressed bytes start in the pack, and as many of them as came with the header. */
  readonly data: number;
  readonly start: Buffer;
  readonly base?: number | string;
}

interface Asked {
  /** The object that is wanted in the end: errors speak of it. */
  readonly oid: string;
  readonly limit: SizeLimit;
  readonly readBase: ReadBase;
  readonly budget: { deltas: number; results: number };
  /** How many deltas stand between this object and the one wanted. */
  readonly depth: number;
}

/** Reads an object that another object is a delta against, wherever it is stored. */
export type ReadBase = (oid: string) => Promise<StoredObject | undefined>;

/** A pack's file is there no more: what it held may have gone into another. */
export class PackGone extends Error {}

/** One pack with its index, which is read on first use and kept. */
export class Pack {
  readonly #path: string;
  readonly #bases = new Recent<StoredObject>(keptBases, (base) => base.bytes.length + 128);
  #index: Promise<PackIndex> | undefined;

  /** @param path of the `.idx` file */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws PackGone; SluiceError `source.corrupt` */
  index(): Promise<PackIndex> {
    this.#index ??= readFile(this.#path).then(
      (bytes) => new PackIndex(bytes),
      (error: unknown) => {
        // Read anew the next time: what was in the way may have gone.
        this.#index = undefined;
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new PackGone();
        throw unread('the index of a pack', error);
      },
    );
    return this.#index;
  }

  /** @throws SluiceError `source.tooLarge`, `source.corrupt`; PackGone */
  async read(oid: string, limit: SizeLimit, readBase: ReadBase): Promise<StoredObject | undefined> {
    const offset = (await this.index()).offset(oid);
    if (offset === undefined) return undefined;
    const budget = { deltas: limit('blob') * deltaBudget, results: limit('blob') * resultBudget };
    return this.#at(offset, { oid, limit, readBase, budget, depth: 0 });
  }

  async #at(at: number, asked: Asked): Promise<StoredObject> {
    const { oid, limit, budget, depth } = asked;
    const header = await this.#header(oid, at);
    const type = types[header.kind];
    const factor = depth === 0 ? 1 : baseFactor;
    const allowed = type === undefined ? limit('blob') : limit(type) * factor;
    if (header.size > allowed) throw tooLargeError(`the object ${oid}`, allowed, header.size);
    if (type !== undefined) return { type, bytes: await this.#inflate(oid, header) };
    budget.deltas -= header.size;
    if (budget.deltas < 0 || depth > maxChain) throw tooManyDeltas(oid);
    const delta = await this.#inflate(oid, header);
    const base = await this.#base(header.base ?? at, { ...asked, depth: depth + 1 });
    const { result } = deltaSizes(oid, delta);
    if (result > limit(base.type) * factor) throw tooLargeError(`the object ${oid}`, limit(base.type), result);
    budget.results -= result;
    if (budget.results < 0) throw tooManyDeltas(oid);
    return { type: base.type, bytes: await applyDelta(oid, base.bytes, delta) };
  }

  async #base(base: number | string, asked: Asked): Promise<StoredObject> {
    const within = typeof base === 'number' ? base : (await this.index()).offset(base);
    if (within !== undefined) {
      // Held bases only, never ones underway: readers that wait for each other in a circle would wait forever.
      const held = this.#bases.peek(String(within));
      return held ?? this.#bases.put(String(within), await this.#at(within, asked));
    }
    const elsewhere = await asked.readBase(String(base));
    if (elsewhere !== undefined) return elsewhere;
    throw corruptError(`the object ${asked.oid}`, 'the object it is a delta of is missing');
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
    let read: Awaited<ReturnType<typeof readWindow>>;
    try {
      read = await readWindow(this.#path.replace(/\.idx$/, '.pack'), at, length);
    } catch (error) {
      throw unread(`the object ${oid}`, error);
    }
    if (read === undefined) throw new PackGone();
    // The last 20 bytes are the pack's checksum.
    const held = Math.min(read.bytes.length, read.size - 20 - at);
    if (at < 12 || held <= 0) throw corruptError(`the object ${oid}`, 'its pack is cut short');
    return read.bytes.subarray(0, held);
  }
}

function tooManyDeltas(oid: string): SluiceError {
  return corruptError(`the object ${oid}`, 'it is a chain of too many deltas');
}
