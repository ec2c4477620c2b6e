// A local Git repository, read only.
import { join } from 'node:path';
import { SluiceError } from '../../errors.ts';
import type { Repository, SourceRef, Tree } from '../../ports.ts';
import { type ObjectType, parseTag } from '../../source/git-object.ts';
import { defaultLimits, type SourceLimits } from '../../source/limits.ts';
import { escapePath } from '../../source/name.ts';
import { isRefName, parseRevision, refName } from '../../source/ref.ts';
import { parseRange, tagsInRange } from '../../source/semver.ts';
import { ObjectTree } from '../../source/tree.ts';
import { withoutCredentials } from '../../source/url.ts';
import { CommitStore } from './commit-tree.ts';
import { History } from './history.ts';
import { config, type Location, locate } from './locate.ts';
import { Objects } from './objects.ts';
import { Recent } from './recent.ts';
import { listRefs, readHead, readRef } from './refs.ts';
import { readWorkingTree } from './working-tree.ts';

/** A repository on this machine, with where it is. */
export interface LocalRepository extends Repository {
  /** The working tree's folder on this machine, for reading and writing there, never for messages. Undefined if bare. */
  readonly root: string | undefined;
  /** Where the folder asked for stands in the working tree: `clusters/prod`, or `''` at its root. */
  readonly subdirectory: string;
}

const objectIdPattern = /^[0-9a-f]{40}$/;
const maxTags = 10;
/**
 * Trees that stay the same object, so that what callers remember about one is found again: the base of many reviews, and a few
 * heads. What is remembered about one is more than a megabyte for each thousand folders that are built.
 */
const keptTrees = 4;

/**
 * Opens the repository that holds a folder; `.git` is looked for upward. Nothing is executed, no hook and no
 * configured program: Git's files are read as data.
 *
 * @throws SluiceError `source.notRepository`
 */
export async function openRepository(
  folder: string,
  options: { readonly limits?: Partial<SourceLimits> } = {},
): Promise<LocalRepository> {
  return new GitRepository(await locate(folder), { ...defaultLimits, ...options.limits });
}

class GitRepository implements LocalRepository {
  readonly root: string | undefined;
  readonly subdirectory: string;
  readonly #location: Location;
  readonly #limits: SourceLimits;
  readonly #objects: Objects;
  readonly #store: CommitStore;
  readonly #history: History;
  readonly #trees = new Recent<Tree>(keptTrees, () => 1);

  constructor(location: Location, limits: SourceLimits) {
    this.root = location.root;
    this.subdirectory = location.subdirectory;
    this.#location = location;
    this.#limits = limits;
    this.#objects = new Objects(join(location.folders.shared, 'objects'), limits);
    this.#store = new CommitStore(this.#objects, limits);
    this.#history = new History(this.#objects, location.folders.shared, limits);
  }

