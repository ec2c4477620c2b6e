// One job, from the worker's hand to its end: read, run, and whatever the failure asks for.
import { DelayedError, UnrecoverableError, WaitingError } from 'bullmq';
import { asSluiceError, SluiceError } from '../../errors.ts';
import { homeOf, readJob, subjectOf } from '../../job/job.ts';
import { type RetryLimits, retryTime } from '../../job/retry.ts';
import { settled } from './deadline.ts';
import type { Job, QueueName, TakenJob } from '../../ports/queue.ts';
import type { QueueEvent } from './event.ts';
import { type Run, Runs } from './runs.ts';
import type { JobWorker, Standing, StoredJob } from './store.ts';

export interface RunnerOptions {
  /** Jobs that belong elsewhere are dropped; none where undefined. */
  readonly home?: QueueName;
  /** A job whose worker is silent this long is given to another, in milliseconds. */
  readonly lockMs: number;
  readonly retry: RetryLimits;
  /** How long a job of a newer version is set aside, in milliseconds. */
  readonly newerMs: number;
  readonly onEvent: (event: QueueEvent) => void;
}

const noteMs = 2_000;

type Handler = (taken: TakenJob) => Promise<void>;

/**
 * Runs jobs. What it throws tells BullMQ what has become of the job: set aside (DelayedError), back in the queue
 * (WaitingError), or over and removed (UnrecoverableError).
 */
export class JobRunner {
  readonly runs: Runs;
  readonly #options: RunnerOptions;
  readonly #standing: (subject: string) => Promise<Standing>;
  #taking = true;

  constructor(options: RunnerOptions, standing: (subject: string) => Promise<Standing>) {
    this.#options = options;
    this.#standing = standing;
    this.runs = new Runs(options.lockMs);
  }

  /** From now on a job that still comes is put back. */
  stopTaking(): void {
    this.#taking = false;
  }

  async run(worker: JobWorker, stored: StoredJob, token: string, handler: Handler): Promise<void> {
    const run = this.runs.start(stored.id ?? '');
    try {
      const job = await this.#read(stored, token);
      const attempt = stored.attemptsMade + stored.stalledCounter + 1;
      if (!this.#taking) await this.#putBack(stored, token, job, 'stopping');
      if (attempt > this.#options.retry.attempts) this.#end(job, attempt - 1, tooOften(attempt - 1));
      const failure = await failureOf(handler(this.#taken(stored, job, run)));
      if (run.stopped !== undefined) await this.#putBack(stored, token, job, run.stopped);
      if (failure === undefined) return;
      if (failure.kind !== 'transient') this.#end(job, attempt, failure);
      if (attempt >= this.#options.retry.attempts) this.#end(job, attempt, failure);
      await this.#retry(worker, stored, token, { job, attempt, failure });
    } finally {
      this.runs.end(run);
    }
  }

  #taken(stored: StoredJob, job: Job, run: Run): TakenJob {
    return {
      job,
      again: stored.attemptsStarted > 1 || stored.stalledCounter > 0 || /^sweep\b/.test(job.cause),
      left: leftIn(stored.progress),
      note: async (word) => {
        await settled(stored.updateProgress({ note: word }), noteMs);
      },
      signal: run.signal,
      superseded: async () => {
        // A hint: a store that cannot say it says nothing new.
        const standing = await this.#standing(subjectOf(job)).catch(() => undefined);
        if (standing === undefined) return false;
        return standing.newer !== undefined || (standing.holder !== undefined && standing.holder !== stored.id);
      },
    };
  }

  async #read(stored: StoredJob, token: string): Promise<Job> {
    let version: number;
    try {
      const read = readJob(stored.data);
      if (read.type === 'job') return this.#own(read.job);
      version = read.version;
    } catch (error) {
      const malformed = asSluiceError(error);
      this.#options.onEvent({ event: 'malformed', error: malformed });
      throw new UnrecoverableError(malformed.code);
    }
    this.#options.onEvent({ event: 'left', version });
    await stored.moveToDelayed(Date.now() + this.#options.newerMs, token);
    throw new DelayedError();
  }

  #own(job: Job): Job {
    const { home } = this.#options;
    if (home === undefined || homeOf(job) === home) return job;
    throw new SluiceError('queue.malformed', `a ${job.kind} job of another queue`);
  }

  /** The store refuses it where the job is no longer ours; then there is nothing to put back. */
  async #putBack(stored: StoredJob, token: string, job: Job, reason: 'lost' | 'stopping'): Promise<never> {
    this.#options.onEvent({ event: 'returned', job, reason });
    await stored.moveToWait(token).catch(() => undefined);
    throw new WaitingError();
  }

  #end(job: Job, attempt: number, error: SluiceError): never {
    this.#options.onEvent({ event: 'ended', job, attempt, error });
    // Only the code reaches the store.
    throw new UnrecoverableError(error.code);
  }

  async #retry(
    worker: JobWorker,
    stored: StoredJob,
    token: string,
    { job, attempt, failure }: { readonly job: Job; readonly attempt: number; readonly failure: SluiceError },
  ): Promise<never> {
    const nowMs = Date.now();
    const atMs = retryTime(failure, attempt, { nowMs, random: Math.random() }, this.#options.retry);
    // Unlike job.moveToDelayed this counts the attempt.
    await worker.getBackend().moveToDelayed(stored.id ?? '', nowMs, atMs - nowMs, token, { skipAttempt: false });
    this.#options.onEvent({ event: 'retry', job, attempt, at: new Date(atMs), error: failure });
    throw new DelayedError();
  }
}

/** The store's content is nobody's word: only a short text is taken. */
function leftIn(progress: unknown): string | undefined {
  const note = typeof progress === 'object' && progress !== null ? Reflect.get(progress, 'note') : undefined;
  return typeof note === 'string' && note.length <= 100 ? note : undefined;
}

async function failureOf(handled: Promise<void>): Promise<SluiceError | undefined> {
  try {
    await handled;
    return undefined;
  } catch (error) {
    return asSluiceError(error);
  }
}

function tooOften(attempts: number): SluiceError {
  return new SluiceError('internal', `the job was started ${attempts} times and never came to an end`, {
    remedy: 'look at what its workers said last',
  });
}
