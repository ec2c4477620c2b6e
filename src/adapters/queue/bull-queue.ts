// The Queue port over BullMQ, whatever the store.
import { randomUUID } from 'node:crypto';
import { SluiceError } from '../../errors.ts';
import { laterOf } from '../../job/deployed.ts';
import { FairShare } from '../../job/fair-share.ts';
import { homeOf, ownerOf, readJob, subjectOf } from '../../job/job.ts';
import type { Job, Queue, QueueName, TakenJob } from '../../ports/queue.ts';
import { settled, unavailable, within } from './deadline.ts';
import { JobRunner, type RunnerOptions } from './runner.ts';
import type { JobQueue, JobWorker, Store, StoredJob } from './store.ts';

export interface BullQueueOptions extends RunnerOptions {
  readonly name: string;
  /** The only jobs it takes; any where undefined. */
  readonly home?: QueueName;
  /** An `add` takes this long at most, in milliseconds. */
  readonly addMs: number;
  /** How often workers look for jobs whose worker is lost, in milliseconds. */
  readonly stalledMs: number;
  readonly startMs: number;
  /** How long a producer goes by what it read of whose turn it is, in milliseconds. */
  readonly turnsMs: number;
}

const healthMs = 2_000;
/** After the signal, handlers get this long to stop before the connection is cut. */
const settleMs = 2_000;
const sameWordsMs = 10_000;
/** Who adds a report looks again so often at what has become of it. */
const mostLooks = 10;

/** Jobs in, jobs out, over one BullMQ queue. */
export class BullQueue implements Queue {
  readonly #store: Store;
  readonly #options: BullQueueOptions;
  readonly #queue: JobQueue;
  readonly #runner: JobRunner;
  readonly #share = new FairShare();
  #shareRead: { at: number; reading: Promise<void> } | undefined;
  #worker: JobWorker | undefined;
  #closing: Promise<void> | undefined;
  readonly #said = new Map<string, number>();
  /** The last report of each subject that is being added. */
  readonly #adding = new Map<string, Promise<void>>();

  constructor(store: Store, options: BullQueueOptions) {
    this.#store = store;
    this.#options = options;
    this.#queue = store.queue(options.name);
    this.#queue.on('error', (error) => this.#storeSaid(error));
    this.#queue.on('ioredis:close', () => this.#storeSaid('the connection closed'));
    this.#runner = new JobRunner(this.#options, async (subject) => await store.standing(this.#queue, subject));
  }

  /** @throws SluiceError `queue.unavailable`, transient */
  async ready(): Promise<void> {
    await within(this.#queue.waitUntilReady(), this.#options.startMs, 'starting');
  }

  async add(job: Job): Promise<void> {
    const read = readJob(job);
    if (read.type === 'newer')
      throw new SluiceError('queue.malformed', 'a job of a version that this Sluice does not know');
    const { home } = this.#options;
    if (home !== undefined && homeOf(read.job) !== home)
      throw new SluiceError('queue.malformed', `a ${job.kind} job of another queue`);
    if (this.#closing !== undefined) throw unavailable('the queue is closed');
    const adding: Promise<unknown> = read.job.kind === 'deployed' ? this.#addReport(read.job) : this.#add(read.job);
    await within(adding, this.#options.addMs, 'adding a job');
  }

  /**
   * Adds a job whose words count. BullMQ keeps the first of two that wait, and the last of two that come while a third is
   * active; here `laterOf` says which stands, in both places. Between look and write another process may have been
   * here, so what has become of it is looked at again; whoever takes the job compares with what GitHub has.
   */
  async #addReport(job: Job): Promise<void> {
    const subject = subjectOf(job);
    const before = this.#adding.get(subject);
    const adding = (before ?? Promise.resolve()).catch(() => undefined).then(() => this.#addLater(job));
    this.#adding.set(subject, adding);
    try {
      await adding;
    } finally {
      if (this.#adding.get(subject) === adding) this.#adding.delete(subject);
    }
  }

  async #addLater(job: Job): Promise<void> {
    for (let look = 0; look < mostLooks; look += 1) {
      const { holder, newer } = await this.#store.standing(this.#queue, subjectOf(job));
      if (newer !== undefined && laterOf(asJob(newer), job) !== job) return;
      const held = holder === undefined ? undefined : await this.#queue.getJob(holder);
      const waits = held !== undefined && !(await held.isActive());
      if (waits ? await this.#replace(held, job) : await this.#addBehind(job)) return;
    }
    throw unavailable('a report met others of its kind too often');
  }

  /** False where the job was taken or ended meanwhile. */
  async #replace(held: StoredJob, job: Job): Promise<boolean> {
    if (laterOf(asJob(held.data), job) !== job) return true;
    try {
      await held.updateData(job);
    } catch {
      return false;
    }
    return !(await held.isActive()) && (await this.#queue.getJob(held.id ?? '')) !== undefined;
  }

  /** Adds it behind the active one, or by itself where none is. False where another that waits was joined instead. */
  async #addBehind(job: Job): Promise<boolean> {
    if ((await this.#add(job)) === undefined) return true;
    const { newer } = await this.#store.standing(this.#queue, subjectOf(job));
    return newer !== undefined && laterOf(job, asJob(newer)) !== job;
  }

  /** Returns the job that it joined, or undefined where it has become one of its own. */
  async #add(job: Job): Promise<string | undefined> {
    await this.#readShare();
    const owner = ownerOf(job);
    const turn = this.#share.next(owner);
    const jobId = jobIdOf(turn);
    const added = await this.#queue.add(job.kind, job, {
      jobId,
      priority: turn,
      // What a cluster is told again is due now, though an earlier attempt set itself aside.
      deduplication: { id: subjectOf(job), keepLastIfActive: true, ...(isForCluster(job) && { reschedule: true }) },
      // Retries are ours (runner.ts); what is over leaves nothing behind, neither data nor words of a failure.
      attempts: 1,
      removeOnComplete: true,
      removeOnFail: true,
      stackTraceLimit: 0,
    });
    if (added.id === jobId) return undefined;
    this.#share.giveBack(owner, turn);
    return added.id;
  }

  /** Learns the turn that is being served, where that is not known well enough. */
  async #readShare(): Promise<void> {
    const now = performance.now();
    if (this.#shareRead === undefined || now - this.#shareRead.at >= this.#options.turnsMs) {
      this.#shareRead = { at: now, reading: this.#lowestTurn() };
    }
    await this.#shareRead.reading;
  }

  async #lowestTurn(): Promise<void> {
    try {
      const [lowest] = await this.#queue.getRanges(['prioritized'], 0, 0, true);
      const turn = lowest === undefined ? undefined : turnOf(lowest);
      if (lowest === undefined || turn !== undefined) this.#share.advance(turn);
    } catch {
      // Fairness is only a matter of order; the add itself says what is wrong with the store.
      this.#shareRead = undefined;
    }
  }

