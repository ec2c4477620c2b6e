// The merge groups that a repository's merge queue has made, by their temporary branches.
import { SluiceError } from '../errors.ts';
import type { HostedRepository } from '../ports/github.ts';
import type { Mirrors } from '../ports/mirror.ts';
import type { HostedRepositories } from './hosted.ts';
import type { Merge } from './merge.ts';

const queuePrefix = 'refs/heads/gh-readonly-queue/';

export interface MergeGroup {
  /** Its temporary branch. */
  readonly ref: string;
  readonly head: string;
  /** What it is said to be merged on. */
  readonly base: string;
  /** `refs/heads/main` */
  readonly baseRef: string;
}

/** GitHub names the branch `gh-readonly-queue/<base branch>/pr-<number>-<commit>`. */
export async function mergeGroups(
  repository: HostedRepository,
  mirrors: Mirrors,
  hosted: HostedRepositories,
): Promise<readonly MergeGroup[]> {
  const refs = await mirrors.refs(hosted.remote(repository), queuePrefix);
  return [...refs].flatMap(([ref, head]) => {
    const named = /^(.{1,250})\/pr-\d{1,15}-([0-9a-f]{40}(?:[0-9a-f]{24})?)$/.exec(ref.slice(queuePrefix.length));
    if (named?.[1] === undefined || named[2] === undefined) return [];
    return [{ ref, head, base: named[2], baseRef: `refs/heads/${named[1]}` }];
  });
}

/**
 * A group's commit and what it is merged on. What is said of the base counts only where the refs bear it out: a commit of the
 * base branch, or a group ahead, which is reviewed itself. Otherwise the group is held against the base branch.
 *
 * @throws SluiceError `source.refMissing`, transient, where the queue has moved on
 */
export async function fetchGroup(
  repository: HostedRepository,
  group: MergeGroup,
  { mirrors, hosted }: { readonly mirrors: Mirrors; readonly hosted: HostedRepositories },
): Promise<Merge> {
  const remote = hosted.remote(repository);
  const target = await mirrors.fetch(remote, group.baseRef);
  const ahead = `${queuePrefix}${group.baseRef.slice('refs/heads/'.length)}/`;
  const fetched = await mirrors.fetch(remote, group.ref, [ahead]);
  if (target === undefined || fetched?.commit !== group.head)
    throw new SluiceError('source.refMissing', 'the merge group has moved on', { kind: 'transient' });
  const git = fetched.repository;
  const contains = async (descendant: string, base: string): Promise<boolean> =>
    (await git.mergeBase(base, descendant)) === base;
  const isBorneOut = async (base: string): Promise<boolean> => {
    if (base === group.head || (await git.resolve(base)) !== base || !(await contains(group.head, base))) return false;
    return [...fetched.refs.values()].includes(base) || (await contains(target.commit, base));
  };
  const base = (await isBorneOut(group.base)) ? group.base : await git.mergeBase(target.commit, group.head);
  if (base === undefined)
    throw new SluiceError('source.refMissing', `the merge group has nothing in common with ${group.baseRef}`);
  return { ...fetched, base };
}
