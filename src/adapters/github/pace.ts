// Keeps one installation below GitHub's limits: calls at once, calls per minute, and the pause GitHub asked for.
// https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits
import { SluiceError } from '../../errors.ts';
import type { Clock } from './clock.ts';

/** `content` is what notifies people (a new comment); `write` changes something; `read` does not. */
export type Weight = 'read' | 'write' | 'content';

interface Limit {
  readonly count: number;
  readonly ms: number;
}

const minute = 60_000;

/** Per route. 900 points a minute, a read being 1 and a write 5; content 80 a minute and 500 an hour. */
export const limits: Readonly<Record<Weight, readonly Limit[]>> = {
  read: [{ count: 900, ms: minute }],
  write: [{ count: 180, ms: minute }],
  content: [
    { count: 80, ms: minute },
    { count: 500, ms: 60 * minute },
  ],
};

/** GitHub allows 100 for everything that uses the installation; other workers need some too. */
const concurrent = 20;
/** Waited for in the process; a longer wait goes back to the queue as `retryAt`. */
const patienceMs = 2_000;

/** When calls were made, as far back as the longest limit looks. */
class Window {
  readonly #limits: readonly Limit[];
  #at: number[] = [];

  constructor(weight: Weight) {
    this.#limits = limits[weight];
  }

  /** Milliseconds until another call fits; 0 now. */
  wait(now: number): number {
    const longest = Math.max(...this.#limits.map(({ ms }) => ms));
    // A clock set back would make calls of the future: they are forgotten, like the old ones.
    this.#at = this.#at.filter((at) => at > now - longest && at <= now);
    const waits = this.#limits.map(({ count, ms }) => {
      const oldest = this.#at.at(-count);
      return oldest === undefined ? 0 : oldest + ms - now;
    });
    return Math.max(0, ...waits);
  }

  add(now: number): void {
    this.#at.push(now);
  }
}

/** One installation's way to GitHub (or the App's own, for calls without an installation). */
export class Pace {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();
  readonly #line: (() => void)[] = [];
  #running = 0;
  #pausedUntil = 0;
  #strikes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Runs a call as soon as the limits let it.
   *
   * @throws SluiceError `github.limit`, transient with `retryAt`, without calling, while GitHub wants a pause or the
   *   limits ask for a long wait
   */
  async run<T>(route: string, weight: Weight, call: () => Promise<T>): Promise<T> {
    this.#refuseWhilePaused();
    if (this.#running >= concurrent) await new Promise<void>((resolve) => this.#line.push(resolve));
    else this.#running += 1;
    try {
      await this.#fit(route, weight);
      return await call();
    } finally {
      const next = this.#line.shift();
      // The place passes on, so that nobody overtakes the line.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** GitHub wants no call before `until` (milliseconds, our clock). */
  pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  /** How many pauses in a row GitHub asked for without saying how long; calls that failed together count once. */
  strike(): number {
    if (this.#pausedUntil <= this.#clock.now()) this.#strikes += 1;
    return Math.max(1, this.#strikes);
  }

  /** A call went through. */
  succeeded(): void {
    this.#strikes = 0;
  }

  async #fit(route: string, weight: Weight): Promise<void> {
    const window = this.#windows.get(route) ?? new Window(weight);
    this.#windows.set(route, window);
    for (;;) {
      this.#refuseWhilePaused();
      const wait = window.wait(this.#clock.now());
      if (wait === 0) break;
      if (wait > patienceMs) throw limit(`${route} is at GitHub's limit`, this.#clock.now() + wait);
      await this.#clock.sleep(wait);
    }
    window.add(this.#clock.now());
  }

  #refuseWhilePaused(): void {
    if (this.#pausedUntil > this.#clock.now()) throw limit('GitHub asked for a pause', this.#pausedUntil);
  }
}

function limit(message: string, until: number): SluiceError {
  return new SluiceError('github.limit', message, { kind: 'transient', retryAt: new Date(until) });
}
