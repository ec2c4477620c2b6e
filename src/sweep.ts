// Open pull requests whose head has no finished check of ours: what a lost webhook or an emptied queue left behind.
import { isSearch } from './job/cause.ts';
import type { GitHub, HostedRepository, PullRequest } from './ports/github.ts';
import type { Queue, SweepJob } from './ports/queue.ts';
import { cancelCheck } from './pull-request/publication.ts';

export interface SweepTools {
  readonly github: GitHub;
  readonly queue: Queue;
  /** The start of the window in which failed deliveries are sent again. */
  redeliverSince(): Date;
}

export interface SweepResult {
  readonly looked: number;
  readonly queued: number;
  readonly redelivered: number;
}

/** Queues a review for each open pull request in scope that needs one. The reviews themselves decide what is new. */
export async function sweep(job: SweepJob, tools: SweepTools): Promise<SweepResult> {
  const { github, queue } = tools;
  const search = isSearch(job.cause);
  const redelivered = search ? await github.redeliverFailed(tools.redeliverSince()) : 0;
  let looked = 0;
  let queued = 0;
  for await (const repository of inScope(job, github)) {
    if (repository.archived) continue;
    for await (const pull of github.openPullRequests(repository)) {
      looked += 1;
      if (search && (await isFinished(pull, github))) continue;
      const { installation, repository: id, fullName } = repository;
      await queue.add({
        kind: 'review',
        version: 1,
        installation,
        repository: id,
        fullName,
        pull: pull.number,
        cause: `sweep ${job.cause}`,
      });
      queued += 1;
    }
  }
  return { looked, queued, redelivered };
}

/** One check with a verdict and no other. Of two, which workers that knew nothing of each other made, the newer stays. */
async function isFinished({ repository, head }: PullRequest, github: GitHub): Promise<boolean> {
  const [newest, ...older] = await github.checkRuns(repository, head.sha);
  for (const one of older.filter(({ cancelled }) => cancelled !== true)) await cancelCheck(github, repository, one);
  return newest?.completed === true && newest.cancelled !== true;
}

async function* inScope(job: SweepJob, github: GitHub): AsyncIterable<HostedRepository> {
  if (job.installation === undefined || job.repository === undefined) {
    yield* github.repositories();
    return;
  }
  const one = await github.repository({ installation: job.installation, repository: job.repository });
  if (one !== undefined) yield one;
}
