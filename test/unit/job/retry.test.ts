import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { type RetryLimits, retryTime } from '../../../src/job/retry.ts';

const limits: RetryLimits = { firstMs: 1_000, longestMs: 60_000, attempts: 9 };
const nowMs = 1_000_000;

function at(attempt: number, random: number, retryAtMs?: number): number {
  const error = new SluiceError('github.limit', 'later', {
    kind: 'transient',
    ...(retryAtMs !== undefined && { retryAt: new Date(retryAtMs) }),
  });
  return retryTime(error, attempt, { nowMs, random }, limits) - nowMs;
}

describe('retryTime', () => {
  test.each<[number, number, number]>([
    [1, 0, 500],
    [1, 1, 1_000],
    [2, 1, 2_000],
    [3, 1, 4_000],
    [7, 1, 60_000],
    [7, 0, 30_000],
    [5_000, 1, 60_000],
  ])('attempt %d waits %d of its spread: %d ms', (attempt, random, waitMs) => {
    expect(at(attempt, random)).toBe(waitMs);
  });

  test.each<[string, number, number]>([
    ['is never before the time the error names', nowMs + 10_000, 10_000],
    ['takes a time that is past as the first wait', nowMs - 10_000, 1_000],
    ['looks again within 65 minutes, whatever is named', nowMs + 10 ** 9, 65 * 60_000],
  ])('%s', (_, retryAtMs, waitMs) => {
    expect(at(1, 0, retryAtMs)).toBe(waitMs);
    expect(at(1, 1, retryAtMs)).toBe(waitMs + 1_000);
  });
});
