// How long to wait before the next try, and when that is no longer this request's business.

export interface Clock {
  /** Milliseconds since some start: a wall clock that is set jumps, and would end a request or hold one back for an hour. */
  now(): number;
  /** Epoch milliseconds, for what others read. */
  date(): number;
  /** 0 ≤ x < 1 */
  random(): number;
  /** Resolves after that long, or at once when the signal aborts. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const realClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  random: Math.random,
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done, { once: true });
      return undefined;
    }),
};

const longestRetryAfterMs = 5 * 60_000;

/** Milliseconds of a `Retry-After` in whole seconds, at most five minutes; undefined for any other form. */
export function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined || !/^\d{1,9}$/.test(header)) return undefined;
  return Math.min(Number(header) * 1000, longestRetryAfterMs);
}

/** At most `capMs`, doubling from `firstMs` with each failure in a row, the upper half of it by chance. */
export function backOffMs(failures: number, random: number, firstMs: number, capMs: number): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(failures, 20));
  return full / 2 + (full / 2) * random;
}

/** What was asked for, plus up to a fifth, so that not everybody who was sent away comes back at once. */
export function jittered(ms: number, random: number): number {
  return ms * (1 + random / 5);
}
