// The report on a terminal: the verdict and the next step stand last, where people look.
import { visible } from '../diff/visible.ts';
import { clusterWords, findingsOf, type GroupedError, groupedClusters, lineCounts, nameWords } from './findings.ts';
import { actionWords, effectOf, fileAndLine, headlineOf, nextStep, reachesNothing } from './headline.ts';
import type { Report, ReportChange, ReportKustomization, ReportViolation } from './report.ts';
import { clip, counted, type Words } from './words.ts';

export interface TextOptions {
  /** Colour may be used; words alone say the same. */
  readonly colour: boolean;
  /** Columns to wrap at; sentences only, never paths or diffs. */
  readonly width: number;
}

const mostListed = 500;
const mostDiffLines = 200;
const mostLines = 5_000;

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
const codes: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };

/**
 * Returns a report as plain text that ends in a line feed. Places stand as `file:line` at the start of a line, so that
 * terminals link them. Diffs over 200 lines, and everything beyond 5,000 lines of diffs, are counted, not shown.
 * Control characters of tenants are written as `\u{1b}`.
 */
export function renderText(report: Report, { colour, width }: TextOptions): string {
  const paint: Paint = (style, text) => (colour && text !== '' ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
  const page: Page = { paint, width: Math.min(Math.max(width, 40), 120), report };
  const findings = findingsOf(report);
  const sections = [
    opening(page),
    list(page, 'COULD NOT RENDER, treated as blocking', findings.errors, (one) => errorLines(page, one)),
    list(page, 'MUST FIX', findings.mustFix, (one) => violationLines(page, one)),
    list(page, 'NEEDS THE PLATFORM TEAM', findings.approvals, (one) => violationLines(page, one)),
    list(page, 'WARNINGS', findings.warnings, (one) => violationLines(page, one)),
    list(page, 'WAIVED', findings.waived, (one) => violationLines(page, one)),
    changes(page),
    list(page, 'NOT KNOWN HERE', report.unknowns, ({ what, effect }) => wrapped(page, `${what}: ${effect}`, 2)),
    list(page, 'NOTES', report.notes, (note) => wrapped(page, note, 2)),
    closing(page),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

type Paint = (style: Style, text: string) => string;

interface Page {
  readonly paint: Paint;
  readonly width: number;
  readonly report: Report;
}

function opening({ paint, report }: Page): string[] {
  const revision = (commit: string | null, otherwise: string): string => (commit === null ? otherwise : short(commit));
  const compares = `${revision(report.head, 'uncommitted files')} into ${revision(report.base, 'nothing')}`;
  const rows = groupedClusters(report.clusters).flatMap(({ names, kustomizations }) =>
    kustomizations.map((one) => `  ${plain(nameWords(names, 6))}  ${kustomizationText(one)}  ${countsText(one)}`),
  );
  const merge = report.merge === null ? '' : `, merged as ${short(report.merge)}`;
  const left = rows.length > mostListed ? [`  … ${counted(rows.length - mostListed, 'more row')}`] : [];
  return [`${paint('bold', visible(report.source))}  ${compares}${merge}`, ...rows.slice(0, mostListed), ...left];
}

function short(commit: string): string {
  return /^[0-9a-f]{40}$/.test(commit) ? commit.slice(0, 7) : clip(visible(commit), 80);
}

function kustomizationText({ namespace, name, serviceAccount, clusterBound }: ReportKustomization): string {
  const account = serviceAccount === null ? 'the platform itself' : `as ${serviceAccount}`;
  return visible(`${namespace}/${name} (${account}${clusterBound ? ', trusted with the whole cluster' : ''})`);
}

function countsText({ counts }: ReportKustomization): string {
  const parts = [
    ...(counts.created > 0 ? [`${counts.created} new`] : []),
    ...(counts.configured > 0 ? [`${counts.configured} changed`] : []),
    ...(counts.deleted > 0 ? [`${counts.deleted} deleted`] : []),
    `${counts.unchanged} unchanged`,
  ];
  return parts.join(', ');
}

function list<Item>(
  { paint }: Page,
  heading: string,
  items: readonly Item[],
  print: (item: Item) => readonly string[],
): string[] {
  if (items.length === 0) return [];
  const left = items.length > mostListed ? [`  … ${(items.length - mostListed).toLocaleString('en-US')} more`] : [];
  const title = paint('bold', `${heading} (${items.length.toLocaleString('en-US')})`);
  return [title, ...items.slice(0, mostListed).flatMap(print), ...left];
}

function violationLines(page: Page, one: ReportViolation): string[] {
  const { paint } = page;
  const style: Style = one.severity === 'deny' && one.waivedUntil === null ? 'red' : 'yellow';
  const age = one.introduced ? '' : '  (was there before this change)';
  const waiver = one.waivedUntil === null ? '' : `  (waived until ${visible(one.waivedUntil)})`;
  const rule = `  ${paint(style, visible(one.rule))}  ${visible(one.object)}${onClusters(page, one.clusters)}${age}${waiver}`;
  return [
    ...place(page, one),
    rule,
    ...wrapped(page, one.message, 4),
    ...(one.remedy === null ? [] : wrapped(page, `Fix: ${one.remedy}`, 4)),
  ];
}

function errorLines(page: Page, one: GroupedError): string[] {
  const { paint } = page;
  const where = one.kustomizations
    .slice(0, 3)
    .map((name) => visible(name))
    .join(', ');
  return [
    ...place(page, one),
    `  ${paint('red', one.code)}${where === '' ? '' : `  ${where}`}${onClusters(page, one.clusters)}`,
    ...wrapped(page, one.message, 4),
    ...(one.remedy === null ? [] : wrapped(page, `Fix: ${one.remedy}`, 4)),
  ];
}

function place({ paint }: Page, { file, line }: Pick<ReportViolation, 'file' | 'line'>): string[] {
  return file === null ? [] : [paint('cyan', visible(fileAndLine(file, line)))];
}

function onClusters({ report }: Page, clusters: readonly string[]): string {
  if (clusters.length === 0 || report.clusters.length <= 1) return '';
  return `  on ${plain(clusterWords(clusters, report.clusters.length))}`;
}

function changes(page: Page): string[] {
  const { report, paint } = page;
  if (report.changes.length === 0) return [];
  const effect = effectOf(report).map(({ text }) => text);
  const lines = [
    paint('bold', `CHANGES (${report.changes.length.toLocaleString('en-US')})`) + `: ${effect.join(', ')}`,
  ];
  let left = mostLines;
  for (const change of report.changes.slice(0, mostListed)) {
    const diff = diffLines(page, change, left);
    left -= diff.length;
    lines.push(...changeLines(page, change), ...diff);
  }
  const unlisted = report.changes.length - mostListed;
  if (unlisted > 0) lines.push(`  … ${counted(unlisted, 'more change')} not listed; --format json shows them`);
  return lines;
}

function changeLines(page: Page, change: ReportChange): string[] {
  const { paint } = page;
  const dangerous = change.risk === 'grant' || change.risk === 'delete' || change.risk === 'replace';
  const risk = paint(dangerous ? 'red' : 'yellow', change.risk);
  const summary = change.summary === '' ? '' : `: ${visible(change.summary)}`;
  const words = `${actionWords[change.action]}${summary}${onClusters(page, change.clusters)}`;
  return [...place(page, change), `  ${risk}  ${paint('bold', visible(change.object))}  ${words}`];
}

function diffLines({ paint }: Page, { diff }: ReportChange, room: number): string[] {
  if (diff === '') return [];
  const rows = diff.split('\n');
  if (rows.length > mostDiffLines || rows.length > room) {
    return [paint('dim', `    diff of ${counted(rows.length, 'line')} (${lineCounts(diff)}) not shown here`)];
  }
  return rows.map((row) => `    ${paint(styleOf(row), visible(row, '\t'))}`);
}

function styleOf(row: string): Style {
  if (row.startsWith('+')) return 'green';
  return row.startsWith('-') ? 'red' : 'dim';
}

function closing(page: Page): string[] {
  const { report, paint } = page;
  const { word, reason } = headlineOf(report);
  const passed = report.verdict === 'pass';
  const colour: Style = passed ? 'green' : 'red';
  const verdict = `${paint(reachesNothing(report) ? 'yellow' : colour, paint('bold', word.toUpperCase()))}: ${reason}`;
  return [verdict, `Next: ${plain(nextStep(report))}.`];
}

function plain(words: Words): string {
  return words
    .map((word) => (typeof word === 'string' ? word : visible('code' in word ? word.code : word.prose)))
    .join('');
}

function wrapped({ width }: Page, sentence: string, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of clip(visible(sentence.replaceAll(/\s+/g, ' ').trim()), 2_000).split(' ')) {
    if (line !== '' && indent + line.length + 1 + word.length > width) {
      lines.push(' '.repeat(indent) + line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, ' '.repeat(indent) + line];
}
