// The commit that merging would make: what is reviewed, and what would be deployed.
import { SluiceError } from '../errors.ts';
import type { PullRequest } from '../ports/github.ts';
import type { Mirrors } from '../ports/mirror.ts';
import type { Repository } from '../ports.ts';
import type { HostedRepositories } from './hosted.ts';

export interface Merge {
  readonly repository: Repository;
  readonly commit: string;
  /** The base branch's tip that GitHub merged with. */
  readonly base: string;
}

export interface PullMerge extends Merge {
  /** Other pull requests, open or not, whose head is the same commit: GitHub shows its checks on all of them. */
  readonly sameHead: readonly number[];
}

/**
 * GitHub's own merge of the head into the base. What it says of a pull request may be old or about another base, so
 * the refs decide.
 *
 * @throws SluiceError transient while GitHub has not made it yet; `source.refMissing`, terminal, for a conflict
 */
export async function fetchMerge(pull: PullRequest, mirrors: Mirrors, hosted: HostedRepositories): Promise<PullMerge> {
  const { head, base, number } = pull;
  const remote = hosted.remote(pull.repository);
  if (pull.mergeable === false) {
    if ((await mirrors.refOf(remote, head.sha, `refs/pull/${number}/head`)) === undefined) throw notYet();
    throw new SluiceError(
      'source.refMissing',
      `the head conflicts with ${base.ref}, so nobody can tell what would be deployed`,
      { remedy: `merge ${base.ref} into the branch and resolve the conflicts` },
    );
  }
  const baseRef = `refs/heads/${base.ref}`;
  const fetched = await mirrors.fetch(remote, `refs/pull/${number}/merge`, [baseRef, 'refs/pull/']);
  if (fetched === undefined) throw notYet();
  const { repository, commit, refs } = fetched;
  const [mergedBase, mergedHead] = [await repository.resolve(`${commit}^1`), await repository.resolve(`${commit}^2`)];
  if (mergedBase === undefined || mergedHead !== head.sha) throw notYet();
  // Pushed to or retargeted a moment ago, its merge is still with the old base; GitHub says null until it has made another.
  const isCurrent = mergedBase === refs.get(baseRef) || (pull.mergeable === true && mergedBase === base.sha);
  if (!isCurrent) throw notYet();
  return { repository, commit, base: mergedBase, sameHead: sameHead(refs, head.sha, number) };
}

function notYet(): SluiceError {
  return new SluiceError('source.refMissing', 'GitHub has not merged the newest head yet', { kind: 'transient' });
}

function sameHead(refs: ReadonlyMap<string, string>, head: string, own: number): number[] {
  const numbers = [...refs]
    .filter(([, commit]) => commit === head)
    .map(([ref]) => Number(/^refs\/pull\/(\d{1,15})\/head$/.exec(ref)?.[1]));
  return numbers.filter((number) => Number.isSafeInteger(number) && number !== own).sort((one, other) => other - one);
}
