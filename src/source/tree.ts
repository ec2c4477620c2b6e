// A Tree over anything that gives folders and files by their ids.
import { SluiceError } from '../errors.ts';
import type { Tree, TreeEntry } from '../ports.ts';
import { defaultLimits, type SourceLimits } from './limits.ts';
import { escapePath } from './name.ts';
import { missingError, refusedError } from './refused.ts';

/** Where folders and files come from. Equal ids mean equal content. */
export interface TreeStore {
  folder(oid: string): Promise<ReadonlyMap<string, TreeEntry>>;
  /** The bytes of a file. `path` is where the tree has it, for stores that read from a disk and for messages. */
  file(oid: string, path: string): Promise<Uint8Array>;
}

/**
 * A tree that looks up one folder after the other. A path below a refused entry answers with that entry, so whoever
 * names it learns why it cannot be read.
 */
export class ObjectTree implements Tree {
  readonly id: string;
  readonly #store: TreeStore;
  readonly #limits: SourceLimits;

  /** @param id of the root folder */
  constructor(id: string, store: TreeStore, limits: SourceLimits = defaultLimits) {
    this.id = id;
    this.#store = store;
    this.#limits = limits;
  }

  async list(path: string): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
    const entry = await this.entry(path);
    return entry?.type === 'directory' ? this.#store.folder(entry.oid) : undefined;
  }

  async entry(path: string): Promise<TreeEntry | undefined> {
    let entry: TreeEntry | undefined = { type: 'directory', oid: this.id };
    for (const name of segments(path, this.#limits.depth)) {
      if (entry.type === 'refused') return entry;
      if (entry.type === 'file') return undefined;
      const folder: ReadonlyMap<string, TreeEntry> = await this.#store.folder(entry.oid);
      entry = folder.get(name);
      if (entry === undefined) return undefined;
    }
    return entry;
  }

  async read(path: string): Promise<Uint8Array> {
    const entry = await this.entry(path);
    if (entry?.type === 'refused') throw refusedError(path, entry.reason);
    if (entry?.type !== 'file') throw missingError(path);
    return this.#store.file(entry.oid, path);
  }
}

/** The names along a path. @throws SluiceError `source.tooDeep` past the limit */
export function segments(path: string, depth: number): readonly string[] {
  if (path === '') return [];
  const names = path.split('/');
  if (names.length <= depth) return names;
  throw new SluiceError('source.tooDeep', `${escapePath(path)} is more than ${depth} folders deep`, {
    remedy: 'Move it up.',
  });
}
