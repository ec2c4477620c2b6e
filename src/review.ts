// The review line: a pull request changed, and a report goes out, always about the newest commit.
import { asSluiceError, SluiceError } from './errors.ts';
import type { GitHub, PullRequest } from './ports/github.ts';
import type { ReviewJob, TakenJob } from './ports/queue.ts';
import { failedReport } from './pull-request/failure.ts';
import { fetchMerge, type PullMerge } from './pull-request/merge.ts';
import { announce, closeCheck, comment, completeCheck, type PullMemory } from './pull-request/publication.ts';
import type { Pace } from './pull-request/pace.ts';
import { addressOf, type RenderTools, renderMerge } from './pull-request/render.ts';
import type { Report } from './report/report.ts';

export interface ReviewTools extends RenderTools {
  readonly github: GitHub;
  readonly memory: PullMemory;
  readonly pace: Pace;
}

/** Of pull requests with one head, more than these are not looked at: then none may be merged. */
const mostOfOneHead = 10;

/**
 * Reviews one pull request.
 *
 * @returns what it did, for the log: `gone`, `superseded`, or the verdict, with the reason where there is no comment
 * @throws SluiceError, transient, where the queue is to try again; what is terminal ends in the report
 */
export async function reviewPullRequest(job: ReviewJob, taken: TakenJob, tools: ReviewTools): Promise<string> {
  await tools.pace.turn(`${job.repository}/${job.pull}`, taken.signal);
  // Re-read the pull request: the event that asked may be old, or somebody's invention.
  const pull = await tools.github.pullRequest(job, job.pull);
  if (pull === undefined || pull.state === 'closed' || pull.repository.archived) return 'gone';
  // Announce the check on its head; meanwhile read what would really be deployed, and render it.
  const [announced, reviewed] = await Promise.allSettled([
    announce(tools.github, tools.memory, pull, taken.again),
    reviewMerge(pull, tools, taken.signal),
  ]);
  const check = valueOf(announced);
  const { report, sameHead } = valueOf(reviewed);
  // A check stands on a commit, and so on every pull request with that head: the worst of them counts.
  const worst = await worstOf(report, pull, sameHead, tools, taken.signal);
  // A newer job waits: what this one would say is old.
  if (await taken.superseded()) {
    await closeCheck(tools.github, tools.memory, pull, check, 'Superseded by a newer commit');
    return 'superseded';
  }
  // Say it: the comment first, so that whoever sees the check finds the words. The check says it all where GitHub takes no comment.
  const refused = await comment(tools.github, tools.memory, pull, report, taken.again).then(
    () => undefined,
    (thrown: unknown) => asSluiceError(thrown),
  );
  await completeCheck(tools.github, tools.memory, pull, check, worst);
  if (refused !== undefined && refused.kind !== 'terminal') throw refused;
  return refused === undefined ? report.verdict : `${report.verdict}, without a comment: ${refused.message}`;
}

function valueOf<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

interface Reviewed {
  readonly report: Report;
  readonly sameHead: readonly number[];
}

async function reviewMerge(pull: PullRequest, tools: ReviewTools, signal: AbortSignal): Promise<Reviewed> {
  const { repository, head } = pull;
  let merge: PullMerge | undefined;
  const fetched = async (): Promise<PullMerge> => {
    merge = await fetchMerge(pull, tools.mirrors, tools.hosted);
    signal.throwIfAborted();
    return merge;
  };
  try {
    const report = await renderMerge({ repository, branch: pull.base.ref, head: head.sha, merge: fetched }, tools);
    return { report, sameHead: merge?.sameHead ?? [] };
  } catch (thrown) {
    signal.throwIfAborted();
    const error = asSluiceError(thrown);
    if (error.kind !== 'terminal') throw error;
    return { report: await failed(pull, error, tools), sameHead: [] };
  }
}

async function failed(pull: PullRequest, error: SluiceError, { hosted }: ReviewTools): Promise<Report> {
  const platform = await hosted.platform().catch(() => undefined);
  const { repository, base, head } = pull;
  const review = { source: addressOf(repository), base: base.sha, head: head.sha };
  return failedReport(review, error, platform?.repository === repository.repository);
}

async function worstOf(
  own: Report,
  pull: PullRequest,
  sameHead: readonly number[],
  tools: ReviewTools,
  signal: AbortSignal,
): Promise<Report> {
  if (own.verdict !== 'pass') return own;
  for (const [seen, number] of sameHead.entries()) {
    if (seen === mostOfOneHead) {
      const remedy = 'push a commit of its own';
      const error = new SluiceError('source.tooMany', 'its head is the head of too many pull requests', { remedy });
      return failed(pull, error, tools);
    }
    const other = await tools.github.pullRequest(pull.repository, number);
    if (other?.state !== 'open' || other.head.sha !== pull.head.sha) continue;
    const { report } = await reviewMerge(other, tools, signal);
    if (report.verdict !== 'pass') return report;
  }
  return own;
}
