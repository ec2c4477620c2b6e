// Trees made of other trees: `spec.include` of a GitRepository, and what an ArtifactGenerator copies together.
import { SluiceError } from '../errors.ts';
import type { Tree, TreeEntry } from '../ports.ts';
import { objectId } from './git-object.ts';
import { matchGlob, matchPathGlob, type PathGlob, parseGlob, parsePathGlob } from './glob.ts';
import { defaultLimits } from './limits.ts';
import { type HeldFolder, type HeldFolders, heldStore, putHeld, sealFolder } from './memory.ts';
import { escapePath } from './name.ts';
import { joinPath, normalizePath, parentPath } from './paths.ts';
import { missingError } from './refused.ts';
import { ObjectTree } from './tree.ts';

/** One copy of an ArtifactGenerator, without the `@alias/` and `@artifact/` in front. */
export interface TreeCopy {
  readonly tree: Tree;
  /** A file, a folder, or a pattern: `deploy/**`, `config/*.yaml`. */
  readonly from: string;
  /** `apps/` is a folder, `apps/web.yaml` a file's new name. */
  readonly to: string;
  readonly exclude?: readonly string[];
  readonly strategy?: string;
}

/** Another repository's files in a folder of a GitRepository's own. */
export interface TreeInclude {
  readonly tree: Tree;
  readonly fromPath: string;
  readonly toPath: string;
}

/**
 * The tree that copies make, one after the other, later ones over earlier ones. As source-watcher does it
 * (internal/builder/builder.go): a folder goes below the target under its own name (`cp -r`), `folder/**` stands for
 * what is in the folder, other patterns keep their path; `**` elsewhere in `from` stands for one name. A pattern of
 * `exclude` speaks of the path from the source's root or from the part of `from` before its first wildcard, or of a
 * name where it holds no slash.
 *
 * @throws SluiceError `source.pathMissing` where `from` names nothing, `fleet.unsupported` for the strategies `Merge`
 *   and `Extract`, `source.name` for a path that leaves its root, `fleet.source` for a file over a folder
 */
export async function composeTree(copies: readonly TreeCopy[]): Promise<Tree> {
  const composition = new Composition();
  for (const copy of copies) await composition.copy(copy);
  return composition.seal();
}

/** A GitRepository's tree with what it includes: the content of `fromPath` at `toPath`. @throws as `composeTree` */
export async function includeTree(base: Tree, includes: readonly TreeInclude[]): Promise<Tree> {
  const composition = new Composition();
  await composition.folder({ tree: base, from: '', to: '' }, keepAll);
  for (const { tree, fromPath, toPath } of includes) {
    const from = normalizePath(fromPath);
    if ((await tree.entry(from))?.type !== 'directory') throw nothing(from);
    await composition.folder({ tree, from, to: normalizePath(toPath) }, keepAll);
  }
  return composition.seal();
}

type Keep = (path: string) => boolean;
const keepAll: Keep = () => true;

interface Step {
  readonly tree: Tree;
  readonly from: string;
  readonly to: string;
}

class Composition {
  readonly #root: HeldFolder = { children: new Map() };
  readonly #origins = new Map<string, { readonly tree: Tree; readonly path: string }>();

  async copy(copy: TreeCopy): Promise<void> {
    if (copy.strategy !== undefined && copy.strategy !== '' && copy.strategy !== 'Overwrite') {
      throw new SluiceError('fleet.unsupported', `the copy strategy ${escapePath(copy.strategy)} is not supported`, {
        remedy: 'Copy with the strategy Overwrite.',
      });
    }
    const { tree } = copy;
    const to = normalizePath(copy.to);
    if (!/[*?[\]]/.test(copy.from)) return this.#single(copy, normalizePath(copy.from), to);
    const kept = excluder(copy.exclude ?? [], copy.from);
    const matches = await expand(tree, copy.from);
    if (matches.length === 0) throw nothing(copy.from);
    const folder = copy.from.endsWith('/**') ? `${copy.from.slice(0, -3)}/` : undefined;
    for (const from of matches.filter(kept)) {
      const under = folder !== undefined && from.startsWith(folder) ? from.slice(folder.length) : from;
      await this.#put({ tree, from, to: joinPath(to, under) }, kept);
    }
  }

