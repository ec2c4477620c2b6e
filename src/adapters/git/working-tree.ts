// The files on disk as they are now, as a tree whose ids are those Git would give.
import { type Dirent, lstatSync, readdirSync, readlinkSync, type Stats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { SluiceError } from '../../errors.ts';
import type { RefusedReason, Tree, TreeEntry } from '../../ports.ts';
import { objectId } from '../../source/git-object.ts';
import { type IgnoreFile, isGitignored, parseGitignore } from '../../source/gitignore.ts';
import type { SourceLimits } from '../../source/limits.ts';
import type { HeldFile, HeldFolder, HeldFolders } from '../../source/memory.ts';
import { sealFolder } from '../../source/memory.ts';
import { escapePath, isGoodName, nameKey } from '../../source/name.ts';
import { corruptError } from '../../source/refused.ts';
import { ObjectTree, type TreeStore } from '../../source/tree.ts';
import { readDiskFile } from './disk-file.ts';
import { type IndexEntry, type IndexFolder, readIndex } from './index-file.ts';
import { config } from './locate.ts';
import type { GitFolders } from './refs.ts';

export interface WorkingTreeRequest {
  readonly root: string;
  readonly folders: GitFolders;
  readonly store: TreeStore;
  readonly limits: SourceLimits;
}

const nowhere = '0'.repeat(40);
/** How long the walk may keep others waiting. */
const sliceMs = 15;

/**
 * Reads the working tree. What Git tracks is in it as far as it is on disk; what it does not track is in it unless
 * `.gitignore` files or `.git/info/exclude` leave it out. Links are never followed. A file that Git's index knows to be
 * unchanged is read from Git's objects, so filters (line ends, LFS) make no difference; others are read from the disk
 * and checked again when they are asked for.
 *
 * @throws SluiceError `source.tooMany`, `source.corrupt`
 */
export async function readWorkingTree(request: WorkingTreeRequest): Promise<Tree> {
  const index = await readIndex(request.folders.own);
  const exclude = await readFile(join(request.folders.shared, 'info', 'exclude'), 'utf8').catch(() => '');
  const walk = new Walk(request, (await config(request.folders.shared, 'core.filemode')) !== 'false');
  const root = await walk.folder([], index, [parseGitignore(exclude, [])]);
  const folders: HeldFolders = new Map();
  const id = sealFolder(root, folders);
  return new ObjectTree(id, storeOver(request, folders, walk.onDisk), request.limits);
}

function storeOver(request: WorkingTreeRequest, folders: HeldFolders, onDisk: ReadonlySet<string>): TreeStore {
  return {
    // A folder outside a sparse checkout is Git's alone.
    folder: async (oid) => folders.get(oid) ?? request.store.folder(oid),
    file: async (oid, path) => {
      if (!onDisk.has(path)) return request.store.file(oid, path);
      const bytes = await readDiskFile(join(request.root, path), request.limits.file).catch(() => undefined);
      if (bytes !== undefined && objectId('blob', bytes) === oid) return bytes;
      throw new SluiceError('source.corrupt', `${escapePath(path)} changed while it was looked at`, {
        kind: 'transient',
        remedy: 'Run the command again.',
        place: { file: escapePath(path) },
      });
    },
  };
}

class Walk {
  /** Paths of files whose bytes Git's objects may not hold. */
  readonly onDisk = new Set<string>();
  readonly #request: WorkingTreeRequest;
  readonly #trustMode: boolean;
  #files = 0;
  #sliceEnd = performance.now() + sliceMs;

  constructor(request: WorkingTreeRequest, trustMode: boolean) {
    this.#request = request;
    this.#trustMode = trustMode;
  }

  async folder(names: readonly string[], tracked: IndexFolder, ignores: readonly IgnoreFile[]): Promise<HeldFolder> {
    if (performance.now() > this.#sliceEnd) {
      await turn();
      this.#sliceEnd = performance.now() + sliceMs;
    }
    const here = join(this.#request.root, ...names);
    const children: HeldFolder['children'] = new Map();
    const found = readNames(here);
    const files = found.some(({ key }) => key === '.gitignore') ? await this.#withGitignore(names, ignores) : ignores;
    for (const { key, raw, dirent } of found) {
      if (key === '.git') continue;
      const known = tracked.get(key);
      const path = [...names, key];
      if (known === undefined && isGitignored(files, path, dirent.isDirectory())) continue;
      const child = await this.#child(path, raw, dirent, known, files);
      if (child !== undefined) children.set(key, raw === undefined ? child : { ...child, rawName: raw });
    }
    for (const [key, entry] of tracked) if (!children.has(key)) addSkipped(children, key, entry);
    return { children };
  }

  async #child(
    path: readonly string[],
    raw: Buffer | undefined,
    dirent: Dirent,
    known: IndexEntry | IndexFolder | undefined,
    ignores: readonly IgnoreFile[],
  ): Promise<HeldFile | HeldFolder | undefined> {
    const entry = known instanceof Map ? undefined : known;
    // An escaped name would lead elsewhere on disk: the tree shows it refused and looks no further.
    if (raw !== undefined) return refused('name', entry);
    if (dirent.isDirectory()) {
      if (entry?.mode === 0o160000) return refused('submodule', entry);
      if (known === undefined && isRepository(join(this.#request.root, ...path)))
        return refused('submodule', undefined);
      return this.folder(path, known instanceof Map ? known : new Map(), ignores);
    }
    if (++this.#files > this.#request.limits.files) throw tooManyFiles(this.#request.limits.files);
    return this.#file(path, entry);
  }

  async #file(path: readonly string[], known: IndexEntry | undefined): Promise<HeldFile | undefined> {
    const disk = join(this.#request.root, ...path);
    const stats = lstat(disk);
    if (stats === undefined) return undefined;
    const clean = known?.unchanged(stats) === true ? known : undefined;
    if (stats.isSymbolicLink()) {
      const oid = clean?.oid ?? objectId('blob', readlinkSync(disk, 'buffer'));
      return { entry: { type: 'refused', reason: 'symlink' }, mode: '120000', oid };
    }
    if (!stats.isFile()) return refused('mode', undefined);
    const mode = executable(stats, this.#trustMode ? undefined : known) ? '100755' : '100644';
    const good = isGoodName(path.at(-1) ?? '');
    const held = (oid: string): HeldFile => ({ entry: good ? { type: 'file', oid } : nameRefused, mode, oid });
    if (clean !== undefined) return held(clean.oid);
    if (stats.size > this.#request.limits.file) {
      const oid = objectId('blob', Buffer.from(`${stats.size} ${stats.mtimeMs}`));
      return { entry: { type: 'refused', reason: 'tooLarge' }, mode, oid };
    }
    const bytes = await readDiskFile(disk, this.#request.limits.file).catch((error: NodeJS.ErrnoException) => {
      throw corruptError(escapePath(path.join('/')), error.code ?? 'it cannot be opened');
    });
    if (bytes === undefined) return undefined;
    this.onDisk.add(path.join('/'));
    return held(objectId('blob', bytes));
  }

  async #withGitignore(names: readonly string[], ignores: readonly IgnoreFile[]): Promise<readonly IgnoreFile[]> {
    const path = join(this.#request.root, ...names, '.gitignore');
    const bytes = await readDiskFile(path, 512 * 1024).catch(() => undefined);
    return bytes === undefined ? ignores : [...ignores, parseGitignore(Buffer.from(bytes).toString('utf8'), names)];
  }
}

const nameRefused: TreeEntry = { type: 'refused', reason: 'name' };

interface FoundName {
  readonly key: string;
  /** The bytes, where the key is an escaped form of them. */
  readonly raw: Buffer | undefined;
  readonly dirent: Dirent;
}

function readNames(folder: string): FoundName[] {
  let found: Dirent[];
  try {
    found = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw corruptError('a folder of the working tree', (error as NodeJS.ErrnoException).code ?? 'it cannot be opened');
  }
  // A name that is not UTF-8 comes as replacement characters: ask again for the bytes.
  if (found.some(({ name }) => name.includes('\ufffd'))) {
    return readdirSync(folder, { withFileTypes: true, encoding: 'buffer' }).map((dirent) => {
      const raw = Buffer.from(dirent.name);
      const key = nameKey(raw);
      return { key, raw: key === raw.toString('utf8') ? undefined : raw, dirent: dirent as unknown as Dirent };
    });
  }
  return found.map((dirent) => {
    const key = nameKey(Buffer.from(dirent.name));
    return { key, raw: key === dirent.name ? undefined : Buffer.from(dirent.name), dirent };
  });
}

function lstat(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function isRepository(folder: string): boolean {
  return lstat(join(folder, '.git')) !== undefined;
}

function executable(stats: Stats, known: IndexEntry | undefined): boolean {
  return ((known?.mode ?? stats.mode) & 0o100) !== 0;
}

function refused(reason: RefusedReason, known: IndexEntry | undefined): HeldFile {
  const mode = reason === 'submodule' ? '160000' : '100644';
  return { entry: { type: 'refused', reason }, mode, oid: known?.oid ?? nowhere };
}

// What a sparse checkout leaves off the disk is as it was committed.
function addSkipped(children: HeldFolder['children'], key: string, entry: IndexEntry | IndexFolder): void {
  if (entry instanceof Map) {
    const folder: HeldFolder = { children: new Map() };
    for (const [name, child] of entry) addSkipped(folder.children, name, child);
    if (folder.children.size > 0) children.set(key, folder);
    return;
  }
  if (!entry.skipped) return;
  const mode = skippedModes[entry.mode];
  if (mode === undefined) return;
  const plain: TreeEntry = { type: mode === '40000' ? 'directory' : 'file', oid: entry.oid };
  const link: TreeEntry = { type: 'refused', reason: mode === '120000' ? 'symlink' : 'submodule' };
  children.set(key, { entry: mode === '120000' || mode === '160000' ? link : plain, mode, oid: entry.oid });
}

const skippedModes: Readonly<Record<number, HeldFile['mode']>> = {
  0o100644: '100644',
  0o100755: '100755',
  0o120000: '120000',
  0o160000: '160000',
  0o040000: '40000',
};

function tooManyFiles(limit: number): SluiceError {
  return new SluiceError('source.tooMany', `the working tree holds more than ${limit} files`, {
    remedy: 'Leave generated files out with .gitignore.',
  });
}
