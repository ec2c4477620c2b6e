import type { SluiceError } from '../../errors.ts';
import type { Job } from '../../ports/queue.ts';

/** What the queue did on its own, for the log: one line each. Whoever listens must not throw. */
export type QueueEvent =
  /** A transient failure: the job runs again at `at`. `attempt` counts from 1. */
  | {
      readonly event: 'retry';
      readonly job: Job;
      readonly attempt: number;
      readonly at: Date;
      readonly error: SluiceError;
    }
  /** The job is over and will not be tried again: a terminal failure, or one attempt too many. A sweep may make it anew. */
  | { readonly event: 'ended'; readonly job: Job; readonly attempt: number; readonly error: SluiceError }
  /** The job went back into the queue unfinished: the worker stops, or lost the job's lock. */
  | { readonly event: 'returned'; readonly job: Job; readonly reason: 'lost' | 'stopping' }
  /** Left for a worker that understands version `version`. */
  | { readonly event: 'left'; readonly version: number }
  /** Dropped: what the store held is no job. */
  | { readonly event: 'malformed'; readonly error: SluiceError }
  /** A worker was lost with this job in hand; it runs again. */
  | { readonly event: 'stalled'; readonly id: string }
  /** The store said no or did not answer; the same words at most once in ten seconds. */
  | { readonly event: 'store'; readonly error: SluiceError };
