// When a job that failed for a passing reason is tried again.
import type { SluiceError } from '../errors.ts';

export interface RetryLimits {
  /** Wait after the first failure, in milliseconds; doubled after each. */
  readonly firstMs: number;
  /** The longest such wait, in milliseconds. */
  readonly longestMs: number;
  /** Attempts in all, the first included; crashes and lost workers count. */
  readonly attempts: number;
}

export const retryLimits: RetryLimits = { firstMs: 2_000, longestMs: 300_000, attempts: 15 };

/** GitHub's limits end within the hour; a time far ahead would hide a job for good. */
const farthestMs = 65 * 60_000;

/**
 * Returns when to try again, in epoch milliseconds: where the error names a time, that time plus up to a second, so that
 * not all start at once; otherwise back-off by attempt (the first is 1), between half and the whole of its wait.
 *
 * @param random from 0 to 1
 */
export function retryTime(
  error: SluiceError,
  attempt: number,
  at: { readonly nowMs: number; readonly random: number },
  limits: RetryLimits = retryLimits,
): number {
  const backOffMs = Math.min(limits.longestMs, limits.firstMs * 2 ** Math.min(attempt - 1, 30));
  if (error.retryAt === undefined) return Math.ceil(at.nowMs + backOffMs * (0.5 + at.random / 2));
  const named = Math.min(error.retryAt.getTime(), at.nowMs + farthestMs);
  // A time already past still waits a little: an error that always names the past would be a storm.
  return Math.ceil(Math.max(named, at.nowMs + Math.min(backOffMs, limits.firstMs)) + at.random * 1_000);
}
