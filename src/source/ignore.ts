// What of a repository Flux puts into its artifact: everything but what ignore rules leave out.
import { createHash } from 'node:crypto';
import { SluiceError } from '../errors.ts';
import type { Tree, TreeEntry } from '../ports.ts';
import { type FluxPattern, isExcluded, parseFluxPattern, parseFluxPatterns } from './flux-pattern.ts';
import { escapePath } from './name.ts';
import { joinPath } from './paths.ts';
import { missingError, refusedError } from './refused.ts';

const ignoreFile = '.sourceignore';
const maxPatterns = 2_000;
const maxPatternLength = 1_024;
const maxFolders = 100_000;

// fluxcd/pkg/sourceignore: the first set always holds, the second only while nobody wrote a pattern.
const always = ['.git/', '.gitignore', '.gitmodules', '.gitattributes'];
const byDefault = [
  '*.jpg *.jpeg *.gif *.png *.wmv *.flv *.tar.gz *.zip',
  '.github/ .circleci/ .travis.yml .gitlab-ci.yml appveyor.yml .drone.yml cloudbuild.yaml',
  'codeship-services.yml codeship-steps.yml **/.goreleaser.yml **/.sops.yaml **/.flux.yaml',
].flatMap((line) => line.split(' '));

/**
 * Paths of `.sourceignore` files below a folder, relative to it, by the folder's id. Folders that two trees share are
 * searched once while callers pass the same map.
 */
export type IgnoreFilesMemo = Map<string, readonly string[]>;

// Ids stand for content, so what was found under one holds for every tree of the process.
const found: IgnoreFilesMemo = new Map();
const maxFound = 500_000;
const none: readonly string[] = [];

/** Many Kustomizations read one source: the same tree under the same rules is filtered once. */
const filtered = new WeakMap<Tree, Map<string | undefined, Promise<Tree>>>();

/**
 * The tree as a GitRepository's artifact holds it. Rules, the last that speaks of a path deciding: Flux's own, then
 * every `.sourceignore` for its folder and below, then `spec.ignore`. Flux's defaults (images, archives, CI files,
 * `.sops.yaml`) count only where nobody wrote a rule: one line anywhere switches them off, as in Flux.
 *
 * @param specIgnore `spec.ignore` of the GitRepository
 * @throws SluiceError `source.tooMany` past 2,000 rules, `source.corrupt` and others of the tree
 */
export function applyIgnore(tree: Tree, specIgnore?: string, memo: IgnoreFilesMemo = found): Promise<Tree> {
  const byRules = filtered.get(tree) ?? new Map<string | undefined, Promise<Tree>>();
  filtered.set(tree, byRules);
  const known = byRules.get(specIgnore);
  if (known !== undefined) return known;
  const made = filter(tree, specIgnore, memo);
  byRules.set(specIgnore, made);
  made.catch(() => byRules.delete(specIgnore));
  return made;
}

async function filter(tree: Tree, specIgnore: string | undefined, memo: IgnoreFilesMemo): Promise<Tree> {
  if (memo.size > maxFound) memo.clear();
  const own: FluxPattern[] = [];
  for (const file of await findIgnoreFiles(tree, '', memo, { left: maxFolders })) {
    const text = Buffer.from(await tree.read(file)).toString('utf8');
    own.push(...parseFluxPatterns(text, file.split('/').slice(0, -1)));
  }
  if (specIgnore !== undefined) own.push(...parseFluxPatterns(specIgnore, []));
  if (own.length > maxPatterns || own.some(({ text }) => text.length > maxPatternLength)) throw tooManyRules();
  const shipped = own.length > 0 ? always : [...always, ...byDefault];
  return new FilteredTree(tree, [...shipped.map((line) => parseFluxPattern(line, [])), ...own]);
}

// A folder's own file first, then its folders by name: the order in which Flux collects them.
async function findIgnoreFiles(
  tree: Tree,
  folder: string,
  memo: IgnoreFilesMemo,
  budget: { left: number },
): Promise<readonly string[]> {
  const entry = await tree.entry(folder);
  if (entry?.type !== 'directory') return [];
  const known = memo.get(entry.oid);
  if (known !== undefined) return known.map((path) => joinPath(folder, path));
  if (budget.left-- <= 0) throw tooManyFolders();
  const listing = await listOrNothing(tree, folder);
  const files: string[] = [];
  if (listing.get(ignoreFile)?.type === 'file') files.push(joinPath(folder, ignoreFile));
  for (const [name, child] of listing) {
    if (child.type === 'directory') files.push(...(await findIgnoreFiles(tree, joinPath(folder, name), memo, budget)));
  }
  const prefix = folder === '' ? 0 : folder.length + 1;
  memo.set(entry.oid, files.length === 0 ? none : files.map((path) => path.slice(prefix)));
  return files;
}

