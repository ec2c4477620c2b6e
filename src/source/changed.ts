// Which files differ between two trees, without reading any.
import { SluiceError } from '../errors.ts';
import type { Tree, TreeEntry } from '../ports.ts';
import { compareNames } from './name.ts';
import { joinPath } from './paths.ts';

export interface ChangedPath {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'modified';
}

const maxChanges = 100_000;
const maxFolders = 100_000;

type Listing = ReadonlyMap<string, TreeEntry>;

/**
 * Files (and refused entries) that differ, sorted by path, bytewise. Folders with equal ids are not looked into. A
 * folder past a limit of the trees stands for itself: nothing in it can be named in a build.
 *
 * @throws SluiceError `source.tooMany` past 100,000 changes or differing folders, `source.corrupt`
 */
export async function changedPaths(base: Tree, head: Tree): Promise<readonly ChangedPath[]> {
  if (base.id === head.id) return [];
  const comparison = new Comparison(base, head);
  await comparison.folder('', true, true);
  return comparison.changes.sort((one, other) => compareNames(one.path, other.path));
}

class Comparison {
  readonly changes: ChangedPath[] = [];
  readonly #base: Tree;
  readonly #head: Tree;
  #folders = 0;

  constructor(base: Tree, head: Tree) {
    this.#base = base;
    this.#head = head;
  }

  async folder(path: string, inBase: boolean, inHead: boolean): Promise<void> {
    if (++this.#folders > maxFolders || this.changes.length > maxChanges) throw tooMany();
    const before = inBase ? await list(this.#base, path) : empty;
    const after = inHead ? await list(this.#head, path) : empty;
    if (before === undefined || after === undefined) {
      this.#add(path, inBase, inHead);
      return;
    }
    for (const name of new Set([...before.keys(), ...after.keys()])) {
      await this.#entry(joinPath(path, name), before.get(name), after.get(name));
    }
  }

  async #entry(path: string, before: TreeEntry | undefined, after: TreeEntry | undefined): Promise<void> {
    if (identity(before) === identity(after)) return;
    const folderBefore = before?.type === 'directory';
    const folderAfter = after?.type === 'directory';
    const fileBefore = before !== undefined && !folderBefore;
    const fileAfter = after !== undefined && !folderAfter;
    if (fileBefore || fileAfter) this.#add(path, fileBefore, fileAfter);
    if (folderBefore || folderAfter) await this.folder(path, folderBefore, folderAfter);
  }

  #add(path: string, inBase: boolean, inHead: boolean): void {
    const gone = inHead ? 'added' : 'removed';
    this.changes.push({ path, kind: inBase && inHead ? 'modified' : gone });
  }
}

const empty: Listing = new Map();

function identity(entry: TreeEntry | undefined): string | undefined {
  if (entry === undefined) return undefined;
  return `${entry.type} ${entry.type === 'refused' ? entry.reason : entry.oid}`;
}

/** Undefined where the folder is past a limit. */
async function list(tree: Tree, path: string): Promise<Listing | undefined> {
  try {
    return (await tree.list(path)) ?? empty;
  } catch (error) {
    if (error instanceof SluiceError && error.code.startsWith('source.too')) return undefined;
    throw error;
  }
}

function tooMany(): SluiceError {
  return new SluiceError('source.tooMany', `more than ${maxChanges} files or folders differ`, {
    remedy: 'Name a base closer to the change, or split the change.',
  });
}
