// Heads that have no finished check of ours, and checks that nobody will finish: what a lost webhook, an emptied queue or a
// killed worker left behind.
import { asSluiceError, type SluiceError } from './errors.ts';
import { isSearch } from './job/cause.ts';
import type { GitHub, HostedRepository, RepositoryId } from './ports/github.ts';
import type { Mirrors } from './ports/mirror.ts';
import type { Queue, SweepJob } from './ports/queue.ts';
import type { HostedRepositories } from './pull-request/hosted.ts';
import { closeLeftBehind } from './pull-request/left-behind.ts';
import { mergeGroups } from './pull-request/merge-queue.ts';
import { cancelCheck, type PullMemory } from './pull-request/publication.ts';

export interface SweepTools {
  readonly github: GitHub;
  readonly mirrors: Mirrors;
  readonly hosted: HostedRepositories;
  readonly queue: Queue;
  readonly memory: PullMemory;
  /** The start of the window in which failed deliveries are sent again. */
  redeliverSince(): Date;
}

export interface SweepResult {
  readonly looked: number;
  readonly queued: number;
  readonly redelivered: number;
}

/**
 * Queues a review for each open pull request in scope that needs one. The reviews themselves decide what is new. A search
 * also queues the merge groups that need one, and ends checks that were left open on commits that are no longer a head.
 */
export async function sweep(job: SweepJob, tools: SweepTools): Promise<SweepResult> {
  const { github } = tools;
  const search = isSearch(job.cause);
  const redelivered = search ? await github.redeliverFailed(tools.redeliverSince()) : 0;
  let looked = 0;
  let queued = 0;
  let later: SluiceError | undefined;
  for await (const repository of inScope(job, github)) {
    if (repository.archived) continue;
    const heads = new Set<string>();
    for await (const pull of github.openPullRequests(repository)) {
      looked += 1;
      heads.add(pull.head.sha);
      if (search && (await isFinished(repository, pull.head.sha, github))) continue;
      await queueReview(job, repository, pull.number, tools.queue);
      queued += 1;
    }
    if (!search) continue;
    try {
      // Without open pull requests there is no merge group.
      if (heads.size > 0) queued += await queueMergeGroups(job, repository, tools);
      await closeLeftBehind(github, tools.memory, repository, heads);
    } catch (thrown) {
      // One repository's trouble is not the others'.
      const error = asSluiceError(thrown);
      if (error.kind !== 'terminal') later ??= error;
    }
  }
  if (later !== undefined) throw later;
  return { looked, queued, redelivered };
}

async function queueReview(job: SweepJob, at: HostedRepository, pull: number, queue: Queue): Promise<void> {
  await queue.add({ kind: 'review', ...targetOf(job, at), pull });
}

async function queueMergeGroups(
  job: SweepJob,
  repository: HostedRepository,
  { github, mirrors, hosted, queue }: SweepTools,
): Promise<number> {
  let queued = 0;
  for (const { head, base, baseRef } of await mergeGroups(repository, mirrors, hosted)) {
    if (await isFinished(repository, head, github)) continue;
    await queue.add({ kind: 'mergeGroup', ...targetOf(job, repository), head, base, baseRef });
    queued += 1;
  }
  return queued;
}

function targetOf(job: SweepJob, { installation, repository, fullName }: HostedRepository) {
  return { version: 1, installation, repository, fullName, cause: `sweep ${job.cause}` } as const;
}

/** One check with a verdict and no other. Of two, which workers that knew nothing of each other made, the newer stays. */
async function isFinished(at: RepositoryId, head: string, github: GitHub): Promise<boolean> {
  const [newest, ...older] = await github.checkRuns(at, head);
  for (const one of older.filter(({ cancelled }) => cancelled !== true)) await cancelCheck(github, at, one);
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