  /** A path without wildcards, with the manners of `cp -r`. */
  async #single({ tree, to: written, exclude }: TreeCopy, from: string, to: string): Promise<void> {
    const entry = await tree.entry(from);
    if (entry === undefined) throw nothing(from);
    const name = from.slice(from.lastIndexOf('/') + 1);
    const kept = excluder(exclude ?? [], from);
    const into = entry.type === 'directory' || written.endsWith('/') || written === '' || this.#isFolder(to);
    if (entry.type === 'directory' || kept(from))
      await this.#put({ tree, from, to: into ? joinPath(to, name) : to }, kept);
  }

  async #put(step: Step, kept: Keep): Promise<void> {
    const entry = await step.tree.entry(step.from);
    if (entry?.type === 'directory') await this.folder(step, kept);
    else if (entry !== undefined) this.#file(step, entry);
  }

  async folder({ tree, from, to }: Step, kept: Keep): Promise<void> {
    for (const [name, entry] of (await tree.list(from)) ?? []) {
      const path = joinPath(from, name);
      if (!kept(path)) continue;
      const step = { tree, from: path, to: joinPath(to, name) };
      if (entry.type === 'directory') await this.folder(step, kept);
      else this.#file(step, entry);
    }
  }

  #file({ tree, from, to }: Step, entry: TreeEntry): void {
    if (this.#isFolder(to) || this.#origins.has(parentPath(to))) {
      throw new SluiceError('fleet.source', `a copy would put a file and a folder both at ${escapePath(to)}`);
    }
    if (this.#origins.size >= defaultLimits.files) {
      throw new SluiceError('source.tooMany', `the copies make more than ${defaultLimits.files} files`);
    }
    this.#origins.set(to, { tree, path: from });
    const oid = entry.type === 'refused' ? objectId('blob', Buffer.from(entry.reason)) : entry.oid;
    putHeld(this.#root, to, { entry, mode: '100644', oid });
  }

  #isFolder(path: string): boolean {
    let here: HeldFolder = this.#root;
    for (const name of path === '' ? [] : path.split('/')) {
      const child = here.children.get(name);
      if (child === undefined || !('children' in child)) return false;
      here = child;
    }
    return true;
  }

  seal(): Tree {
    const folders: HeldFolders = new Map();
    const id = sealFolder(this.#root, folders);
    const store = heldStore(folders, (_oid, path) => {
      const origin = this.#origins.get(path);
      return origin === undefined ? Promise.reject(missingError(path)) : origin.tree.read(origin.path);
    });
    return new ObjectTree(id, store);
  }
}

/** Paths that a pattern names, folders included: Go's `fs.Glob`, where every part stands for one name. */
async function expand(tree: Tree, pattern: string): Promise<readonly string[]> {
  let found = [''];
  for (const part of pattern.split('/').filter((one) => one !== '' && one !== '.')) {
    if (part === '..') throw nothing(pattern);
    const glob = parseGlob(part, 'go');
    const next: string[] = [];
    for (const folder of found) {
      for (const name of (await tree.list(folder))?.keys() ?? []) {
        if (matchGlob(glob, name)) next.push(joinPath(folder, name));
      }
    }
    found = next;
  }
  return found;
}

function excluder(patterns: readonly string[], from: string): Keep {
  if (patterns.length === 0) return keepAll;
  const names = from.split('/');
  const wild = names.findIndex((name) => /[*?[\]]/.test(name));
  const prefix = wild < 0 ? names : names.slice(0, wild);
  const globs = patterns
    .flatMap(braces)
    .map((text) => ({ glob: parsePathGlob(text, 'git'), deep: text.includes('/') }));
  return (path) => {
    const full = path.split('/');
    const relative = full.slice(prefix.length);
    const said = ({ glob, deep }: { glob: PathGlob; deep: boolean }): boolean =>
      matchPathGlob(glob, full) ||
      (relative.length > 0 && matchPathGlob(glob, relative)) ||
      (!deep && matchPathGlob(glob, full.slice(-1)));
    return !globs.some(said);
  };
}

/** `*.{md,txt}` as `*.md` and `*.txt`; only the first group, as far as 32 alternatives. */
function braces(pattern: string): string[] {
  const match = /^([^{]*)\{([^{}]*)\}(.*)$/.exec(pattern);
  if (match === null) return [pattern];
  const [, before = '', inside = '', after = ''] = match;
  return inside
    .split(',')
    .slice(0, 32)
    .map((one) => before + one + after);
}

function nothing(path: string): SluiceError {
  return new SluiceError('source.pathMissing', `a copy names ${escapePath(path)}, and there is nothing there`);
}
