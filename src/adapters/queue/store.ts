// What the queue needs of a store, beside BullMQ's own backend.
import type { IQueueBackend, Job, Processor, Queue, Worker, WorkerOptions } from 'bullmq';

/** BullMQ's queue over any store. */
export type JobQueue = Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend>;
/** BullMQ's worker over any store. */
export type JobWorker = Worker<unknown, unknown, string, IQueueBackend>;
export type StoredJob = Job<unknown, unknown, string>;
export type JobProcessor = Processor<unknown, unknown, string>;
export type JobWorkerOptions = Omit<WorkerOptions, 'connection'>;

/** Who holds a subject: the job that is active or waits for it, and what the newer one says that is kept behind it. */
export interface Standing {
  readonly holder: string | undefined;
  /** Undefined where none is kept. */
  readonly newer: unknown;
}

/** One open store: Redis, Postgres or the embedded one. */
export interface Store {
  queue(name: string): JobQueue;
  worker(name: string, processor: JobProcessor, options: JobWorkerOptions): JobWorker;
  standing(queue: JobQueue, subject: string): Promise<Standing>;
  /** Closes what is shared; queues and workers are closed before. Never rejects. */
  close(): Promise<void>;
}

/** Events kept in the store for BullMQ's own listeners; nobody of ours reads them. */
export const keptEvents = 200;
