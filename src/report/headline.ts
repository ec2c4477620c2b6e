// The verdict in one line, what to do next, and what the merge would do: the first things that anybody reads.
import { type Findings, findingsOf } from './findings.ts';
import type { Action, Report, Risk, Verdict } from './report.ts';
import { code, counted, type Words } from './words.ts';

export interface Headline {
  readonly symbol: string;
  readonly word: string;
  /** Our own words alone, without the verdict's word: `2 violations to fix, 1 for the platform team`. */
  readonly reason: string;
}

/** What stands behind a verdict: `Blocked`, `1 violation to fix, 2 for the platform team`. */
export function headlineOf(report: Report): Headline {
  const findings = findingsOf(report);
  const { symbol, word } = wordOf(report);
  return { symbol, word, reason: reasonOf(report, findings) };
}

/** Whether the report reached nothing: no cluster, nothing found, nothing failed. */
export function reachesNothing({ clusters, errors, violations, changes }: Report): boolean {
  return clusters.length === 0 && errors.length === 0 && violations.length === 0 && changes.length === 0;
}

function wordOf(report: Report): { symbol: string; word: string } {
  if (reachesNothing(report)) return { symbol: '⚪', word: 'Nothing to review' };
  const words: Record<Verdict, { symbol: string; word: string }> = {
    pass: { symbol: '✅', word: 'Pass' },
    blocked: { symbol: '⛔', word: 'Blocked' },
    error: { symbol: '❌', word: 'Could not tell' },
  };
  return words[report.verdict];
}

function unreached({ followers }: Report): string {
  if (followers === 0) return 'no cluster follows this branch';
  if (followers === 1) return 'the one Kustomization that follows this branch is not built from what changed';
  return `none of the ${followers} Kustomizations that follow this branch is built from what changed`;
}

function reasonOf(report: Report, { errors, mustFix, approvals, warnings }: Findings): string {
  if (reachesNothing(report)) return unreached(report);
  const blocking = [
    ...(errors.length > 0 ? [`${counted(errors.length, 'error')}, treated as blocking`] : []),
    ...(mustFix.length > 0 ? [`${counted(mustFix.length, 'violation')} to fix`] : []),
    ...(approvals.length > 0 ? [`${approvals.length.toLocaleString('en-US')} for the platform team`] : []),
  ];
  if (blocking.length > 0) return blocking.join(', ');
  const { length: changes } = report.changes;
  const where = counted(report.clusters.length, 'cluster');
  const what = changes === 0 ? `no object changes on ${where}` : `${counted(changes, 'change')} on ${where}`;
  return warnings.length > 0 ? `${what}, ${counted(warnings.length, 'warning')}` : what;
}

/** The one thing to do now, as a sentence without its full stop. */
export function nextStep(report: Report): Words {
  const { errors, mustFix, approvals } = findingsOf(report);
  if (reachesNothing(report)) {
    if (report.followers > 0) return ['nothing to do: merging changes no object'];
    return ['if this should be deployed, the platform repository needs a source and a Kustomization that follow it'];
  }
  const firstError = errors[0];
  if (firstError !== undefined) return ['fix ', ...place(firstError, errors.length), ', then check again'];
  const firstFix = mustFix[0];
  const ask = approvals[0] === undefined ? [] : ['ask the platform team for ', ...objects(approvals)];
  if (firstFix === undefined && ask.length > 0) return ask;
  if (firstFix !== undefined) {
    const fix = ['fix ', ...place(firstFix, mustFix.length)];
    return ask.length === 0 ? fix : [...fix, ', then ', ...ask];
  }
  return whatToRead(report);
}

function whatToRead({ changes }: Report): Words {
  if (changes.length === 0) return ['nothing to do: merging changes no object'];
  const dangerous = changes.filter(({ risk }) => risk === 'grant' || risk === 'delete' || risk === 'replace');
  if (dangerous.length === 0) return ['ready to merge'];
  const first = dangerous[0];
  const more = dangerous.length > 1 ? ` and ${counted(dangerous.length - 1, 'other')} first in the list` : '';
  return ['read ', code(first?.object ?? ''), `${more}, then merge`];
}

function place(
  found: {
    readonly file: string | null;
    readonly line: number | null;
    readonly object?: string;
    readonly code?: string;
  },
  count: number,
): Words {
  const at = found.file === null ? (found.object ?? found.code ?? '') : fileAndLine(found.file, found.line);
  return count > 1 ? [code(at), ` and ${(count - 1).toLocaleString('en-US')} more`] : [code(at)];
}

function objects(approvals: Findings['approvals']): Words {
  const names = [...new Set(approvals.map(({ object }) => object))];
  const more = names.length > 1 ? [` and ${(names.length - 1).toLocaleString('en-US')} more`] : [];
  return [code(names[0] ?? ''), ...more];
}

/** `apps/web.yaml:14`, or the file alone where there is no line. */
export function fileAndLine(file: string, line: number | null): string {
  return line === null ? file : `${file}:${line}`;
}

export interface EffectPart {
  readonly symbol: string;
  readonly text: string;
}

const effects: Readonly<Record<Risk, { symbol: string; one: string; many: string }>> = {
  grant: { symbol: '🔑', one: 'grant', many: 'grants' },
  delete: { symbol: '🗑️', one: 'deletion', many: 'deletions' },
  replace: { symbol: '♻️', one: 'immutable field', many: 'immutable fields' },
  exposure: { symbol: '🌐', one: 'exposure', many: 'exposures' },
  restart: { symbol: '🔁', one: 'restart', many: 'restarts' },
  secret: { symbol: '🔒', one: 'secret', many: 'secrets' },
  config: { symbol: '📄', one: 'other change', many: 'other changes' },
};

/** Counts changes by risk, most dangerous first, risks without a change left out: `1 grant`, `2 restarts`. */
export function effectOf(report: Report): readonly EffectPart[] {
  return Object.entries(effects).flatMap(([risk, { symbol, one, many }]) => {
    const count = report.changes.filter((change) => change.risk === risk).length;
    return count === 0 ? [] : [{ symbol, text: counted(count, one, many) }];
  });
}

/** The sign of a risk. It never stands alone; its name stands beside it. */
export function symbolOf(risk: Risk): string {
  return effects[risk].symbol;
}

export const actionWords: Readonly<Record<Action, string>> = {
  created: 'new',
  configured: 'changed',
  deleted: 'deleted',
};
