// How soon a touched object is looked at: at once, unless somebody and we have been changing it back and forth.

const freeLooks = 5;
const windowMs = 10 * 60_000;
const firstWaitMs = 10_000;
const longestWaitMs = 5 * 60_000;

/** Counts looks for each Kustomization; those that the window has left no longer count. */
export class DriftPace {
  readonly #looks = new Map<string, number[]>();

  /** Milliseconds to wait before the next look, which is counted. */
  wait(key: string, nowMs: number): number {
    const looks = (this.#looks.get(key) ?? []).filter((at) => nowMs - at < windowMs);
    const last = looks.at(-1);
    const over = looks.length - freeLooks;
    const waitMs = over < 0 ? 0 : Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(over, 10));
    // What comes while one is waited for already is the same look.
    if (last !== undefined && last > nowMs) return last - nowMs;
    this.#looks.set(key, [...looks, nowMs + waitMs]);
    return waitMs;
  }

  forget(key: string): void {
    this.#looks.delete(key);
  }
}
