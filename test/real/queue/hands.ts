// A worker's hands: every job taken is announced, and ends as the test says.
import type { Job, ReviewJob, TakenJob } from '../../../src/ports/queue.ts';

export interface Hand {
  readonly taken: TakenJob;
  readonly job: Job;
  /** Lets the handler end, with or without an error. */
  end(error?: Error): void;
  readonly ended: boolean;
}

export class Hands {
  readonly all: Hand[] = [];
  readonly #waiting: ((hand: Hand) => void)[] = [];
  readonly #unseen: Hand[] = [];

  /** A handler that holds each job until the test ends it. */
  readonly hold = async (taken: TakenJob): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const state = { ended: false };
    const hand: Hand = {
      taken,
      job: taken.job,
      get ended() {
        return state.ended;
      },
      end: (error) => {
        state.ended = true;
        if (error === undefined) resolve();
        else reject(error);
      },
    };
    this.#announce(hand);
    await promise;
  };

  /** A handler that ends each job at once, as `outcome` says. */
  pass(outcome: (taken: TakenJob) => void = () => undefined): (taken: TakenJob) => Promise<void> {
    return async (taken) => {
      this.#announce({ taken, job: taken.job, end: () => undefined, ended: true });
      outcome(taken);
      await Promise.resolve();
    };
  }

  /** The next job taken; the test's time limit is its own. */
  async next(): Promise<Hand> {
    const hand = this.#unseen.shift();
    if (hand !== undefined) return hand;
    return await new Promise((resolve) => this.#waiting.push(resolve));
  }

  async take(count: number): Promise<readonly Hand[]> {
    const hands: Hand[] = [];
    while (hands.length < count) hands.push(await this.next());
    return hands;
  }

  #announce(hand: Hand): void {
    this.all.push(hand);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#unseen.push(hand);
    else waiting(hand);
  }
}

export function review(repository: number, pull: number, cause = 'delivery'): ReviewJob {
  return { kind: 'review', version: 1, installation: 7, repository, fullName: 'acme/web', pull, cause };
}
