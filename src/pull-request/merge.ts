// The commit that merging would make: what is reviewed, and what would be deployed.
import { SluiceError } from '../errors.ts';
import type { PullRequest } from '../ports/github.ts';
import type { Fetched, Mirrors } from '../ports/mirror.ts';
import type { HostedRepositories } from './hosted.ts';

export interface Merge extends Fetched {
  /** The base branch's tip that GitHub merged with. */
  readonly base: string;
}

/** GitHub's own merge of the head into the base. @throws SluiceError transient while GitHub has not made it yet */
export async function fetchMerge(pull: PullRequest, mirrors: Mirrors, hosted: HostedRepositories): Promise<Merge> {
  if (pull.mergeable === false) {
    throw new SluiceError(
      'source.refMissing',
      `the head conflicts with ${pull.base.ref}, so nobody can tell what would be deployed`,
      {
        remedy: `merge ${pull.base.ref} into the branch and resolve the conflicts`,
      },
    );
  }
  const fetched = await mirrors.fetch(hosted.remote(pull.repository), `refs/pull/${pull.number}/merge`);
  const [base, head] =
    fetched === undefined
      ? []
      : [
          await fetched.repository.resolve(`${fetched.commit}^1`),
          await fetched.repository.resolve(`${fetched.commit}^2`),
        ];
  if (fetched === undefined || base === undefined || head !== pull.head.sha) {
    throw new SluiceError('source.refMissing', 'GitHub has not merged the newest head yet', { kind: 'transient' });
  }
  return { ...fetched, base };
}
