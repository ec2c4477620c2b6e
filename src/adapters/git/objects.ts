// The objects of a repository, loose and packed, checked against their own ids.
//
// Not isomorphic-git's reader: it inflates whatever it finds without a ceiling, on the event loop, holds whole packs in
// memory, does not hash what comes out of a pack, and knows neither alternates nor linked worktrees.
import { readdir, readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { emptyTreeId, type ObjectType, objectId } from '../../source/git-object.ts';
import type { SourceLimits } from '../../source/limits.ts';
import { corruptError } from '../../source/refused.ts';
import { looseWithPrefix, readLoose, type StoredObject } from './loose.ts';
import { Pack, PackGone } from './pack.ts';

/** How far `objects/info/alternates` may lead. */
const maxAlternates = 5;
/** How often packs are listed anew for one object because one of them was put into another meanwhile. */
const maxListings = 3;
/** How deep deltas may lead from one store to another. */
const maxStores = 8;

export class Objects {
  readonly #folder: string;
  readonly #limits: SourceLimits;
  #folders: Promise<readonly string[]> | undefined;
  #packs: Promise<ReadonlyMap<string, Pack>> | undefined;

  /** @param folder the repository's `objects` */
  constructor(folder: string, limits: SourceLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /**
   * An object of the type that is expected.
   *
   * @throws SluiceError `source.corrupt` where it is missing, broken, of another type or not what its id says;
   *   `source.tooLarge` past its limit
   */
  async read(oid: string, type: ObjectType): Promise<Buffer> {
    const found = await this.find(oid);
    if (found === undefined)
      throw corruptError(`the ${type} ${oid}`, 'it is not in the repository (a shallow or partial clone?)');
    if (found.type !== type) throw corruptError(`the ${type} ${oid}`, `it is a ${found.type}`);
    return found.bytes;
  }

  /** An object, or undefined where the repository does not hold it. @throws as `read` */
  async find(oid: string): Promise<StoredObject | undefined> {
    if (oid === emptyTreeId) return { type: 'tree', bytes: Buffer.alloc(0) };
    const found = await this.#find(oid, 0);
    if (found !== undefined && objectId(found.type, found.bytes) !== oid) {
      throw corruptError(`the object ${oid}`, 'its content does not match its id');
    }
    return found;
  }

  async #find(oid: string, nested: number): Promise<StoredObject | undefined> {
    if (nested > maxStores) throw corruptError(`the object ${oid}`, 'its deltas lead in a circle');
    return await this.#listed(`the object ${oid}`, () => this.#look(oid, nested));
  }

  /** Does something with the packs, and once more where one of them went away meanwhile. */
  async #listed<Found>(what: string, work: () => Promise<Found>): Promise<Found> {
    for (let listings = 1; ; listings++) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof PackGone)) throw error;
        if (listings > maxListings) throw corruptError(what, 'its pack is missing');
        await this.#rescan((await this.#packs) ?? new Map());
      }
    }
  }

  async #look(oid: string, nested: number): Promise<StoredObject | undefined> {
    const limit = (type: ObjectType): number => (type === 'blob' ? this.#limits.file : this.#limits.object);
    const readBase = (base: string): Promise<StoredObject | undefined> => this.#find(base, nested + 1);
    this.#packs ??= this.#scan(new Map());
    const known = await this.#packs;
    for (const pack of known.values()) {
      const found = await pack.read(oid, limit, readBase);
      if (found !== undefined) return found;
    }
    for (const folder of await this.#stores()) {
      const found = await readLoose(folder, oid, limit);
      if (found !== undefined) return found;
    }
    // A fetch or a repack may have brought new packs since they were listed.
    for (const [path, pack] of await this.#rescan(known)) {
      const found = known.has(path) ? undefined : await pack.read(oid, limit, readBase);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Full ids that start with `prefix` (4 to 40 hex digits), at most two: enough to know whether it is unique. */
  async expand(prefix: string): Promise<readonly string[]> {
    const found = new Set<string>();
    for (const folder of await this.#stores()) {
      for (const oid of await looseWithPrefix(folder, prefix)) found.add(oid);
    }
    await this.#listed(`an object ${prefix}…`, async () => {
      for (const pack of (await this.#rescan((await this.#packs) ?? new Map())).values()) {
        for (const oid of (await pack.index()).withPrefix(prefix, 2)) found.add(oid);
      }
    });
    return [...found].slice(0, 2);
  }

  #stores(): Promise<readonly string[]> {
    this.#folders ??= alternates(this.#folder);
    return this.#folders;
  }

  #rescan(known: ReadonlyMap<string, Pack>): Promise<ReadonlyMap<string, Pack>> {
    const now = this.#scan(known);
    this.#packs = now;
    return now;
  }

  async #scan(before: ReadonlyMap<string, Pack>): Promise<ReadonlyMap<string, Pack>> {
    const packs = new Map<string, Pack>();
    for (const folder of await this.#stores()) {
      const names = await readdir(join(folder, 'pack')).catch(() => []);
      for (const name of names.filter((one) => /^pack-[0-9a-f]+\.idx$/.test(one)).sort()) {
        const path = join(folder, 'pack', name);
        packs.set(path, before.get(path) ?? new Pack(path));
      }
    }
    return packs;
  }
}

/** The objects folder and those it borrows from (`git clone --shared`, `--reference`). */
async function alternates(folder: string): Promise<readonly string[]> {
  const found = [folder];
  for (let at = 0; at < found.length && found.length <= maxAlternates; at++) {
    const here = found[at] ?? folder;
    const text = await readFile(join(here, 'info', 'alternates'), 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const path = isAbsolute(line) ? line : resolve(here, line);
      if (!found.includes(path)) found.push(path);
    }
  }
  return found;
}
