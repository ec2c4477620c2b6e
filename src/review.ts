// The review line: a pull request changed, and a report goes out, always about the newest commit.
import { asSluiceError, SluiceError } from './errors.ts';
import type { GitHub, PullRequest } from './ports/github.ts';
import type { ReviewJob, TakenJob } from './ports/queue.ts';
import { failedReport } from './pull-request/failure.ts';
import { fetchMerge, type PullMerge } from './pull-request/merge.ts';
import {
  announce,
  closeCheck,
  closeLeft,
  comment,
  completeCheck,
  type PullMemory,
} from './pull-request/publication.ts';
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
  const pull = await openPull(job, taken, tools);
  if (pull === undefined) return 'gone';
  // Announce the check on its head; meanwhile read what would really be deployed, and render it.
  const [announced, reviewed] = await Promise.allSettled([
    announce(tools.github, tools.memory, pull, taken.again),
    reviewMerge(pull, tools, taken.signal),
  ]);
  const check = valueOf(announced);
  const { report, sameHead } = valueOf(reviewed);
  // A check stands on a commit, and so on every pull request with that head: the worst of them counts.
  const worst = await worstOf(report, pull, sameHead, tools, taken.signal);
  if (await isOld(pull, taken, tools)) {
    await closeCheck(tools.github, tools.memory, pull, check, 'Superseded by a newer commit');
    return 'superseded';
  }
  // Somebody else has the job now.
  taken.signal.throwIfAborted();
  // Say it: the comment first, so that whoever sees the check finds the words. The check says it all where GitHub takes no comment.
  const refused = await comment(tools.github, tools.memory, pull, report, taken.again).then(
    () => undefined,
    (thrown: unknown) => asSluiceError(thrown),
  );
  if (refused !== undefined && refused.kind !== 'terminal') throw refused;
  taken.signal.throwIfAborted();
  await completeCheck(tools.github, tools.memory, pull, check, worst);
  return refused === undefined ? report.verdict : `${report.verdict}, without a comment: ${refused.message}`;
}

/** Re-reads the pull request: the event that asked may be old, or somebody's invention. Undefined where there is nothing to review. */
async function openPull(job: ReviewJob, taken: TakenJob, tools: ReviewTools): Promise<PullRequest | undefined> {
  const pull = await tools.github.pullRequest(job, job.pull);
  if (pull === undefined || pull.repository.archived) return undefined;
  const head = pull.state === 'open' ? pull.head.sha : undefined;
  // An attempt that was lost may have announced a check on what is the head no more.
  if (isCommit(taken.left) && taken.left !== head) await closeLeft(tools.github, tools.memory, pull, taken.left);
  if (head === undefined) {
    // Closed: a check that was announced and not completed would stay open.
    await closeLeft(tools.github, tools.memory, pull, pull.head.sha);
    return undefined;
  }
  await taken.note(head);
  return pull;
}

/**
 * True when a newer job waits and the head is another. With the same head it is said all the same, or reasons that come
 * faster than a review takes would keep it from ever being said.
 */
async function isOld({ repository, number, head }: PullRequest, taken: TakenJob, tools: ReviewTools): Promise<boolean> {
  if (!(await taken.superseded())) return false;
  const now = await tools.github.pullRequest(repository, number);
  return now?.state !== 'open' || now.head.sha !== head.sha;
}

/** What a store says is nobody's word. */
function isCommit(word: string | undefined): word is string {
  return word !== undefined && /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(word);
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
