import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { isWithin, joinPath, normalizePath, parentPath } from '../../../src/source/paths.ts';

describe('normalizePath', () => {
  test.each([
    ['', ''],
    ['.', ''],
    ['./', ''],
    ['/', ''],
    ['./clusters/x/', 'clusters/x'],
    ['clusters//x/./y', 'clusters/x/y'],
    ['a/b/../c', 'a/c'],
    ['a/..', ''],
    ['/apps', 'apps'],
  ])('%j is %j', (path, clean) => {
    expect(normalizePath(path)).toBe(clean);
  });

  test.each(['..', '../x', 'a/../../b', './..', '/..', 'a\\b', 'a\u0000b', 'a\nb'])('%j is refused', (path) => {
    let error: unknown;
    try {
      normalizePath(path);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe('source.name');
    expect((error as SluiceError).message).not.toContain('\n');
  });
});

test('paths are joined and taken apart', () => {
  expect(joinPath('', 'a')).toBe('a');
  expect(joinPath('a', '')).toBe('a');
  expect(joinPath('a/b', 'c')).toBe('a/b/c');
  expect(parentPath('a/b/c')).toBe('a/b');
  expect(parentPath('a')).toBe('');
  expect(isWithin('a/b', 'a')).toBe(true);
  expect(isWithin('ab', 'a')).toBe(false);
  expect(isWithin('x', '')).toBe(true);
});
