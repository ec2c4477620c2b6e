// The difference of two printed manifests as text, in bounded time and of bounded size whatever the input is.
import { diffArrays } from 'diff';
import { visible } from './visible.ts';
import type { YamlLine, YamlPath } from './yaml.ts';

/** Effort that the diffs of one review may still spend; beyond it they get coarser, never slower. */
export interface DiffEffort {
  remaining: number;
}

/** Returns the effort for one review: enough for some thousand ordinary objects, spent in about a second. */
export function newEffort(): DiffEffort {
  return { remaining: 4_000_000 };
}

const context = 3;
const mostEdits = 600;
const mostLines = 2_000;
const mostCharacters = 131_072;
const longestLine = 400;

interface Row {
  readonly sign: ' ' | '-' | '+';
  readonly line: YamlLine;
  /** The line on the other side that this one stands in for, so that a cut keeps the place where they differ. */
  readonly partner?: YamlLine;
}

/**
 * Returns a unified diff: lines that open with a space, `-` or `+`, three lines of context, and before each hunk the
 * path of what changed in it, `@@ spec.template.spec.containers[web] @@`. An object that is new or gone has no hunk
 * headers. Lines over 400 characters are cut around the first difference and say how long they are; after 2,000 lines
 * or 131,072 characters one line that opens with `\` says how many more there are. Equal input gives `''`.
 */
export function unifiedDiff(base: readonly YamlLine[], head: readonly YamlLine[], effort: DiffEffort): string {
  const rows = align(base, head, effort);
  if (base.length === 0 || head.length === 0) return printed([rows]);
  return printed(hunks(rows), headerOf);
}

function align(base: readonly YamlLine[], head: readonly YamlLine[], effort: DiffEffort): Row[] {
  const shorter = Math.min(base.length, head.length);
  let start = 0;
  while (start < shorter && base[start]?.text === head[start]?.text) start += 1;
  let end = 0;
  while (end < shorter - start && base.at(-1 - end)?.text === head.at(-1 - end)?.text) end += 1;
  const middle = alignMiddle(base.slice(start, base.length - end), head.slice(start, head.length - end), effort);
  return [...same(head.slice(0, start)), ...middle, ...same(end === 0 ? [] : head.slice(-end))];
}

function alignMiddle(base: readonly YamlLine[], head: readonly YamlLine[], effort: DiffEffort): Row[] {
  if (base.length === 0 || head.length === 0) return replaced(base, head);
  const maxEditLength = Math.min(mostEdits, Math.floor(Math.sqrt(Math.max(0, effort.remaining))));
  const parts = diffArrays(
    base.map(({ text }) => text),
    head.map(({ text }) => text),
    { maxEditLength },
  );
  const edits = parts?.reduce((sum, part) => sum + (part.added || part.removed ? part.count : 0), 0) ?? maxEditLength;
  effort.remaining -= edits * edits + base.length + head.length;
  if (parts === undefined) return replaced(base, head);
  const rows: Row[] = [];
  let [before, after] = [0, 0];
  for (const [index, part] of parts.entries()) {
    if (part.removed) {
      const next = parts[index + 1];
      const added = next?.added === true ? next.count : 0;
      rows.push(...replaced(base.slice(before, before + part.count), head.slice(after, after + added)));
      before += part.count;
      after += added;
    } else if (part.added) {
      if (parts[index - 1]?.removed === true) continue;
      rows.push(...replaced([], head.slice(after, after + part.count)));
      after += part.count;
    } else {
      rows.push(...same(head.slice(after, after + part.count)));
      before += part.count;
      after += part.count;
    }
  }
  return rows;
}

function same(lines: readonly YamlLine[]): Row[] {
  return lines.map((line) => ({ sign: ' ', line }));
}

function replaced(base: readonly YamlLine[], head: readonly YamlLine[]): Row[] {
  return [...signed('-', base, head), ...signed('+', head, base)];
}

function signed(sign: '-' | '+', lines: readonly YamlLine[], others: readonly YamlLine[]): Row[] {
  return lines.map((line, index) => {
    const partner = others[index];
    return partner === undefined ? { sign, line } : { sign, line, partner };
  });
}

function* hunks(rows: readonly Row[]): Generator<readonly Row[]> {
  let from = -1;
  let until = -1;
  for (const [index, row] of rows.entries()) {
    if (row.sign === ' ') continue;
    if (from !== -1 && index - context > until) {
      yield rows.slice(from, until);
      from = -1;
    }
    if (from === -1) from = Math.max(0, index - context);
    until = index + context + 1;
  }
  if (from !== -1) yield rows.slice(from, until);
}

// The deepest place that holds all changes of a hunk, or its top-level keys where that is the root.
function headerOf(hunk: readonly Row[]): string {
  const changed = hunk
    .filter(({ sign }) => sign !== ' ')
    .slice(0, mostLines)
    .map(({ line }) => chain(line.path));
  let common = changed[0]?.slice(0, -1) ?? [];
  for (const path of changed) {
    let shared = 0;
    while (shared < common.length && shared < path.length - 1 && label(common[shared]) === label(path[shared]))
      shared += 1;
    common = common.slice(0, shared);
  }
  if (common.length > 0) return cut(showPath(common), 200);
  const keys = [...new Set(changed.map((path) => showPath(path.slice(0, 1))))];
  return cut(keys.slice(0, 3).join(', ') + (keys.length > 3 ? ', …' : ''), 200);
}

function chain(path: YamlPath): YamlPath[] {
  const steps: YamlPath[] = [];
  for (let step: YamlPath | undefined = path; step !== undefined; step = step.parent) steps.unshift(step);
  return steps;
}

function label(step: YamlPath | undefined): string {
  return step === undefined ? '' : `${typeof step.key}:${step.name ?? step.key}`;
}

function showPath(steps: readonly YamlPath[]): string {
  let result = '';
  for (const { key, name } of steps) {
    if (typeof key === 'number') result += `[${visible(cut(name ?? String(key), 60))}]`;
    else if (/^[\w/-]{1,80}$/.test(key)) result += result === '' ? key : `.${key}`;
    else result += `["${visible(cut(key, 80))}"]`;
  }
  return result;
}

function print({ sign, line, partner }: Row): string {
  return sign + cutLine(line.text, partner?.text);
}

function cutLine(text: string, partner: string | undefined): string {
  if (text.length <= longestLine) return visible(text, '\t');
  const length = `(${text.length.toLocaleString('en-US')} characters)`;
  let differ = 0;
  if (partner !== undefined) while (differ < text.length && text[differ] === partner[differ]) differ += 1;
  if (differ < 240) return `${visible(text.slice(0, 300), '\t')}… ${length}`;
  return `${visible(text.slice(0, 80), '\t')}…${visible(text.slice(differ - 40, differ + 180), '\t')}… ${length}`;
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function printed(parts: Iterable<readonly Row[]>, header?: (part: readonly Row[]) => string): string {
  const lines: string[] = [];
  let characters = 0;
  let left = 0;
  const push = (text: () => string): void => {
    if (left === 0 && lines.length < mostLines) {
      const line = text();
      characters += line.length + 1;
      if (characters <= mostCharacters) {
        lines.push(line);
        return;
      }
    }
    left += 1;
  };
  for (const part of parts) {
    if (header !== undefined) push(() => `@@ ${header(part)} @@`);
    for (const row of part) push(() => print(row));
  }
  if (left > 0) lines.push(`\\ ${left.toLocaleString('en-US')} more lines of this diff are not shown`);
  return lines.join('\n');
}