  async work(handler: (taken: TakenJob) => Promise<void>, options: { readonly concurrency: number }): Promise<void> {
    if (this.#worker !== undefined) throw new SluiceError('internal', 'the queue is being worked on already');
    if (this.#closing !== undefined) throw unavailable('the queue is closed');
    const worker = this.#store.worker(
      this.#options.name,
      // Three parameters would make BullMQ keep an AbortController of its own.
      async (job, token) => {
        // Whoever takes a job often adds others: whose turn it is is known by then.
        void this.#readShare();
        await this.#runner.run(worker, job, token ?? '', handler);
      },
      {
        concurrency: options.concurrency,
        lockDuration: this.#options.lockMs,
        stalledInterval: this.#options.stalledMs,
        // The attempts limit (runner.ts) ends a job that kills its workers.
        maxStalledCount: 1_000_000,
        runRetryDelay: 1_000,
      },
    );
    this.#worker = worker;
    worker.on('error', (error) => this.#storeSaid(error));
    worker.on('lockRenewalFailed', (jobs) => this.#runner.runs.lost(jobs));
    worker.on('locksRenewed', ({ jobIds }) => this.#runner.runs.renewed(jobIds));
    worker.on('stalled', (id) => this.#options.onEvent({ event: 'stalled', id }));
    await within(worker.waitUntilReady(), this.#options.startMs, 'starting to work');
  }

  async counts(): Promise<{ readonly waiting: number; readonly active: number }> {
    const counts = await within(
      this.#queue.getJobCounts('wait', 'prioritized', 'delayed', 'active'),
      this.#options.addMs,
      'counting jobs',
    );
    const { wait = 0, prioritized = 0, delayed = 0, active = 0 } = counts;
    return { waiting: wait + prioritized + delayed, active };
  }

  async healthy(): Promise<boolean> {
    if (this.#closing !== undefined) return false;
    return await within(this.#queue.getJobCounts('active'), healthMs, 'looking').then(
      () => true,
      () => false,
    );
  }

  async close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    await this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    const worker = this.#worker;
    if (worker !== undefined) {
      this.#runner.stopTaking();
      const idle = worker.close();
      if (!(await settled(idle, graceMs))) {
        this.#runner.runs.stopAll();
        if (!(await settled(idle, settleMs))) await settled(worker.disconnect(), settleMs);
      }
    }
    if (!(await settled(this.#queue.close(), settleMs))) await settled(this.#queue.disconnect(), settleMs);
    await this.#store.close();
  }

  #storeSaid(error: unknown): void {
    if (this.#closing !== undefined) return;
    const said = error instanceof Error ? error.message : String(error);
    const words = said.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').slice(0, 200);
    const now = performance.now();
    if (now - (this.#said.get(words) ?? -Infinity) < sameWordsMs) return;
    if (this.#said.size > 100) this.#said.clear();
    this.#said.set(words, now);
    this.#options.onEvent({ event: 'store', error: unavailable(`the queue's store: ${words}`) });
  }
}

/** `t<turn>-<random>`: BullMQ allows neither `:` nor digits alone, and an id is never used twice. */
function jobIdOf(turn: number): string {
  return `t${turn}-${randomUUID()}`;
}

function turnOf(jobId: string): number | undefined {
  const turn = /^t(?<turn>\d{1,7})-/.exec(jobId)?.groups?.['turn'];
  return turn === undefined ? undefined : Number(turn);
}

function isForCluster({ kind }: Job): boolean {
  return kind === 'reconcile' || kind === 'pushed';
}

/** What the store holds, where it is a job. */
function asJob(stored: unknown): Job | undefined {
  try {
    const read = readJob(stored);
    return read.type === 'job' ? read.job : undefined;
  } catch {
    return undefined;
  }
}
