// Version ranges as Flux reads them: Masterminds/semver v3.4 (constraints.go), whose ranges differ from npm's in what
// they say about prereleases, commas, `!=` and incomplete versions.
import semver, { type SemVer } from 'semver';
import { SluiceError } from '../errors.ts';
import { escapePath } from './name.ts';

const version = String.raw`v?([0-9xX*]+)(\.[0-9xX*]+)?(\.[0-9xX*]+)?(-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?`;
const operator = String.raw`!=|>=|=>|<=|=<|~>|=|>|<|~|\^|`;
const single = new RegExp(String.raw`^\s*(${operator})\s*${version}(?=[\s,]|$)`);
const hyphen = new RegExp(
  String.raw`(^|[\s,])(${version.replace(/\((?!\?)/g, '(?:')})\s+-\s+(${version.replace(/\((?!\?)/g, '(?:')})(?=[\s,]|$)`,
  'g',
);

interface Comparison {
  readonly operator: string;
  readonly at: SemVer;
  /** How many numbers were written before the first `x` or the end: 0 to 3. */
  readonly numbers: number;
}

/** Answers whether a version is in a range. */
export type Range = (candidate: SemVer) => boolean;

/**
 * Reads a range: comparisons with `=`, `!=`, `>`, `<`, `>=`, `<=`, `~`, `^`, wildcards (`1.x`, `*`) and `1.2 - 2.3`,
 * joined by spaces or commas (and) and `||` (or). Prereleases are in it only where a comparison of the same `||` part
 * names one.
 *
 * @throws SluiceError `fleet.source` where it cannot be read
 */
export function parseRange(text: string): Range {
  if (text.length > 256) throw improper(text);
  const groups = text.split('||').map((group) => parseGroup(text, group));
  return (candidate) =>
    groups.some((group) => {
      const prereleases = group.some(({ at }) => at.prerelease.length > 0);
      return (prereleases || candidate.prerelease.length === 0) && group.every((one) => matches(candidate, one));
    });
}

function parseGroup(text: string, group: string): Comparison[] {
  let rest = group.replace(hyphen, (_all, before: string, from: string, to: string) => `${before}>=${from} <=${to}`);
  if (rest.trim() === '') throw improper(text);
  const found: Comparison[] = [];
  while (rest.trim() !== '') {
    const match = single.exec(rest);
    if (match === null) throw improper(text);
    found.push(comparison(text, match));
    rest = rest.slice(match[0].length).replace(/^\s*,?/, '');
  }
  return found;
}

function comparison(text: string, [, written = '', ...parts]: RegExpExecArray): Comparison {
  const numbers = parts.slice(0, 3).map((part) => part?.replace('.', ''));
  const wild = numbers.findIndex((part) => part === undefined || /^[xX*]$/.test(part));
  const known = wild < 0 ? 3 : wild;
  const values = numbers.map((part, at) => (at < known ? Number(part) : 0));
  if (values.some((value) => !Number.isSafeInteger(value))) throw improper(text);
  const at = semver.parse(`${values.join('.')}${parts[3] ?? ''}`);
  if (at === null) throw improper(text);
  return { operator: written, at, numbers: known };
}

type Test = (candidate: SemVer, one: Comparison, order: number) => boolean;

// Each follows the function of the same meaning in constraints.go; `order` compares the candidate with the version.
const tests: Readonly<Record<string, Test>> = {
  '!=': notEqual,
  '>': greater,
  '<': (_candidate, _one, order) => order < 0,
  '>=': (_candidate, _one, order) => order >= 0,
  '=>': (_candidate, _one, order) => order >= 0,
  '<=': lessOrEqual,
  '=<': lessOrEqual,
  '^': caret,
  '~': tilde,
  '~>': tilde,
  '=': (candidate, one, order) => (one.numbers === 3 ? order === 0 : tilde(candidate, one, order)),
};

function matches(candidate: SemVer, one: Comparison): boolean {
  return tests[one.operator || '=']?.(candidate, one, semver.compare(candidate, one.at)) === true;
}

function notEqual(candidate: SemVer, { at, numbers }: Comparison, order: number): boolean {
  if (numbers === 3 || numbers === 0) return order !== 0;
  if (!samePrefix(candidate, at, numbers)) return true;
  return numbers === 2 && candidate.prerelease.join('.') !== at.prerelease.join('.');
}

function samePrefix(candidate: SemVer, at: SemVer, numbers: number): boolean {
  if (numbers > 0 && candidate.major !== at.major) return false;
  if (numbers > 1 && candidate.minor !== at.minor) return false;
  return numbers < 3 || candidate.patch === at.patch;
}

function greater(candidate: SemVer, { at, numbers }: Comparison, order: number): boolean {
  if (numbers === 3) return order > 0;
  if (candidate.major !== at.major) return candidate.major > at.major;
  if (numbers === 1) return false;
  return numbers === 2 ? candidate.minor > at.minor : order > 0;
}

function lessOrEqual(candidate: SemVer, { at, numbers }: Comparison, order: number): boolean {
  if (numbers === 3) return order <= 0;
  if (candidate.major !== at.major) return candidate.major < at.major;
  return numbers === 1 || candidate.minor <= at.minor;
}

function tilde(candidate: SemVer, { at, numbers }: Comparison, order: number): boolean {
  if (order < 0) return false;
  // `~0.0.0` and `~*` take everything from there on.
  if ((numbers === 0 || numbers === 3) && at.major === 0 && at.minor === 0 && at.patch === 0) return true;
  return candidate.major === at.major && (numbers < 2 || candidate.minor === at.minor);
}

function caret(candidate: SemVer, { at, numbers }: Comparison, order: number): boolean {
  if (order < 0) return false;
  if (at.major > 0 || numbers === 1) return candidate.major === at.major;
  if (candidate.major > 0) return false;
  if (at.minor > 0 || numbers === 2) return candidate.minor === at.minor;
  return candidate.minor === 0 && candidate.patch === at.patch;
}

function improper(text: string): SluiceError {
  return new SluiceError('fleet.source', `"${escapePath(text)}" is not a version range`, {
    remedy: 'Write a range such as ">=1.2.0 <2.0.0", "1.x" or "^1.4".',
  });
}

/**
 * A tag as a version, as Flux reads it: three numbers, an optional `v`, leading zeros allowed. Undefined for others.
 */
export function parseTagVersion(tag: string): SemVer | undefined {
  const match = /^v?(\d{1,15})\.(\d{1,15})\.(\d{1,15})((?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/.exec(tag);
  if (match === null) return undefined;
  const [, major, minor, patch, rest] = match;
  return semver.parse(`${Number(major)}.${Number(minor)}.${Number(patch)}${rest ?? ''}`) ?? undefined;
}

/**
 * Tags in a range, the highest version first. Versions that only differ in build metadata are equal; `time` orders
 * those (newest first), then the name does (bytewise, last first).
 */
export function tagsInRange(tags: readonly string[], range: Range): readonly { tag: string; version: SemVer }[] {
  return tags
    .flatMap((tag) => {
      const found = parseTagVersion(tag);
      return found !== undefined && range(found) ? [{ tag, version: found }] : [];
    })
    .sort((one, other) => semver.compare(other.version, one.version) || (one.tag < other.tag ? 1 : -1));
}
