// The merge groups that a repository's merge queue has made, by their temporary branches.
import type { HostedRepository } from '../ports/github.ts';
import type { Mirrors } from '../ports/mirror.ts';
import type { HostedRepositories } from './hosted.ts';

export const queuePrefix = 'refs/heads/gh-readonly-queue/';

export interface MergeGroup {
  readonly head: string;
  readonly base: string;
  /** `refs/heads/main` */
  readonly baseRef: string;
}

/** GitHub names the branch `gh-readonly-queue/<base branch>/pr-<number>-<base commit>`. */
export async function mergeGroups(
  repository: HostedRepository,
  mirrors: Mirrors,
  hosted: HostedRepositories,
): Promise<readonly MergeGroup[]> {
  const refs = await mirrors.refs(hosted.remote(repository), queuePrefix);
  return [...refs].flatMap(([ref, head]) => {
    const named = /^(.{1,250})\/pr-\d{1,15}-([0-9a-f]{40}(?:[0-9a-f]{24})?)$/.exec(ref.slice(queuePrefix.length));
    if (named?.[1] === undefined || named[2] === undefined) return [];
    return [{ head, base: named[2], baseRef: `refs/heads/${named[1]}` }];
  });
}
