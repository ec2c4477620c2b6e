import { describe, expect, test } from 'vitest';
import { isRefName, parseRevision } from '../../../src/source/ref.ts';

describe('names of references', () => {
  test.each([
    'main',
    'feature/one',
    'refs/heads/main',
    'v1.0.0+build',
    'dependabot/npm_and_yarn/x-1.2',
    'a@b',
    '\u00fcber',
  ])('%s', (name) => {
    expect(isRefName(name)).toBe(true);
  });
  test.each([
    '',
    '-x',
    '@',
    'a..b',
    'a b',
    'a~1',
    'a^',
    'a:b',
    'a?',
    'a*',
    'a[',
    'a\\',
    '/a',
    'a/',
    'a//b',
    '.a',
    'a/.b',
    'a.lock',
    'a.lock/b',
    'a.',
    'a@{1}',
    'a\n',
    'a\u202eb',
    'x'.repeat(256),
  ])('%j is none', (name) => {
    expect(isRefName(name)).toBe(false);
  });
});

test.each([
  ['main', 'main', []],
  ['HEAD~2', 'HEAD', [0, 0]],
  ['HEAD^', 'HEAD', [0]],
  ['main^2~1', 'main', [1, 0]],
  ['abc~', 'abc', [0]],
  ['abc~0', 'abc', []],
])('%s', (text, name, steps) => {
  expect(parseRevision(text)).toEqual({ name, steps });
});
