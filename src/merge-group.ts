// A merge group: what the queue is about to merge, reviewed again and never rubber-stamped. A check, and no comment.
import { asSluiceError } from './errors.ts';
import type { GitHub, HostedRepository } from './ports/github.ts';
import type { MergeGroupJob, TakenJob } from './ports/queue.ts';
import { failedReport } from './pull-request/failure.ts';
import type { Merge } from './pull-request/merge.ts';
import { fetchGroup, type MergeGroup, mergeGroups } from './pull-request/merge-queue.ts';
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
  const named = (await mergeGroups(repository, tools.mirrors, tools.hosted)).find(({ head }) => head === job.head);
  if (named === undefined) return 'gone';
  // The job's word about the base is looked into; into which branch it goes, the temporary branch says.
  const group = { ...named, base: job.base };
  // Announce, render the group against what it would be merged into, and say it.
  const check = await startOrFindCheck(tools.github, repository, job.head, `group/${group.base}/${group.baseRef}`);
  const report = await reviewGroup(group, repository, tools);
  taken.signal.throwIfAborted();
  await completeCheckOn(tools.github, repository, check, report);
  return report.verdict;
}

async function reviewGroup(group: MergeGroup, repository: HostedRepository, tools: MergeGroupTools): Promise<Report> {
  try {
    const merge = (): Promise<Merge> => fetchGroup(repository, group, tools);
    const branch = group.baseRef.replace(/^refs\/heads\//, '');
    return await renderMerge({ repository, branch, head: group.head, merge }, tools);
  } catch (thrown) {
    const error = asSluiceError(thrown);
    if (error.kind !== 'terminal') throw error;
    return failedReport({ source: addressOf(repository), base: group.base, head: group.head }, error, false);
  }
}
