import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, intervalWithJitter, oneYearMs, parseDuration } from '../../../src/flux/duration.ts';

describe('parseDuration', () => {
  it.each<[string, number]>([
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1h0m0s', 3_600_000],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['0.4ms', 0],
    ['0s', 0],
    ['1m1m', 120_000],
    ['30s1h', 3_630_000],
    ['8760h', oneYearMs],
    ['007m', 420_000],
    [`${'0'.repeat(62)}1s`, 1_000],
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each([
    ['nothing', ''],
    ['a bare number', '0'],
    ['a sign', '-1s'],
    ['a plus', '+1s'],
    ['nanoseconds', '1ns'],
    ['microseconds', '1µs'],
    ['an exponent', '1e9h'],
    ['ISO 8601', 'P1D'],
    ['days', '1d'],
    ['a fraction without digits', '1.s'],
    ['a fraction without a whole', '.5s'],
    ['spaces', '1h 30m'],
    ['a space before', ' 1h'],
    ['a line feed after', '1h\n'],
    ['other digits', '١h'],
    ['upper case', '1H'],
    ['over a year', '8760h1ms'],
    ['more than 64 characters', `${'0'.repeat(63)}1s`],
    ['far over a year', `${'9'.repeat(60)}h`],
    ['a megabyte', '1h'.repeat(500_000)],
    ['a megabyte that almost is one', '1'.repeat(1_000_000)],
  ])('takes no %s', (_title, text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each<[number, string]>([
    [0, '0s'],
    [0.000_25, '250ns'],
    [0.001, '1µs'],
    [0.25, '250µs'],
    [1, '1ms'],
    [1.5, '1.5ms'],
    [12.345_678, '12.345678ms'],
    [999.999_999, '999.999999ms'],
    [1_000, '1s'],
    [3_200, '3.2s'],
    [60_000, '1m0s'],
    [90_500, '1m30.5s'],
    [3_600_000, '1h0m0s'],
    [5_400_001, '1h30m0.001s'],
    [oneYearMs, '8760h0m0s'],
    [-5, '0s'],
    [Number.NaN, '0s'],
    [Number.POSITIVE_INFINITY, '0s'],
  ])('prints %d ms as Go does: %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });

  it('gives what parseDuration reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: oneYearMs }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
  });
});

it('puts an interval up to five percent off, either way', () => {
  expect(intervalWithJitter(600_000, 0)).toBe(570_000);
  expect(intervalWithJitter(600_000, 0.5)).toBe(600_000);
  expect(intervalWithJitter(600_000, 0.999_999)).toBeLessThanOrEqual(630_000);
});
