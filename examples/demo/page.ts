// What the demo writes, and how wide.
import { styleText } from 'node:util';

const { stdout } = process;

/** Standard output is a terminal that wants colour. */
export const colour = stdout.isTTY && process.env['NO_COLOR'] === undefined;
export const width = Math.max(60, Math.min(stdout.columns || 100, 100));

export function say(line = ''): void {
  stdout.write(`${line}\n`);
}

export function bold(text: string): string {
  return styleText('bold', text);
}

export function dim(text: string): string {
  return styleText('dim', text);
}

/** Columns as wide as their widest cell, the first row their titles. */
export function writeTable(rows: readonly (readonly string[])[]): void {
  const [first = []] = rows;
  const widths = first.map((_title, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    say(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}
