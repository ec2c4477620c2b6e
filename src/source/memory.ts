// Trees that are held in memory: for tests, demonstrations and trees made of others.
import type { RefusedReason, Tree, TreeEntry } from '../ports.ts';
import { objectId, withoutCollisions } from './git-object.ts';
import { defaultLimits, type SourceLimits } from './limits.ts';
import { isGoodName } from './name.ts';
import { missingError } from './refused.ts';
import { ObjectTree, type TreeStore } from './tree.ts';

/** An entry with what Git would write for it. */
export interface HeldFile {
  readonly entry: TreeEntry;
  readonly mode: '100644' | '100755' | '120000' | '160000' | '40000';
  /** What Git would write as its id, also where the entry is refused. */
  readonly oid: string;
  /** The name's bytes where its key is an escaped form. */
  readonly rawName?: Uint8Array;
}

/** A folder while a tree is being put together. */
export interface HeldFolder {
  readonly children: Map<string, HeldFile | HeldFolder>;
  readonly rawName?: Uint8Array;
}

/** Folders by id, as `sealFolder` leaves them. */
export type HeldFolders = Map<string, ReadonlyMap<string, TreeEntry>>;

/**
 * Computes the Git tree id of a folder and everything below it, and keeps the listings by id. A folder without files
 * is left out, as in Git.
 */
export function sealFolder(folder: HeldFolder, into: HeldFolders): string {
  const raw: RawEntry[] = [];
  const entries: [string, TreeEntry][] = [];
  for (const [key, held] of folder.children) {
    const name = held.rawName ?? key;
    if ('children' in held) {
      if (isEmpty(held)) continue;
      const oid = sealFolder(held, into);
      raw.push({ name, mode: '40000', oid });
      entries.push([key, isGoodName(key) ? { type: 'directory', oid } : { type: 'refused', reason: 'name' }]);
    } else {
      raw.push({ name, mode: held.mode, oid: held.oid });
      entries.push([key, held.entry]);
    }
  }
  const oid = treeId(raw);
  into.set(oid, withoutCollisions(entries));
  return oid;
}

/** A folder that holds nothing but folders that hold nothing. */
function isEmpty(folder: HeldFolder): boolean {
  return [...folder.children.values()].every((held) => 'children' in held && isEmpty(held));
}

interface RawEntry {
  readonly name: string | Uint8Array;
  readonly mode: string;
  readonly oid: string;
}

function treeId(entries: readonly RawEntry[]): string {
  const keyed = entries.map((entry) => {
    const name = Buffer.from(entry.name);
    // Git sorts a folder as if its name ended in a slash.
    return { entry, name, key: entry.mode === '40000' ? Buffer.concat([name, slash]) : name };
  });
  keyed.sort((one, other) => Buffer.compare(one.key, other.key));
  const parts = keyed.flatMap(({ entry, name }) => [
    Buffer.from(`${entry.mode} `),
    name,
    nul,
    Buffer.from(entry.oid, 'hex'),
  ]);
  return objectId('tree', Buffer.concat(parts));
}

const slash = Buffer.from('/');
const nul = Buffer.from([0]);

/** Puts an entry at a path, making the folders on the way. A file on the way is replaced by a folder. */
export function putHeld(root: HeldFolder, path: string, held: HeldFile): void {
  const names = path.split('/');
  let folder = root;
  for (const name of names.slice(0, -1)) {
    const next = folder.children.get(name);
    const child: HeldFolder = next !== undefined && 'children' in next ? next : { children: new Map() };
    if (child !== next) folder.children.set(name, child);
    folder = child;
  }
  folder.children.set(names.at(-1) ?? '', held);
}

/** A store over sealed folders that reads files by their ids. */
export function heldStore(folders: HeldFolders, file: TreeStore['file']): TreeStore {
  return {
    folder: (oid) => Promise.resolve(folders.get(oid) ?? new Map<string, TreeEntry>()),
    file,
  };
}

const refusedModes: Partial<Record<RefusedReason, HeldFile['mode']>> = { symlink: '120000', submodule: '160000' };

/**
 * A tree of files by path. Ids are those Git would give.
 *
 * Example: `memoryTree({ 'apps/web.yaml': 'kind: …', 'link': { refused: 'symlink' } })`
 */
export function memoryTree(
  files: Readonly<Record<string, string | Uint8Array | { readonly refused: RefusedReason }>>,
  limits: SourceLimits = defaultLimits,
): Tree {
  const root: HeldFolder = { children: new Map() };
  const contents = new Map<string, Uint8Array>();
  for (const [path, content] of Object.entries(files)) {
    if (typeof content === 'object' && 'refused' in content) {
      const mode = refusedModes[content.refused] ?? '100644';
      const oid = objectId('blob', Buffer.from(content.refused));
      putHeld(root, path, { entry: { type: 'refused', reason: content.refused }, mode, oid });
      continue;
    }
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    const oid = objectId('blob', bytes);
    contents.set(oid, bytes);
    putHeld(root, path, { entry: fileEntry(path, oid), mode: '100644', oid });
  }
  const folders: HeldFolders = new Map();
  const id = sealFolder(root, folders);
  return new ObjectTree(
    id,
    heldStore(folders, (oid, path) => {
      const bytes = contents.get(oid);
      return bytes === undefined ? Promise.reject(missingError(path)) : Promise.resolve(bytes);
    }),
    limits,
  );
}

function fileEntry(path: string, oid: string): TreeEntry {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return isGoodName(name) ? { type: 'file', oid } : { type: 'refused', reason: 'name' };
}
