// Our clock, and how far GitHub's is from it.

export interface Clock {
  /** Milliseconds since 1970, UTC. */
  now(): number;
  sleep(ms: number): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/** `Date` headers have whole seconds and travel a while: less than this is no difference. */
const noiseMs = 3_000;

/** GitHub's time, as its `Date` headers tell it; ours until the first answer. */
export class GitHubClock {
  readonly #clock: Clock;
  #aheadMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How far GitHub's clock is ahead of ours, in milliseconds; negative when behind, 0 when it cannot be told apart. */
  get aheadMs(): number {
    return this.#aheadMs;
  }

  now(): number {
    return this.#clock.now() + this.#aheadMs;
  }

  /** Learns from the `Date` header of an answer; one that cannot be read changes nothing. */
  learn(date: unknown): void {
    const theirs = typeof date === 'string' ? Date.parse(date) : Number.NaN;
    if (Number.isNaN(theirs)) return;
    const ahead = theirs + 500 - this.#clock.now();
    this.#aheadMs = Math.abs(ahead) < noiseMs ? 0 : ahead;
  }

  /** A moment on GitHub's clock (milliseconds) as one on ours. */
  ours(theirs: number): number {
    return theirs - this.#aheadMs;
  }
}
