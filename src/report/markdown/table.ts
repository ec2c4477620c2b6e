// GitHub Markdown tables whose cells hold hostile text, and links that only ever point at our own choice of address.
import { codeSpan, isRepositoryPath, markdown } from '../escape.ts';
import { fileAndLine } from '../headline.ts';
import { counted, type Words } from '../words.ts';

/** Prints a table. Cells are Markdown already escaped for cells; an empty cell shows as nothing. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)].join('\n');
}

/**
 * Prints at most `most` rows of a table and, where there are more, a line below that says how many and of what:
 * `4,900 more violations are not shown here.` No rows at all leave that line alone.
 */
export function shortTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { most, of, all = rows.length }: { readonly most: number; readonly of: string; readonly all?: number },
): string {
  const shown = rows.slice(0, most);
  const left = all - shown.length;
  const note = left === 0 ? [] : [`*${counted(left, `more ${of}`)} ${left === 1 ? 'is' : 'are'} not shown here.*`];
  return [...(shown.length > 0 ? [table(header, shown)] : []), ...note].join('\n\n');
}

/** Renders words for a cell. */
export function cell(words: Words): string {
  return markdown(words, 'cell');
}

/** Puts parts of a cell on lines of their own; empty parts are left out. */
export function stacked(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('<br>');
}

/** Gives the address of a file at a line, or undefined where it may not be linked. */
export type SourceLink = (file: string, line: number | null) => string | undefined;

/**
 * Returns links below a folder address such as `https://github.com/acme/k8s/blob/<commit>`; every part of a path is
 * percent-encoded, and a path that leaves the repository gets no link.
 */
export function linksBelow(address: string): SourceLink {
  return (file, line) => {
    if (!isRepositoryPath(file)) return undefined;
    const path = file.split('/').map((part) => encodeURIComponent(part).replaceAll(/[()!'*~]/g, percent));
    return `${address}/${path.join('/')}${line === null ? '' : `#L${line}`}`;
  };
}

function percent(character: string): string {
  return `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`;
}

/** `file:line` as code, linked where there is an address; `''` where no file stands behind. */
export function sourceCell(
  at: { readonly file: string | null; readonly line: number | null },
  link?: SourceLink,
): string {
  if (at.file === null) return '';
  const shown = codeSpan(fileAndLine(at.file, at.line), 'cell');
  const address = link?.(at.file, at.line);
  return address === undefined ? shown : `[${shown}](${address})`;
}
