// The review line: a pull request changed, and a report goes out, always about the newest commit.
import { asSluiceError } from './errors.ts';
import type { GitHub, PullRequest } from './ports/github.ts';
import type { ReviewJob, TakenJob } from './ports/queue.ts';
import { failedReport } from './pull-request/failure.ts';
import { fetchMerge } from './pull-request/merge.ts';
import { announce, closeCheck, comment, completeCheckOn, type PullMemory } from './pull-request/publication.ts';
import { addressOf, type RenderTools, renderMerge } from './pull-request/render.ts';
import type { Report } from './report/report.ts';

export interface ReviewTools extends RenderTools {
  readonly github: GitHub;
  readonly memory: PullMemory;
}

/** What a review did, for the log. */
export type ReviewOutcome = 'gone' | 'superseded' | Report['verdict'];

/**
 * Reviews one pull request.
 *
 * @throws SluiceError, transient, where the queue is to try again; what is terminal ends in the report
 */
export async function reviewPullRequest(job: ReviewJob, taken: TakenJob, tools: ReviewTools): Promise<ReviewOutcome> {
  // Re-read the pull request: the event that asked may be old, or somebody's invention.
  const pull = await tools.github.pullRequest(job, job.pull);
  if (pull === undefined || pull.state === 'closed' || pull.repository.archived) return 'gone';
  // Announce the check on its head.
  const check = await announce(tools.github, tools.memory, pull, taken.again);
  // Read what would really be deployed, and render it.
  const report = await reviewMerge(pull, tools, taken.signal);
  // A newer job waits: what this one would say is old.
  if (await taken.superseded()) {
    await closeCheck(tools.github, pull, check, 'Superseded by a newer commit');
    return 'superseded';
  }
  // Say it: the comment first, so that whoever sees the check finds the words.
  await comment(tools.github, tools.memory, pull, report, taken.again);
  await completeCheckOn(tools.github, pull.repository, check, report);
  return report.verdict;
}

async function reviewMerge(pull: PullRequest, tools: ReviewTools, signal: AbortSignal): Promise<Report> {
  const { repository, head } = pull;
  const review = { source: addressOf(repository), base: pull.base.sha, head: head.sha };
  try {
    const merge = await fetchMerge(pull, tools.mirrors, tools.hosted);
    signal.throwIfAborted();
    return await renderMerge({ repository, branch: pull.base.ref, head: head.sha, merge }, tools);
  } catch (thrown) {
    signal.throwIfAborted();
    const error = asSluiceError(thrown);
    if (error.kind !== 'terminal') throw error;
    const platform = await tools.hosted.platform();
    return failedReport(review, error, platform.repository === repository.repository);
  }
}
