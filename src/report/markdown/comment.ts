// The comment on a pull request: everything of a report that fits, the most dangerous first, and what was left out.
import { markdown } from '../escape.ts';
import { type Findings, findingsOf, isPlatform } from '../findings.ts';
import { headlineOf, nextStep } from '../headline.ts';
import type { Report, ReportChange } from '../report.ts';
import { counted } from '../words.ts';
import { changeCounts, changeDetails, changeTable, isShort } from './changes.ts';
import * as sections from './sections.ts';
import type { SourceLink } from './table.ts';

export interface CommentOptions {
  /**
   * Words of the hidden first line by which the App finds its comment: `sluice:v1 pr=482 head=3f9c2ab`. Letters,
   * digits and ` :=._/-` alone; anything else is dropped. No line without it.
   */
  readonly marker?: string;
  /** Address of a file, as `linksBelow` builds it. No links without it. */
  readonly link?: SourceLink;
  /**
   * Most bytes of UTF-8, inclusive.
   * @defaultValue 60,000, below GitHub's 65,536 characters for a comment
   */
  readonly maxBytes?: number;
  /**
   * Where everything is shown, for the footer; Sluice's own words.
   * @defaultValue '`sluice check --format json` shows everything'
   */
  readonly elsewhere?: string;
}

const mostDiffs = 500;
const longestDiff = 200_000;

/** One rung of the ladder: how much of the tables and of the changes a comment shows. */
interface Rung {
  readonly rows: number;
  readonly changes: 'every diff' | 'short diffs' | 'as many diffs as fit' | 'table' | 'counts';
}

const ladder: readonly Rung[] = [
  { rows: 200, changes: 'every diff' },
  { rows: 100, changes: 'short diffs' },
  { rows: 50, changes: 'as many diffs as fit' },
  { rows: 50, changes: 'table' },
  { rows: 20, changes: 'table' },
  { rows: 20, changes: 'counts' },
  { rows: 4, changes: 'counts' },
  { rows: 0, changes: 'counts' },
];

/**
 * Returns a report as GitHub Markdown of at most `maxBytes`. Where it would be longer it takes the next shorter form:
 * every diff; diffs up to 6 KB or 120 lines, the longer ones as a row; as many diffs as fit, most dangerous first;
 * a table; counts. Each form is whole Markdown and says what it leaves out. No text of a tenant becomes a link, a
 * mention, an image, HTML or a reference.
 */
export function renderComment(report: Report, options: CommentOptions = {}): string {
  const maxBytes = options.maxBytes ?? 60_000;
  const findings = findingsOf(report);
  const diffBytes = report.changes.reduce((sum, { diff }) => sum + diff.length, 0);
  for (const rung of ladder) {
    if (rung.changes === 'every diff' && diffBytes > maxBytes) continue;
    const comment = render({ report, findings, rung, options, maxBytes });
    if (Buffer.byteLength(comment) <= maxBytes) return comment;
  }
  // Nothing of a tenant is in the last rung but names of clusters and commits, so this is for tiny budgets alone.
  return [...markerLine(options), title(report), footer(options, 'The report does not fit here.')].join('\n\n');
}

interface Job {
  readonly report: Report;
  readonly findings: Findings;
  readonly rung: Rung;
  readonly options: CommentOptions;
  readonly maxBytes: number;
}

function render(job: Job): string {
  const { report, findings, rung, options } = job;
  const shared = { rows: rung.rows, ...(options.link === undefined ? {} : { link: options.link }) };
  const platform = isPlatform(report);
  const grants = sections.grantSection(findings, report, shared);
  const before = [
    ...markerLine(options),
    title(report),
    `**Next:** ${markdown(nextStep(report), 'line')}.`,
    rung.rows === 0 ? '' : sections.facts(report),
    platform ? grants : '',
    sections.errorSection(findings, report, shared),
    sections.mustFixSection(findings, report, shared),
    sections.approvalSection(findings, report, shared),
    platform ? '' : grants,
    sections.effectSection(report, shared),
  ];
  const after = [...sections.quietSections(findings, report, shared), ...sections.knowledgeSections(report, shared)];
  const fixed = Buffer.byteLength([...before, ...after].join('\n\n')) + 1_000;
  const { blocks, shown } = changeBlocks(job, job.maxBytes - fixed);
  const footing = footer(options, diffNote(report.changes.length, shown));
  return [...before, ...blocks, ...after, footing].filter((block) => block !== '').join('\n\n');
}

function markerLine({ marker }: CommentOptions): string[] {
  if (marker === undefined) return [];
  return [`<!-- ${marker.replaceAll(/[^\w :=./-]/g, '').replaceAll(/-{2,}/g, '-')} -->`];
}

function title(report: Report): string {
  const { symbol, word, reason } = headlineOf(report);
  return `### ${symbol} ${word}: ${reason}`;
}

function changeBlocks({ report, rung, options }: Job, room: number): { blocks: string[]; shown: number } {
  const { changes } = report;
  const { link } = options;
  if (changes.length === 0) return { blocks: [], shown: 0 };
  if (rung.changes === 'counts') return { blocks: [changeCounts(changes)], shown: 0 };
  const rows = { rows: rung.rows, ...(link === undefined ? {} : { link }) };
  if (rung.changes === 'table') {
    return { blocks: [changeTable(changes, report, { ...rows, title: '#### Changes' })], shown: 0 };
  }
  // What gets no diff gets a row; the rows of all are the most that they can take.
  const asTable = changeTable(changes, report, { ...rows, title: '#### Changes without a diff here' });
  const forRows = Buffer.byteLength(asTable);
  const { details, rest } = pickDiffs(changes, (change) => changeDetails(change, report, link), {
    capped: rung.changes !== 'every diff',
    bytes: rung.changes === 'as many diffs as fit' ? room - forRows : Number.POSITIVE_INFINITY,
  });
  const title = details.length === 0 ? '#### Changes' : '#### Changes without a diff here';
  const table = rest.length === 0 ? [] : [changeTable(rest, report, { ...rows, title })];
  return { blocks: [...(details.length === 0 ? [] : ['#### Changes']), ...details, ...table], shown: details.length };
}

function pickDiffs(
  changes: readonly ReportChange[],
  print: (change: ReportChange) => string,
  limits: { readonly capped: boolean; readonly bytes: number },
): { details: string[]; rest: ReportChange[] } {
  const details: string[] = [];
  const rest: ReportChange[] = [];
  let left = limits.bytes;
  for (const change of changes) {
    const block = details.length < mostDiffs && change.diff.length <= longestDiff ? print(change) : '';
    const bytes = Buffer.byteLength(block) + 2;
    if (block === '' || bytes > left || (limits.capped && !isShort(block, change))) {
      rest.push(change);
    } else {
      details.push(block);
      left -= bytes;
    }
  }
  return { details, rest };
}

function diffNote(all: number, shown: number): string {
  if (all === 0) return '';
  if (shown === 0) return `No diff is shown here, of ${counted(all, 'change')}.`;
  if (shown === all) return `Showing ${all === 1 ? 'the one diff' : `all ${counted(all, 'diff')}`}.`;
  return `Showing ${shown.toLocaleString('en-US')} of ${counted(all, 'diff')}, the most dangerous first.`;
}

function footer({ elsewhere }: CommentOptions, note: string): string {
  const where = elsewhere ?? '`sluice check --format json` shows everything';
  return `---\n\n${note === '' ? '' : `${note} `}Values of Secrets are never shown · ${where}`;
}
