// The sections of the comment, each a block of Markdown or nothing.

import { markdown } from '../escape.ts';
import type { Findings, GroupedError } from '../findings.ts';
import { clusterWords, groupedClusters, nameWords } from '../findings.ts';
import { effectOf } from '../headline.ts';
import type { Report, ReportKustomization, ReportViolation } from '../report.ts';
import { code, counted, joined, prose, type Words } from '../words.ts';
import { cell, type SourceLink, shortTable, sourceCell, stacked, table } from './table.ts';

export interface SectionOptions {
  /** Most rows of any table. */
  readonly rows: number;
  readonly link?: SourceLink;
}

/** Which clusters, which commits: one row. */
export function facts(report: Report): string {
  const { base, head, merge, source, clusters, errors } = report;
  const names = clusters.map(({ name }) => name);
  const none = errors.length > 0 ? 'not known' : 'no cluster';
  const reach: Words = names.length === 0 ? [none] : nameWords(names, 6);
  const commit = (revision: string | null, otherwise: string): string =>
    revision === null ? otherwise : cell([code(/^[0-9a-f]{40}$/.test(revision) ? revision.slice(0, 7) : revision)]);
  const into = `${commit(head, 'uncommitted files')} into ${commit(base, 'nothing')}`;
  const merged = merge === null ? '' : `, merged as ${commit(merge, '')}`;
  return table(['Reaches', 'Compares', 'Source'], [[cell(reach), into + merged, cell([code(source)])]]);
}

export function errorSection({ errors }: Findings, report: Report, { rows, link }: SectionOptions): string {
  if (errors.length === 0) return '';
  const body = errors.map((one) => [
    cell([code(one.code)]),
    stacked(sourceCell(one, link), cell(scope(one, report))),
    cell([prose(one.message)]),
    one.remedy === null ? '' : cell([prose(one.remedy)]),
  ]);
  return [
    `#### Could not render (${errors.length.toLocaleString('en-US')})`,
    'What cannot be rendered cannot be checked, so it is treated as blocking.',
    shortTable(['Error', 'Where', 'Why', 'How to fix'], body, { most: rows, of: 'error' }),
  ].join('\n\n');
}

function scope({ kustomizations, clusters }: GroupedError, report: Report): Words {
  const parts: Words[] = [];
  if (kustomizations.length > 0) parts.push(nameWords(kustomizations, 2));
  if (clusters.length > 0) parts.push(['on ', ...clusterWords(clusters, report.clusters.length)]);
  return joined(parts, ' ');
}

export function mustFixSection({ mustFix }: Findings, report: Report, options: SectionOptions): string {
  if (mustFix.length === 0) return '';
  return [`#### Must fix (${mustFix.length.toLocaleString('en-US')})`, violations(mustFix, report, options)].join(
    '\n\n',
  );
}

export function approvalSection({ approvals }: Findings, report: Report, options: SectionOptions): string {
  if (approvals.length === 0) return '';
  return [
    `#### Needs the platform team (${approvals.length.toLocaleString('en-US')})`,
    'A tenant cannot give itself these. The platform team can, in the platform repository; or leave them out here.',
    violations(approvals, report, options),
  ].join('\n\n');
}

/** Warnings and waived exceptions, folded. */
export function quietSections({ warnings, waived }: Findings, report: Report, options: SectionOptions): string[] {
  const fold = (title: string, body: string): string => `<details><summary>${title}</summary>\n\n${body}\n\n</details>`;
  return [
    ...(warnings.length > 0
      ? [fold(`⚠️ ${counted(warnings.length, 'warning')}`, violations(warnings, report, options))]
      : []),
    ...(waived.length > 0
      ? [fold(`🕓 ${counted(waived.length, 'waived exception')}`, violations(waived, report, options))]
      : []),
  ];
}