  async originUrl(): Promise<string | undefined> {
    const url = await config(this.#location.folders.shared, 'remote.origin.url');
    return url === undefined ? undefined : withoutCredentials(url);
  }

  async currentBranch(): Promise<string | undefined> {
    const head = await readHead(this.#location.folders);
    return head?.startsWith('refs/heads/') ? head.slice('refs/heads/'.length) : undefined;
  }

  /**
   * A commit id of 40 digits stands for itself where it is here; other names are looked up as Git does (as written in
   * full, then tags, branches, remote branches, a remote's HEAD), then as the beginning of a commit id. `~N` and `^N`
   * may follow.
   *
   * @throws SluiceError `source.refMissing` where the text can be no name, or an abbreviated id is ambiguous
   */
  async resolve(revision: string): Promise<string | undefined> {
    const { name, steps } = parseRevision(revision);
    let commit = await this.#named(name);
    for (const step of steps) {
      if (commit === undefined) return undefined;
      commit = (await this.#history.parents(commit))[step];
    }
    return commit;
  }

  async #named(name: string): Promise<string | undefined> {
    if (objectIdPattern.test(name)) return this.#peel(name);
    const full = name === 'HEAD' || name.startsWith('refs/') ? [name] : [];
    const paths = [
      `refs/${name}`,
      `refs/tags/${name}`,
      `refs/heads/${name}`,
      `refs/remotes/${name}`,
      `refs/remotes/${name}/HEAD`,
    ];
    for (const path of [...full, ...paths]) {
      const oid = await readRef(this.#location.folders, path);
      if (oid !== undefined) return this.#peel(oid);
    }
    return /^[0-9a-f]{4,39}$/.test(name) ? this.#abbreviated(name) : undefined;
  }

  async #abbreviated(prefix: string): Promise<string | undefined> {
    const found = await this.#objects.expand(prefix);
    if (found.length > 1) {
      throw new SluiceError('source.refMissing', `${prefix} is the beginning of several object ids`, {
        remedy: 'Write more digits.',
      });
    }
    return found[0] === undefined ? undefined : this.#peel(found[0]);
  }

  /** The commit behind an object id, through annotated tags; undefined where the object is not here. */
  async #peel(oid: string): Promise<string | undefined> {
    let current = oid;
    for (let step = 0; step <= maxTags; step++) {
      const found = await this.#objects.find(current);
      if (found === undefined) return undefined;
      if (found.type === 'commit') return current;
      if (found.type !== 'tag') throw notCommit(oid, found.type);
      current = parseTag(current, found.bytes).object;
    }
    throw notCommit(oid, 'tag');
  }

  /**
   * Precedence commit > name > semver > tag > branch, and `master` where nothing is said, as in Flux.
   *
   * A branch is the newer of the local one and `origin`'s, where one contains the other: a checkout often lags behind
   * what was fetched, and a copy under work is ahead of it. Where the two have parted, it is the local one.
   *
   * @throws SluiceError `source.refMissing` where a name can be none, `fleet.source` where the range cannot be read
   */
  async resolveRef(ref: SourceRef): Promise<{ readonly revision: string; readonly commit: string } | undefined> {
    if (ref.commit !== undefined) return this.#byCommit(ref.commit, ref.branch);
    if (ref.name !== undefined) return revisionOf(refName(ref.name), await this.#byName(ref.name));
    if (ref.semver !== undefined) return this.#bySemver(ref.semver);
    if (ref.tag !== undefined) return revisionOf(refName(ref.tag), await this.#byName(`refs/tags/${ref.tag}`));
    const branch = ref.branch ?? 'master';
    return revisionOf(refName(branch), await this.#byBranch(branch));
  }

  async #byCommit(text: string, branch: string | undefined): Promise<{ revision: string; commit: string } | undefined> {
    if (!objectIdPattern.test(text)) {
      throw new SluiceError('source.refMissing', `"${escapePath(text)}" is not a commit id of 40 hex digits`);
    }
    const commit = await this.#peel(text);
    if (commit === undefined) return undefined;
    return { revision: `${branch === undefined ? '' : `${refName(branch)}@`}sha1:${commit}`, commit };
  }

  async #byName(name: string): Promise<string | undefined> {
    if (!name.startsWith('refs/') && name !== 'HEAD') return undefined;
    const oid = isRefName(name) ? await readRef(this.#location.folders, name) : undefined;
    return oid === undefined ? undefined : this.#peel(oid);
  }

  async #byBranch(branch: string): Promise<string | undefined> {
    const local = await this.#byName(`refs/heads/${branch}`);
    const remote = await this.#byName(`refs/remotes/origin/${branch}`);
    if (local === undefined || remote === undefined || local === remote) return local ?? remote;
    return (await this.#history.isAncestor(local, remote)) ? remote : local;
  }

  async #bySemver(text: string): Promise<{ revision: string; commit: string } | undefined> {
    const range = parseRange(text);
    const tags = await listRefs(this.#location.folders, 'refs/tags/');
    const [first, ...others] = tagsInRange([...tags.keys()], range);
    if (first === undefined) return undefined;
    // Versions that differ in build metadata alone are equal: the newest commit wins.
    let best: { tag: string; commit: string; time: number } | undefined;
    for (const { tag, version } of [first, ...others]) {
      if (version.compare(first.version) !== 0) break;
      const commit = await this.#byName(`refs/tags/${tag}`);
      if (commit === undefined) continue;
      const { time } = await this.#history.commit(commit);
      if (best === undefined || time > best.time) best = { tag, commit, time };
    }
    return best === undefined ? undefined : revisionOf(best.tag, best.commit);
  }

  /** @throws SluiceError `source.refMissing`, `source.corrupt`, `source.tooMany` */
  async mergeBase(one: string, other: string): Promise<string | undefined> {
    return this.#history.mergeBase(await this.#commitId(one), await this.#commitId(other));
  }

  async #commitId(revision: string): Promise<string> {
    const commit = await this.resolve(revision);
    if (commit !== undefined) return commit;
    throw new SluiceError('source.refMissing', `there is no commit ${escapePath(revision)} in the repository`, {
      remedy: 'Fetch it first.',
    });
  }

  /** @throws SluiceError `source.refMissing`, `source.corrupt` */
  async tree(commit: string): Promise<Tree> {
    const { tree } = await this.#history.commit(await this.#commitId(commit));
    // A tree that is not here is found out now, not in the middle of a build.
    await this.#store.folder(tree);
    const known = this.#trees.peek(tree);
    return known ?? this.#trees.put(tree, new ObjectTree(tree, this.#store, this.#limits));
  }

  async workingTree(): Promise<Tree> {
    if (this.root === undefined) {
      throw new SluiceError('source.notRepository', 'a bare repository has no files on disk', {
        remedy: 'Name a commit to look at, or use a checkout.',
      });
    }
    return readWorkingTree({
      root: this.root,
      folders: this.#location.folders,
      store: this.#store,
      limits: this.#limits,
    });
  }
}

function revisionOf(name: string, commit: string | undefined): { revision: string; commit: string } | undefined {
  return commit === undefined ? undefined : { revision: `${name}@sha1:${commit}`, commit };
}

function notCommit(oid: string, type: ObjectType): SluiceError {
  return new SluiceError('source.refMissing', `${oid} is a ${type}, not a commit`);
}
