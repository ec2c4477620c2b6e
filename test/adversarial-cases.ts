// Which tests meet which of the adversarial cases: those whose titles begin with the case's number, and those that are named.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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
export function titlesIn(file: string): readonly string[] {
  const text = readFileSync(join(here, file), 'utf8').replace(/^\s*\/\/.*$/gm, '');
  if (/\b(?:test|it|describe)\.(?:skip|only|todo|fails|runIf|skipIf)\b/.test(text))
    throw new Error(`not every test of ${file} runs`);
  return [...text.matchAll(title)].map(([, one, two, three]) => one ?? two ?? three ?? '');
}

/** Returns the numbers with which titles in folders below `test/` begin: `171, 239: …`, `144 146 …`. */
export function casesIn(...folders: readonly string[]): ReadonlySet<number> {
  const files = folders.flatMap((folder) =>
    readdirSync(join(here, folder))
      .filter((name) => /\.(?:test|cases)\.ts$/.test(name) && name !== 'coverage.test.ts')
      .map((name) => join(folder, name)),
  );
  const numbers = files.flatMap(titlesIn).map((one) => /^(?:\d{3}(?:, | |(?=:)|$))+/.exec(one)?.[0] ?? '');
  return new Set(numbers.flatMap((text) => text.match(/\d{3}/g) ?? []).map(Number));
}

/** Returns those that are not there. */
export function missing(named: readonly NamedTest[]): readonly NamedTest[] {
  return named.filter(([file, words]) => !titlesIn(file).some((one) => one.includes(words)));
}
