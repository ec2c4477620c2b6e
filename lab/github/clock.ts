/** The lab's time: the machine's, moved by as much as a test wants. Everything of the lab that expires or is stamped reads it. */
export class LabClock {
  #ahead = 0;

  /** Milliseconds since the epoch. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** `2026-05-04T09:00:00Z`, as GitHub writes times. */
  stamp(): string {
    return `${new Date(this.now()).toISOString().slice(0, 19)}Z`;
  }

  /** Moves the time by so many milliseconds (negative: back). `Date` headers move with it, so this is also clock skew. */
  advance(ms: number): void {
    this.#ahead += ms;
  }
}
