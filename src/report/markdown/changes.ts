// The changes of the comment: folded diffs, or rows of a table where there is no room for them.
import { fenced, html } from '../escape.ts';
import { clusterWords, lineCounts } from '../findings.ts';
import { actionWords, symbolOf } from '../headline.ts';
import type { Report, ReportChange } from '../report.ts';
import { code, counted, prose, type Words } from '../words.ts';
import { cell, type SourceLink, shortTable, sourceCell, stacked } from './table.ts';

/** Longest diff of one object once room is short (bytes of Markdown, lines); beyond it stands the count alone. */
export const diffCap = { bytes: 6_144, lines: 120 } as const;

/** Returns one change as a folded block with its diff. */
export function changeDetails(change: ReportChange, report: Report, link?: SourceLink): string {
  const summary: Words = [
    `${symbolOf(change.risk)} ${change.risk} · `,
    code(change.object),
    ` · ${actionWords[change.action]}`,
    ...(change.summary === '' ? [] : [' · ', prose(change.summary)]),
    ` · ${lineCounts(change.diff)}`,
    ...(report.clusters.length > 1 ? [' · ', ...clusterWords(change.clusters, report.clusters.length)] : []),
  ];
  const source = sourceCell(change, link);
  return [
    `<details><summary>${html(summary)}</summary>`,
    ...(source === '' ? [] : [`Source: ${source}`]),
    change.diff === '' ? 'No difference to show.' : fenced(change.diff, 'diff'),
    '</details>',
  ].join('\n\n');
}

/** Whether a diff is short enough for a comment that runs short of room. */
export function isShort(details: string, { diff }: ReportChange): boolean {
  if (Buffer.byteLength(details) > diffCap.bytes) return false;
  let lines = 1;
  for (let at = diff.indexOf('\n'); at !== -1; at = diff.indexOf('\n', at + 1)) lines += 1;
  return lines <= diffCap.lines;
}

/** Returns changes as a table without diffs. */
export function changeTable(
  changes: readonly ReportChange[],
  report: Report,
  { rows, link, title }: { readonly rows: number; readonly link?: SourceLink; readonly title: string },
): string {
  const body = changes.slice(0, rows).map((change) => {
    return [
      `${symbolOf(change.risk)} ${change.risk}`,
      stacked(cell([code(change.object)]), sourceCell(change, link)),
      `${actionWords[change.action]}, ${lineCounts(change.diff)}`,
      change.summary === '' ? '' : cell([prose(change.summary)]),
      cell(clusterWords(change.clusters, report.clusters.length)),
    ];
  });
  const header = ['Risk', 'Object', 'Change', 'What', 'Clusters'];
  return `${title}\n\n${shortTable(header, body, { most: rows, of: 'change', all: changes.length })}`;
}

/** Returns the numbers alone. */
export function changeCounts(changes: readonly ReportChange[]): string {
  return `*${counted(changes.length, 'change')} ${changes.length === 1 ? 'is' : 'are'} not listed here.*`;
}
