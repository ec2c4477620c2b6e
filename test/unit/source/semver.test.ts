import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { parseRange, parseTagVersion, tagsInRange } from '../../../src/source/semver.ts';

const tags = [
  'v0.2.3',
  '0.3.0',
  '1.0.0',
  'v1.2.3',
  'v1.2.4-rc.1',
  '1.3.0',
  '2.0.0-alpha',
  'v2.0.0',
  '2.1.0',
  '3.0.0',
  'main',
  'v1',
  '1.2',
  'x1.0.0',
];

/** Answers of Masterminds/semver 3.4.0. */
const expected: readonly (readonly [string, string])[] = [
  ['*', '3.0.0 2.1.0 v2.0.0 1.3.0 v1.2.3 1.0.0 0.3.0 v0.2.3'],
  ['1', '1.3.0 v1.2.3 1.0.0'],
  ['1.x', '1.3.0 v1.2.3 1.0.0'],
  ['1.2', 'v1.2.3'],
  ['1.2.3', 'v1.2.3'],
  ['!=1.2.3', '3.0.0 2.1.0 v2.0.0 1.3.0 1.0.0 0.3.0 v0.2.3'],
  ['!=1.x', '3.0.0 2.1.0 v2.0.0 0.3.0 v0.2.3'],
  ['>1', '3.0.0 2.1.0 v2.0.0'],
  ['>1.2', '3.0.0 2.1.0 v2.0.0 1.3.0'],
  ['<=1', '1.3.0 v1.2.3 1.0.0 0.3.0 v0.2.3'],
  ['>=1.0.0 <2.0.0', '1.3.0 v1.2.3 1.0.0'],
  ['>=1.0.0, <2.0.0', '1.3.0 v1.2.3 1.0.0'],
  ['>=1.0.0-0 <2.0.0-0', '1.3.0 v1.2.4-rc.1 v1.2.3 1.0.0'],
  ['>=1.2.4-0', '3.0.0 2.1.0 v2.0.0 2.0.0-alpha 1.3.0 v1.2.4-rc.1'],
  ['~1.2', 'v1.2.3'],
  ['^1.2', '1.3.0 v1.2.3'],
  ['^0.2', 'v0.2.3'],
  ['~> 1.2', 'v1.2.3'],
  ['1.0 - 2.0', 'v2.0.0 1.3.0 v1.2.3 1.0.0'],
  ['<1 || 3.x', '3.0.0 0.3.0 v0.2.3'],
  ['>9', ''],
];

describe('ranges', () => {
  test.each(expected)('%s', (range, found) => {
    expect(
      tagsInRange(tags, parseRange(range))
        .map(({ tag }) => tag)
        .join(' '),
    ).toBe(found);
  });

  test.each([
    '',
    ' ',
    'latest',
    '>',
    '1.2.3.4',
    '1 ||',
    '>= 1.0.0 and < 2',
    '^^1',
    `>=1.0.0${' '.repeat(300)}`,
    `${'9'.repeat(40)}.0.0`,
  ])('%j is none', (range) => {
    let error: unknown;
    try {
      parseRange(range);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe('fleet.source');
  });
});

test('equal versions are ordered whatever order they come in', () => {
  const equal = ['1.0.0+b', 'v1.0.0', '1.0.0+a', '1.0.0'];
  const any = parseRange('*');
  const order = tagsInRange(equal, any).map(({ tag }) => tag);
  expect(tagsInRange(equal.toReversed(), any).map(({ tag }) => tag)).toEqual(order);
});

test('tags are versions with three numbers', () => {
  expect(parseTagVersion('v2025.02.03-rc.1')?.version).toBe('2025.2.3-rc.1');
  for (const tag of ['1.2', 'v1', 'release-1.2.3', '1.2.3.4', '', 'vv1.2.3'])
    expect(parseTagVersion(tag)).toBeUndefined();
});
