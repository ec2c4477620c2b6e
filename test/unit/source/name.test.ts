import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareNames, escapePath, foldName, isGoodName, nameKey } from '../../../src/source/name.ts';

const key = (name: string | readonly number[]): string => nameKey(Buffer.from(name as string));

describe('names', () => {
  test.each([
    'app.yaml',
    '.sourceignore',
    '.gitignore',
    '_base',
    'a b',
    '\u4e2d\u6587.yaml',
    'a\u0301',
    '\u{1f600}',
    'a:b',
    '.github',
    'git~2',
    '...a',
  ])('%j is good', (name) => {
    expect(key(name)).toBe(name);
    expect(isGoodName(key(name))).toBe(true);
  });

  const bad = [
    '',
    '.',
    '..',
    '...',
    '.git',
    '.GIT',
    '.git.',
    '.git ',
    'git~1',
    '.git:x',
    '-x',
    'a ',
    'a.',
    'a/b',
    'a\\b',
    'a\u0000',
    'a\u007f',
    'a\u0085',
    'a\u200b',
    'a\u202e',
    'a\u2066',
    '\ufeffa',
    '\uff0egit',
    'x'.repeat(256),
  ];
  test.each(bad)('%j is refused', (name) => {
    expect(isGoodName(key(name))).toBe(false);
  });

  test('bytes that are not UTF-8 keep apart', () => {
    expect(key([0x61, 0xff])).toBe('a\\xff');
    expect(key([0x61, 0xfe])).toBe('a\\xfe');
    expect(isGoodName(key([0xff]))).toBe(false);
  });

  test('a key holds no separator and nothing invisible, and a refused name never is a path', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const made = nameKey(bytes);
        expect(made).not.toMatch(/[/\p{Cc}\p{Cf}]/u);
        expect(['', '.', '..']).not.toContain(made);
      }),
    );
  });

  test.each([
    ['A.yaml', 'a.yaml'],
    ['caf\u00e9', 'cafe\u0301'],
    ['STRASSE', 'stra\u00dfe'],
    ['\u03a3', '\u03c2'],
  ])('%j and %j fold together', (one, other) => {
    expect(foldName(one)).toBe(foldName(other));
  });
});

test('names are ordered as their bytes are', () => {
  const characters = fc.constantFrom(
    'a',
    'b',
    '/',
    '-',
    '\u00e9',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
    '\u{10ffff}',
  );
  const name = fc.array(characters, { maxLength: 6 }).map((some) => some.join(''));
  fc.assert(
    fc.property(name, name, (one, other) => {
      expect(Math.sign(compareNames(one, other))).toBe(Buffer.compare(Buffer.from(one), Buffer.from(other)));
    }),
  );
});

test.each([
  ['a/b.yaml', 'a/b.yaml'],
  ['a\nb', 'a\\x0ab'],
  ['\u001b[31m', '\\x1b[31m'],
  ['\u202e', '\\u{202e}'],
  ['a\\b', 'a\\\\b'],
  ['x'.repeat(400), `${'x'.repeat(300)}…`],
])('%j is shown as %j', (path, shown) => {
  expect(escapePath(path)).toBe(shown);
});
