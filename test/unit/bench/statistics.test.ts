import { describe, expect, it } from 'vitest';
import { isWrong, timingOf, verdictOf } from '../../../bench/gate.ts';
import type { Paired, Sample } from '../../../bench/pairing/rounds.ts';
import { median, ratioOf } from '../../../bench/pairing/statistics.ts';

describe('median', () => {
  it.each([
    [[3], 3],
    [[9, 1, 5], 5],
    [[1, 2, 10, 4], 3],
    [[], Number.NaN],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe('ratioOf', () => {
  it('is the ratio where every round agrees, with an interval of nothing', () => {
    const { median: middle, low, high } = ratioOf([1, 2, 3].map((peer) => ({ product: peer / 4, peer })));
    for (const value of [middle, low, high]) expect(value).toBeCloseTo(0.25, 10);
  });

  it('weighs twice as slow and twice as fast alike', () => {
    expect(
      ratioOf([
        { product: 2, peer: 1 },
        { product: 1, peer: 2 },
      ]).median,
    ).toBeCloseTo(1, 10);
  });

  it('gives the same interval for the same rounds, around the median', () => {
    const pairs = Array.from({ length: 15 }, (_, index) => ({ product: 1 + (index % 4), peer: 10 }));
    const first = ratioOf(pairs);
    expect(ratioOf(pairs)).toEqual(first);
    expect(first.low).toBeLessThanOrEqual(first.median);
    expect(first.high).toBeGreaterThanOrEqual(first.median);
    expect(first.low).toBeGreaterThanOrEqual(0.1);
    expect(first.high).toBeLessThanOrEqual(0.4);
  });
});

describe('verdictOf', () => {
  it.each([
    [{ low: 0.1, median: 0.2, high: 0.9 }, 0.2, 'met'],
    [{ low: 0.2, median: 0.4, high: 0.9 }, 0.2, 'missed, in doubt'],
    [{ low: 0.22, median: 0.24, high: 0.9 }, 0.2, 'missed, in doubt'],
    [{ low: 0.24, median: 0.4, high: 0.9 }, 0.2, 'missed'],
    [{ low: 5, median: 6, high: 7 }, undefined, 'not gated'],
  ] as const)('of %j with target %s is %s', (ratio, target, expected) => {
    expect(verdictOf(ratio, target)).toBe(expected);
  });
});

describe('isWrong', () => {
  it.each([
    [{ counted: 2, expected: 2 }, false],
    [{ counted: 3, expected: 2 }, true],
    [{ counted: Number.NaN, expected: 2 }, true],
    [{ counted: 3, expected: undefined }, false],
  ])('%j: %s', (count, expected) => {
    expect(isWrong({ name: 'builds', ...count })).toBe(expected);
  });
});

describe('timingOf', () => {
  const sample = (wallMs: number, cpuMs: number, parts = {}): Sample => ({ wallMs, cpuMs, foreign: 0, parts });
  const paired: Paired = {
    name: 'check',
    product: 'check',
    peer: 'git and kustomize',
    rounds: [
      { product: sample(10, 5), peer: sample(40, 10, { fetch: 20 }) },
      { product: sample(30, 10), peer: sample(60, 20, { fetch: 30 }) },
    ],
    dropped: 1,
    loaded: 0,
  };

  it('compares wall time by rounds and processor time in all', () => {
    const timing = timingOf(paired, 0.5);
    expect(timing).toMatchObject({ productMs: 20, peerMs: 50, cpuRatio: 0.5, rounds: 2, dropped: 1, verdict: 'met' });
    expect(timing.ratio.median).toBeCloseTo(Math.sqrt(0.25 * 0.5), 10);
  });

  it('compares chosen parts under a name of their own', () => {
    const timing = timingOf(
      paired,
      undefined,
      ({ product, peer }) => ({ product: product.wallMs + (peer.parts['fetch'] ?? 0), peer: peer.wallMs }),
      'with the fetch',
    );
    expect(timing).toMatchObject({ name: 'with the fetch', productMs: 45, verdict: 'not gated' });
  });
});