function violations(list: readonly ReportViolation[], report: Report, { rows, link }: SectionOptions): string {
  const body = list
    .slice(0, rows)
    .map((one) => [
      cell([code(one.rule)]),
      stacked(sourceCell(one, link), cell([code(one.object)]), clustersCell(one.clusters, report)),
      stacked(cell([prose(one.message)]), cell(status(one))),
      one.remedy === null ? '' : cell([prose(one.remedy)]),
    ]);
  const header = ['Rule', 'Where', 'Why', 'How to fix'];
  return shortTable(header, body, { most: rows, of: 'violation', all: list.length });
}

function status({ introduced, waivedUntil }: ReportViolation): Words {
  if (waivedUntil !== null) return ['waived until ', code(waivedUntil)];
  return introduced ? [] : ['*was there before this change*'];
}

function clustersCell(clusters: readonly string[], report: Report): string {
  return report.clusters.length <= 1 ? '' : cell(['on ', ...clusterWords(clusters, report.clusters.length)]);
}

/** What the change lets whom do, first of all effects. */
export function grantSection({ grants }: Findings, report: Report, { rows, link }: SectionOptions): string {
  if (grants.length === 0) return '';
  const body = grants
    .slice(0, rows)
    .map((one) => [
      stacked(cell([code(one.object)]), sourceCell(one, link)),
      cell([prose(one.summary)]),
      cell(clusterWords(one.clusters, report.clusters.length)),
    ]);
  return [
    `#### Grants (${grants.length.toLocaleString('en-US')})`,
    shortTable(['Object', 'What it gives', 'Clusters'], body, { most: rows, of: 'grant', all: grants.length }),
  ].join('\n\n');
}

/** The effect in one line and cluster by cluster; equal clusters share a row. */
export function effectSection(report: Report, { rows }: SectionOptions): string {
  if (report.clusters.length === 0) return '';
  const effect = effectOf(report).map(({ symbol, text }) => `${symbol} ${text}`);
  const groups = groupedClusters(report.clusters);
  const body = groups.flatMap(({ names, kustomizations }) =>
    kustomizations.map((one) => [
      cell(nameWords(names, 6)),
      stacked(cell([code(`${one.namespace}/${one.name}`)]), cell(runsAs(one))),
      ...(['created', 'configured', 'deleted', 'unchanged'] as const).map((action) => countCell(one.counts[action])),
    ]),
  );
  const header = ['Clusters', 'Kustomization', 'New', 'Changed', 'Deleted', 'Unchanged'];
  return [
    '#### Effect if merged',
    effect.length === 0 ? 'No object changes.' : effect.join(' · '),
    shortTable(header, body, { most: rows, of: 'row' }),
  ].join('\n\n');
}

function countCell(count: number): string {
  return count === 0 ? '–' : count.toLocaleString('en-US');
}

function runsAs({ namespace, serviceAccount, clusterBound }: ReportKustomization): Words {
  if (serviceAccount === null) return ['the platform itself'];
  const account: Words = [
    'as ',
    code(serviceAccount.includes('/') ? serviceAccount : `${namespace}/${serviceAccount}`),
  ];
  return clusterBound ? [...account, ', ⚠️ trusted with the whole cluster'] : account;
}

/** What could not be known, and sentences worth a line. */
export function knowledgeSections({ unknowns, notes }: Report, { rows }: SectionOptions): string[] {
  const body = unknowns.slice(0, rows).map(({ what, effect }) => [cell([prose(what)]), cell([prose(effect)])]);
  const lines = notes.slice(0, rows).map((note) => `- ${markdown([prose(note)], 'line')}`);
  const left = notes.length - lines.length;
  return [
    ...(unknowns.length > 0
      ? [
          `#### Not known here (${unknowns.length.toLocaleString('en-US')})\n\n` +
            shortTable(['What', 'Effect'], body, { most: rows, of: 'unknown', all: unknowns.length }),
        ]
      : []),
    ...(lines.length > 0 ? [lines.join('\n')] : []),
    ...(left > 0 ? [`*${counted(left, 'more note')} ${left === 1 ? 'is' : 'are'} not shown here.*`] : []),
  ];
}
