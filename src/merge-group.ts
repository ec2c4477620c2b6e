// A merge group: what the queue is about to merge, reviewed again and never rubber-stamped. A check, and no comment.
import { asSluiceError, SluiceError } from './errors.ts';
import type { GitHub, HostedRepository } from './ports/github.ts';
import type { MergeGroupJob, TakenJob } from './ports/queue.ts';
import { failedReport } from './pull-request/failure.ts';
import type { Merge } from './pull-request/merge.ts';
import { queuePrefix } from './pull-request/merge-queue.ts';
import { completeCheckOn, startOrFindCheck } from './pull-request/publication.ts';
import { addressOf, type RenderTools, renderMerge } from './pull-request/render.ts';
import type { Report } from './report/report.ts';

export interface MergeGroupTools extends RenderTools {
  readonly github: GitHub;
}

/** @throws SluiceError, transient, where the queue is to try again */
export async function reviewMergeGroup(
  job: MergeGroupJob,
  taken: TakenJob,
  tools: MergeGroupTools,
): Promise<Report['verdict'] | 'gone'> {
  // Re-read the repository, and find the group's temporary branch: without it the group is over.
  const repository = await tools.github.repository(job);
  if (repository === undefined) return 'gone';
  const remote = tools.hosted.remote(repository);
  const ref = await tools.mirrors.refOf(remote, job.head, queuePrefix);
  if (ref === undefined) return 'gone';
  // Announce, render the group against what it would be merged into, and say it.
  const check = await startOrFindCheck(tools.github, repository, job.head, `group/${job.base}/${job.baseRef}`);
  const report = await reviewGroup(job, repository, ref, tools);
  taken.signal.throwIfAborted();
  await completeCheckOn(tools.github, repository, check, report);
  return report.verdict;
}

async function reviewGroup(
  job: MergeGroupJob,
  repository: HostedRepository,
  ref: string,
  tools: MergeGroupTools,
): Promise<Report> {
  try {
    const merge = async (): Promise<Merge> => {
      const fetched = await tools.mirrors.fetch(tools.hosted.remote(repository), ref);
      if (fetched?.commit !== job.head) {
        throw new SluiceError('source.refMissing', 'the merge group has moved on', { kind: 'transient' });
      }
      return { ...fetched, base: job.base };
    };
    const branch = job.baseRef.replace(/^refs\/heads\//, '');
    return await renderMerge({ repository, branch, head: job.head, merge }, tools);
  } catch (thrown) {
    const error = asSluiceError(thrown);
    if (error.kind !== 'terminal') throw error;
    return failedReport({ source: addressOf(repository), base: job.base, head: job.head }, error, false);
  }
}
