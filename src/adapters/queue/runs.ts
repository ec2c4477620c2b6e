// The jobs this process has in hand, each with the signal that ends it.
import { unavailable } from './deadline.ts';

/** Why a run must stop: the store gave the job to somebody else (or may have), or this worker stops. */
export type StopReason = 'lost' | 'stopping';

/** One job in hand. */
export interface Run {
  readonly job: string;
  readonly signal: AbortSignal;
  /** Set once the run must stop. */
  readonly stopped: StopReason | undefined;
}

interface Held extends Run {
  stopped: StopReason | undefined;
  readonly controller: AbortController;
  timer: NodeJS.Timeout | undefined;
}

const words: Record<StopReason, string> = {
  lost: 'the queue has given the job to somebody else',
  stopping: 'this worker stops',
};

/**
 * Watches each run's lock: a run whose lock was not renewed for as long as the lock lasts is stopped, whether the store
 * said so, did not answer, or this process was frozen. Time is what the process's timers count, so clocks may jump.
 */
export class Runs {
  readonly #lockMs: number;
  readonly #held = new Map<string, Held>();

  constructor(lockMs: number) {
    this.#lockMs = lockMs;
  }

  /** Takes a job in hand. One with the same id that is still in hand lost its lock. */
  start(job: string): Run {
    this.lost([job]);
    const controller = new AbortController();
    const held: Held = { job, controller, signal: controller.signal, stopped: undefined, timer: undefined };
    this.#held.set(job, held);
    this.#arm(held);
    return held;
  }

  end(run: Run): void {
    const held = this.#held.get(run.job);
    if (held !== run) return;
    clearTimeout(held.timer);
    this.#held.delete(run.job);
  }

  renewed(jobs: readonly string[]): void {
    for (const job of jobs) {
      const held = this.#held.get(job);
      if (held !== undefined) this.#arm(held);
    }
  }

  lost(jobs: readonly string[]): void {
    for (const job of jobs) {
      const held = this.#held.get(job);
      if (held !== undefined) this.#stop(held, 'lost');
    }
  }

  stopAll(): void {
    for (const held of this.#held.values()) this.#stop(held, 'stopping');
  }

  #arm(held: Held): void {
    clearTimeout(held.timer);
    held.timer = setTimeout(() => this.#stop(held, 'lost'), this.#lockMs);
    held.timer.unref();
  }

  #stop(held: Held, reason: StopReason): void {
    clearTimeout(held.timer);
    if (held.stopped !== undefined) return;
    held.stopped = reason;
    held.controller.abort(unavailable(words[reason]));
  }
}