/** A folder past a limit cannot be named in a build, so it holds no rule that matters. */
async function listOrNothing(tree: Tree, folder: string): Promise<ReadonlyMap<string, TreeEntry>> {
  try {
    return (await tree.list(folder)) ?? new Map();
  } catch (error) {
    if (error instanceof SluiceError && error.code.startsWith('source.too')) return new Map();
    throw error;
  }
}

class FilteredTree implements Tree {
  readonly id: string;
  readonly #tree: Tree;
  readonly #patterns: readonly FluxPattern[];
  readonly #bringsBack: boolean;
  readonly #digest: string;
  readonly #listings = new Map<string, Promise<ReadonlyMap<string, TreeEntry>>>();

  constructor(tree: Tree, patterns: readonly FluxPattern[]) {
    this.#tree = tree;
    this.#patterns = patterns;
    this.#bringsBack = patterns.some(({ includes }) => includes);
    this.#digest = digest(JSON.stringify(patterns.map(({ domain, text }) => [domain, text])));
    this.id = digest(`${tree.id} ${this.#digest}`);
  }

  async list(path: string): Promise<ReadonlyMap<string, TreeEntry> | undefined> {
    if (path !== '' && (await this.entry(path))?.type !== 'directory') return undefined;
    let listing = this.#listings.get(path);
    if (listing === undefined) {
      listing = this.#filtered(path);
      this.#listings.set(path, listing);
      listing.catch(() => this.#listings.delete(path));
    }
    return listing;
  }

  async entry(path: string): Promise<TreeEntry | undefined> {
    if (path === '') return { type: 'directory', oid: this.id };
    const entry = await this.#tree.entry(path);
    return entry === undefined || !(await this.#isKept(path, entry)) ? undefined : this.#scoped(path, entry);
  }

  async read(path: string): Promise<Uint8Array> {
    const entry = await this.entry(path);
    if (entry?.type === 'file') return this.#tree.read(path);
    if (entry?.type === 'refused') throw refusedError(path, entry.reason);
    if (entry === undefined && (await this.#tree.entry(path))?.type === 'file') throw leftOut(path);
    throw missingError(path);
  }

  async #filtered(path: string): Promise<ReadonlyMap<string, TreeEntry>> {
    const kept = new Map<string, TreeEntry>();
    for (const [name, entry] of (await this.#tree.list(path)) ?? []) {
      const child = joinPath(path, name);
      if (await this.#isKept(child, entry)) kept.set(name, this.#scoped(child, entry));
    }
    return kept;
  }

  /** A folder that is left out is still there where a rule brings back something in it. */
  async #isKept(path: string, entry: TreeEntry): Promise<boolean> {
    const isFolder = entry.type === 'directory';
    if (!isExcluded(this.#patterns, path.split('/'), isFolder)) return true;
    if (!isFolder || !this.#bringsBack) return false;
    for (const [name, child] of await listOrNothing(this.#tree, path)) {
      if (await this.#isKept(joinPath(path, name), child)) return true;
    }
    return false;
  }

  // The same folder holds other files elsewhere or under other rules, so its id has to differ.
  #scoped(path: string, entry: TreeEntry): TreeEntry {
    if (entry.type !== 'directory') return entry;
    return { type: 'directory', oid: digest(`${entry.oid} ${this.#digest} ${path}`) };
  }
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

function leftOut(path: string): SluiceError {
  const file = escapePath(path);
  return new SluiceError('source.pathMissing', `${file} is left out by ignore rules`, {
    place: { file },
    remedy: 'Change .sourceignore or spec.ignore of the GitRepository, or name another file.',
  });
}

function tooManyRules(): SluiceError {
  return new SluiceError('source.tooMany', `there are more than ${maxPatterns} ignore rules, or one is too long`, {
    remedy: 'Write fewer rules in .sourceignore and spec.ignore.',
  });
}

function tooManyFolders(): SluiceError {
  return new SluiceError('source.tooMany', `the repository has more than ${maxFolders} folders`, {
    remedy: 'Split the repository.',
  });
}
