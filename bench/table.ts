// The tables at the end of a run.
import type { Count, Timing } from './gate.ts';
import { isWrong } from './gate.ts';

export function timingTable(timings: readonly Timing[]): string {
  const head = ['measured', 'against', 'theirs', 'ours', 'ratio (95 %)', 'target', 'processor', 'rounds', ''];
  const rows = timings.map((one) => [
    one.name,
    one.peer,
    milliseconds(one.peerMs),
    milliseconds(one.productMs),
    `${share(one.ratio.median)} (${share(one.ratio.low)}–${share(one.ratio.high)})`,
    one.target === undefined ? '' : `≤ ${share(one.target)}`,
    share(one.cpuRatio),
    `${one.rounds}${one.dropped === 0 ? '' : `, ${one.dropped} redone`}${one.loaded === 0 ? '' : `, ${one.loaded} loaded`}`,
    one.verdict,
  ]);
  return table([head, ...rows]);
}

export function countTable(counts: readonly Count[]): string {
  const head = ['counted', '', 'must be', ''];
  const rows = counts.map((one) => [
    one.name,
    `${round(one.counted)}${one.unit === undefined ? '' : ` ${one.unit}`}`,
    bound(one),
    verdict(one),
  ]);
  return table([head, ...rows]);
}

function bound({ expected, most, least }: Count): string {
  if (expected !== undefined) return String(expected);
  if (most !== undefined) return `≤ ${most}`;
  return least === undefined ? '' : `≥ ${least}`;
}

function verdict(one: Count): string {
  if (one.expected === undefined && one.most === undefined && one.least === undefined) return 'told';
  return isWrong(one) ? 'WRONG' : 'met';
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const [head = [], ...rest] = rows;
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rest.map(line), ''].join('\n');
}

function milliseconds(ms: number): string {
  return `${ms >= 100 ? ms.toFixed(0) : ms.toPrecision(2)} ms`;
}

function share(ratio: number): string {
  return ratio >= 0.1 ? ratio.toFixed(2) : ratio.toFixed(3);
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
