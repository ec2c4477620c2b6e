// Which clusters have an agent: one kept job for each, in a queue that nobody works on, with the time of the last word.
import { z } from 'zod';
import { SluiceError } from '../../errors.ts';
import { clusterName } from '../../job/job.ts';
import { settled, within } from './deadline.ts';
import type { JobQueue, StoredJob } from './store.ts';

export interface AgentsOptions {
  readonly announceMs: number;
  readonly forgetMs: number;
  readonly clustersMs: number;
  readonly askMs: number;
}

const healthMs = 2_000;
const closeMs = 2_000;
const mostClusters = 10_000;
const word = z.object({ cluster: clusterName, seen: z.number() });

export class Agents {
  readonly #queue: JobQueue;
  readonly #options: AgentsOptions;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #known: { readonly at: number; readonly names: Promise<readonly string[]> } | undefined;
  #closed = false;

  constructor(queue: JobQueue, options: AgentsOptions) {
    this.#queue = queue;
    this.#options = options;
    // What it says comes with the rejections, and from the queues of jobs.
    queue.on('error', () => undefined);
  }

  async ready(startMs: number): Promise<void> {
    await within(this.#queue.waitUntilReady(), startMs, 'starting');
  }

  async announce(cluster: string): Promise<void> {
    if (!clusterName.safeParse(cluster).success) throw new SluiceError('queue.malformed', 'no name of a cluster');
    await within(this.#say(cluster), this.#options.askMs, 'announcing a cluster');
    this.#known = undefined;
    if (this.#closed || this.#timers.has(cluster)) return;
    const again = async (): Promise<void> => {
      await this.#say(cluster);
      await this.#forget();
    };
    const timer = setInterval(() => void again().catch(() => undefined), this.#options.announceMs);
    timer.unref();
    this.#timers.set(cluster, timer);
  }

  async clusters(): Promise<readonly string[]> {
    const now = performance.now();
    if (this.#known === undefined || now - this.#known.at >= this.#options.clustersMs) {
      const known = { at: now, names: within(this.#names(), this.#options.askMs, 'listing clusters') };
      known.names.catch(() => {
        if (this.#known === known) this.#known = undefined;
      });
      this.#known = known;
    }
    return await this.#known.names;
  }

  async healthy(): Promise<boolean> {
    return await within(this.#queue.getJobCounts('wait'), healthMs, 'looking').then(
      () => true,
      () => false,
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#timers.values()) clearInterval(timer);
    if (!(await settled(this.#queue.close(), closeMs))) await settled(this.#queue.disconnect(), closeMs);
  }

  async #say(cluster: string): Promise<void> {
    if (this.#closed) return;
    const jobId = `cluster-${encodeURIComponent(cluster)}`;
    const data = { cluster, seen: Date.now() };
    const kept = await this.#queue.getJob(jobId);
    if (kept === undefined) await this.#queue.add('cluster', data, { jobId });
    else await kept.updateData(data);
  }

  async #names(): Promise<readonly string[]> {
    const since = Date.now() - this.#options.forgetMs;
    const words = (await this.#kept()).flatMap(({ data }) => word.safeParse(data).data ?? []);
    return words.flatMap(({ cluster, seen }) => (seen >= since ? [cluster] : [])).toSorted();
  }

  async #forget(): Promise<void> {
    const since = Date.now() - this.#options.forgetMs;
    for (const job of await this.#kept()) {
      const { data } = word.safeParse(job.data);
      if (data === undefined || data.seen < since) await job.remove();
    }
  }

  async #kept(): Promise<readonly StoredJob[]> {
    const jobs = await this.#queue.getJobs(['wait'], 0, mostClusters - 1, true);
    // One that is removed meanwhile is undefined.
    return jobs.filter((job) => job !== undefined);
  }
}
