// Job → flow. One line in the log for each decision.
import { asSluiceError, factsOf, SluiceError } from './errors.ts';
import { isSearch } from './job/cause.ts';
import { fieldsOf } from './job/fields.ts';
import { reviewMergeGroup } from './merge-group.ts';
import type { Log } from './ports/log.ts';
import type { Queue, TakenJob } from './ports/queue.ts';
import { trackedPlatform } from './pull-request/render.ts';
import { type ReportBackTools, reportBack } from './report-back.ts';
import { type ReviewTools, reviewPullRequest } from './review.ts';
import { type SweepTools, sweep } from './sweep.ts';

export interface WorkerTools extends ReviewTools, SweepTools, ReportBackTools {
  readonly log: Log;
  /** Milliseconds since some start; for durations alone. */
  elapsed(): number;
}

/** Reports told at once; those about one pull request take turns. */
const reportsAtOnce = 2;

/**
 * Starts taking jobs: reviews from one queue, what agents report from the other, so that neither waits for the other.
 *
 * @throws SluiceError `queue.unavailable` where the store cannot be reached at all
 */
export async function startWorker(
  { review, report }: { readonly review: Queue; readonly report: Queue },
  tools: WorkerTools,
  concurrency: number,
): Promise<void> {
  const take = (taken: TakenJob): Promise<void> => runJob(taken, tools);
  await review.work(take, { concurrency });
  await report.work(take, { concurrency: reportsAtOnce });
}

/** Runs one job. What is transient is thrown for the queue to try again; the rest ends here, in words. */
export async function runJob(taken: TakenJob, tools: WorkerTools): Promise<void> {
  const { job } = taken;
  const log = tools.log.with(fieldsOf(job));
  const started = tools.elapsed();
  try {
    const outcome = await flow(taken, tools);
    log.info(`${job.kind} ended`, { outcome, ms: Math.round(tools.elapsed() - started), again: taken.again });
  } catch (thrown) {
    const error = asSluiceError(thrown);
    if (error.kind === 'terminal') log.error(`${job.kind} failed`, factsOf(error));
    else log.warn(`${job.kind} will be tried again`, factsOf(error));
    throw error;
  }
}

async function flow(taken: TakenJob, tools: WorkerTools): Promise<string> {
  const { job } = taken;
  switch (job.kind) {
    case 'review':
      return reviewPullRequest(job, taken, tools);
    case 'mergeGroup':
      return reviewMergeGroup(job, taken, tools);
    case 'sweep': {
      // Installations may have come or gone.
      tools.hosted.forget();
      const { looked, queued, redelivered } = await sweep(job, tools);
      if (isSearch(job.cause)) await lookAtPlatform(tools);
      return `${looked} open, ${queued} queued, ${redelivered} deliveries asked for again`;
    }
    case 'deployed':
      return reportBack(job, taken, tools);
    case 'reconcile':
    case 'pushed':
      throw new SluiceError('queue.malformed', `a ${job.kind} job of another queue`);
  }
}

/** Says, before the first pull request finds it out, where the platform repository is not there to be read. */
async function lookAtPlatform({ hosted, mirrors, log }: WorkerTools): Promise<void> {
  try {
    await trackedPlatform(await hosted.platform(), { hosted, mirrors });
  } catch (thrown) {
    log.error('the platform repository cannot be read: nothing can be reviewed', factsOf(thrown));
  }
}
