import { expect, test } from 'vitest';
import { type SizedPack, worthMerging } from '../../../src/adapters/git/merge-packs.ts';

const mebibyte = 1024 * 1024;
const packs = (...sizes: number[]): SizedPack[] => sizes.map((bytes, at) => ({ name: `pack-${at}`, bytes }));
const same = (count: number, bytes: number): number[] => Array.from({ length: count }, () => bytes);
const chosen = (...sizes: number[]): number[] => worthMerging(packs(...sizes)).map(({ bytes }) => bytes);

test.each<[what: string, sizes: number[], merged: number[]]>([
  ['few are left', same(31, 10), []],
  ['many become one', same(32, 10), same(32, 10)],
  ['a large one is left', [10_000, ...same(31, 10)], same(31, 10)],
  ['one less than twice as large goes in', [600, ...same(31, 10)], [...same(31, 10), 600]],
  ['what is large itself does not count', [...same(40, 200 * mebibyte), ...same(31, 10)], []],
  ['not beyond what is joined at once', same(32, 50 * mebibyte), same(2, 50 * mebibyte)],
])('%s', (_, sizes, merged) => {
  expect(chosen(...sizes)).toEqual(merged);
});

test('a byte is copied as often as its logarithm', () => {
  let all: SizedPack[] = [];
  let copied = 0;
  let most = 0;
  for (let at = 0; at < 10_000; at++) {
    all.push({ name: `pack-${at}`, bytes: 1_000 });
    const merged = new Set(worthMerging(all));
    const bytes = [...merged].reduce((sum, one) => sum + one.bytes, 0);
    copied += bytes;
    if (merged.size > 0) all = [...all.filter((one) => !merged.has(one)), { name: `merged-${at}`, bytes }];
    most = Math.max(most, all.length);
  }
  expect(most).toBe(31);
  expect(copied / 10_000_000).toBeLessThan(10);
});
