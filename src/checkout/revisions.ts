// Which two trees a check compares.
import { SluiceError } from '../errors.ts';
import type { Repository, Tree } from '../ports.ts';

export interface Revisions {
  readonly base: { readonly tree: Tree; readonly commit: string };
  /** `commit` is null for files on disk. */
  readonly head: { readonly tree: Tree; readonly commit: string | null };
}

/**
 * `--base` as given, or the merge base of the head with the tracked branch (the remote's view of it first, as a local
 * branch may lag behind or already hold the change); `--head` as given, or the files on disk.
 *
 * @throws SluiceError `source.refMissing` for a revision that is not here
 */
export async function readRevisions(
  repository: Repository,
  asked: { readonly base: string | undefined; readonly head: string | undefined },
  branch: string,
): Promise<Revisions> {
  const headCommit =
    asked.head === undefined ? await repository.resolve('HEAD') : await revision(repository, asked.head);
  const base =
    asked.base === undefined ? await mergeBase(repository, headCommit, branch) : await revision(repository, asked.base);
  const baseTree = await repository.tree(base);
  if (asked.head !== undefined && headCommit !== undefined) {
    return {
      base: { tree: baseTree, commit: base },
      head: { tree: await repository.tree(headCommit), commit: headCommit },
    };
  }
  const files = await repository.workingTree();
  // Files that are just what HEAD holds are HEAD.
  const clean = headCommit !== undefined && (await repository.tree(headCommit)).id === files.id;
  return { base: { tree: baseTree, commit: base }, head: { tree: files, commit: clean ? headCommit : null } };
}

/** The commit of a revision that was asked for. @throws SluiceError `source.refMissing` */
export async function revision(repository: Repository, name: string): Promise<string> {
  const commit = await repository.resolve(name);
  if (commit !== undefined) return commit;
  throw new SluiceError(
    'source.refMissing',
    `there is no revision ${JSON.stringify(name.slice(0, 200))} in this repository`,
    {
      remedy: 'fetch it, or name a branch, tag or commit that is here',
    },
  );
}

async function mergeBase(repository: Repository, head: string | undefined, branch: string): Promise<string> {
  const tracked =
    (await repository.resolve(`refs/remotes/origin/${branch}`)) ?? (await repository.resolve(`refs/heads/${branch}`));
  if (head === undefined || tracked === undefined) {
    throw new SluiceError(
      'source.refMissing',
      head === undefined ? 'this repository has no commit yet' : `the tracked branch ${branch} is not here`,
      {
        remedy: head === undefined ? 'commit something first' : `git fetch origin ${branch}, or pass --base`,
      },
    );
  }
  const base = await repository.mergeBase(head, tracked);
  if (base !== undefined) return base;
  throw new SluiceError('source.refMissing', `no common commit of the head and ${branch} is here`, {
    remedy: 'fetch more history (git fetch --unshallow), or pass --base',
  });
}

/** The branch a check is against: the current one where it is followed, the only one, main or master, or the first. */
export async function chooseBranch(
  repository: Repository,
  followed: ReadonlySet<string>,
  base: string | undefined,
): Promise<string | undefined> {
  const named = base?.replace(/^(refs\/heads\/|refs\/remotes\/origin\/|origin\/)/, '');
  if (named !== undefined && followed.has(named)) return named;
  const current = await repository.currentBranch();
  if (current !== undefined && followed.has(current)) return current;
  return ['main', 'master'].find((name) => followed.has(name)) ?? [...followed].toSorted()[0];
}
