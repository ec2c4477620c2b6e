// Which tests meet which of the adversarial cases: those whose titles begin with the case's number, and those that are named.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** A file below `test/`, and words of a title in it. */
export type NamedTest = readonly [file: string, words: string];

const here = dirname(fileURLToPath(import.meta.url));
/** First arguments of what makes tests or groups of them, `.each(…)(…)` among them, and what begins a row of a table. */
const title =
  /(?:\b(?:test|it|describe|contract|faulty)(?:\.concurrent)?\(|\)\(|^\s*\[)\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|`((?:\\.|[^`\\])*)`)/gm;

/**
 * Returns the titles of the tests in a file below `test/`, of their groups and of the rows of their tables, as they are
 * written.
 *
 * @throws Error where some of them do not run
 */
function titlesIn(file: string): readonly string[] {
  const text = readFileSync(join(here, file), 'utf8').replace(/^\s*\/\/.*$/gm, '');
  if (/\b(?:test|it|describe)\.(?:skip|only|todo|fails|runIf|skipIf)\b/.test(text))
    throw new Error(`not every test of ${file} runs`);
  return [...text.matchAll(title)].map(([, one, two, three]) => one ?? two ?? three ?? '');
}

/** Returns the numbers with which titles in folders below `test/` begin: `171, 239: …`, `144 146 …`. */
function casesIn(...folders: readonly string[]): ReadonlySet<number> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(here, folder))
      .filter((name) => /\.(?:test|cases)\.ts$/.test(name) && name !== 'coverage.test.ts')
      .map((name) => join(folder, name)),
  );
  const numbers = files.flatMap(titlesIn).map((one) => /^(?:\d{3}(?:, | |(?=:)|$))+/.exec(one)?.[0] ?? '');
  return new Set(numbers.flatMap((text) => text.match(/\d{3}/g) ?? []).map(Number));
}

/** Returns those that are not there. */
function missing(named: readonly NamedTest[]): readonly NamedTest[] {
  return named.filter(([file, words]) => !titlesIn(file).some((one) => one.includes(words)));
}

export interface CaseMap {
  /** The ids of each group; the list has gaps. */
  readonly groups: Readonly<Record<string, readonly number[]>>;
  /** Folders below `test/` where titles begin with the number of a case. */
  readonly folders: readonly string[];
  /** Tests that meet a case, or a part of it, under a title of their own. */
  readonly named: Readonly<Record<number, readonly NamedTest[]>>;
  /** Cases that no test here meets, and where or why. */
  readonly elsewhere?: Readonly<Record<number, string>>;
  /** Cases that are met here but for a part, and where or why. */
  readonly partly?: Readonly<Record<number, string>>;
}

/** Makes the tests of a map: one that is not whole, or not true, fails. */
export function testMap({ groups, folders, named, elsewhere = {}, partly = {} }: CaseMap): void {
  const met = new Set([...casesIn(...folders), ...Object.keys(named).map(Number)]);

  test.each(Object.entries(named))('%s is met by the tests that are named', (_id, tests) => {
    expect(missing(tests)).toEqual([]);
  });

  test.each(Object.entries(groups))('group %s', (_group, ids) => {
    expect(ids.filter((id) => !met.has(id) && !(id in elsewhere))).toEqual([]);
    expect(ids.filter((id) => met.has(id) && id in elsewhere)).toEqual([]);
  });

  test('nothing is named, and no reason given, for a case that is not listed', () => {
    const listed = new Set(Object.values(groups).flat());
    const spoken = [named, elsewhere, partly].flatMap((some) => Object.keys(some).map(Number));
    expect(spoken.filter((id) => !listed.has(id))).toEqual([]);
    const parts = Object.keys(partly).map(Number);
    expect(parts.filter((id) => !met.has(id))).toEqual([]);
  });
}
