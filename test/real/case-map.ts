// Which test meets which case of the list of adversarial cases: each case stands in a test's title, is met by tests that are
// named, or has a reason. A map that is not true fails.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

export interface CaseMap {
  /** The ids of each group; the list has gaps. */
  readonly groups: Readonly<Record<string, readonly number[]>>;
  /** Folders below `test/` of whose tests the titles begin with ids: `269: the store …`, `316 a pack …`, `171, 239: …`. */
  readonly titled: readonly string[];
  /** Tests that meet a case and do not say its id: the file below `test/`, and words of the title. */
  readonly named: Readonly<Record<number, readonly (readonly [file: string, words: string])[]>>;
  /** Cases that no test here meets, and where or why. */
  readonly elsewhere: Readonly<Record<number, string>>;
  /** Cases that are met here but for a part, and where or why. */
  readonly partly: Readonly<Record<number, string>>;
}

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Ids at the beginning of titles in a folder's tests, and in what they are made of (`*.cases.ts`). */
function idsIn(folder: string): readonly number[] {
  const files = readdirSync(join(root, folder)).filter((name) => /\.(?:test|cases)\.ts$/.test(name));
  return files.flatMap((name) => {
    const text = readFileSync(join(root, folder, name), 'utf8');
    const titles = [...text.matchAll(/['"`](\d{3}(?:,? \d{3})*)(?=[: '"`%])/g)];
    return titles.flatMap(([, ids = '']) => ids.split(/,? /).map(Number));
  });
}

/** True where a line that is no comment has the words in quotes. */
function hasTitle(file: string, words: string): boolean {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  return lines.some((line) => {
    const at = line.indexOf(words);
    return at > 0 && /['"`]/.test(line.slice(0, at)) && !/^\s*(?:\/\/|\*|\/\*)/.test(line);
  });
}

/** Makes the tests of a map. */
export function testMap({ groups, titled, named, elsewhere, partly }: CaseMap): void {
  const met = new Set([...titled.flatMap(idsIn), ...Object.keys(named).map(Number)]);

  test.each(Object.entries(named))('%s is met by the tests that are named', (_id, tests) => {
    expect(tests.filter(([file, words]) => !hasTitle(file, words))).toEqual([]);
  });

  test.each(Object.entries(groups))('group %s', (_group, ids) => {
    expect(ids.filter((id) => !met.has(id) && !(id in elsewhere))).toEqual([]);
    expect(ids.filter((id) => met.has(id) && id in elsewhere)).toEqual([]);
  });

  test('no reason is about a case that is not listed', () => {
    const listed = new Set(Object.values(groups).flat());
    const spoken = [named, elsewhere, partly].flatMap((some) => Object.keys(some).map(Number));
    expect(spoken.filter((id) => !listed.has(id))).toEqual([]);
    const parts = Object.keys(partly).map(Number);
    expect(parts.filter((id) => !met.has(id))).toEqual([]);
  });
}
