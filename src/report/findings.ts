// The parts of a report in the order people need them, the same for every rendering.
import { blocks } from './assemble.ts';
import type { Report, ReportChange, ReportCluster, ReportError, ReportViolation } from './report.ts';
import { code, counted, joined, type Words } from './words.ts';

/** Rules whose denial the platform team can lift by adding the object, or the kind, itself (DESIGN §10). */
const platformRules: ReadonlySet<string> = new Set([
  'tenant/cluster-scoped',
  'tenant/escalation',
  'tenant/kind-unknown',
]);

/** One error with every cluster and Kustomization that it reads the same for. */
export interface GroupedError extends Pick<ReportError, 'code' | 'message' | 'remedy' | 'file' | 'line'> {
  readonly clusters: readonly string[];
  readonly kustomizations: readonly string[];
}

export interface Findings {
  readonly errors: readonly GroupedError[];
  /** Denies that the author can mend. */
  readonly mustFix: readonly ReportViolation[];
  /** Denies that need the platform team. */
  readonly approvals: readonly ReportViolation[];
  readonly warnings: readonly ReportViolation[];
  readonly waived: readonly ReportViolation[];
  readonly grants: readonly ReportChange[];
}

/** Sorts a report's findings into what each asks for; every violation, error and grant is in exactly one list. */
export function findingsOf(report: Report): Findings {
  const denied = report.violations.filter(blocks);
  return {
    errors: groupedErrors(report.errors),
    mustFix: denied.filter(({ rule }) => !platformRules.has(rule)),
    approvals: denied.filter(({ rule }) => platformRules.has(rule)),
    warnings: report.violations.filter(({ severity }) => severity === 'warn'),
    waived: report.violations.filter((one) => one.severity === 'deny' && !blocks(one)),
    grants: report.changes.filter(({ risk }) => risk === 'grant'),
  };
}

function groupedErrors(errors: readonly ReportError[]): GroupedError[] {
  const groups = new Map<string, { facts: ReportError; clusters: Set<string>; kustomizations: Set<string> }>();
  for (const facts of errors) {
    const { code: errorCode, message, remedy, file, line } = facts;
    const key = JSON.stringify([errorCode, message, remedy, file, line]);
    const group = groups.get(key) ?? { facts, clusters: new Set(), kustomizations: new Set() };
    groups.set(key, group);
    if (facts.cluster !== null) group.clusters.add(facts.cluster);
    if (facts.kustomization !== null) group.kustomizations.add(facts.kustomization);
  }
  return [...groups.values()].map(({ facts, clusters, kustomizations }) => ({
    code: facts.code,
    message: facts.message,
    remedy: facts.remedy,
    file: facts.file,
    line: facts.line,
    clusters: [...clusters].toSorted(),
    kustomizations: [...kustomizations].toSorted(),
  }));
}

/** Whether the report is about the platform's own Kustomizations alone. */
export function isPlatform(report: Report): boolean {
  const accounts = report.clusters.flatMap(({ kustomizations }) => kustomizations.map((one) => one.serviceAccount));
  return accounts.length > 0 && accounts.every((account) => account === null);
}

/** Clusters with the same Kustomizations and counts, shown as one row. */
export function groupedClusters(
  clusters: readonly ReportCluster[],
): readonly { readonly names: readonly string[]; readonly kustomizations: ReportCluster['kustomizations'] }[] {
  const groups = new Map<string, { names: string[]; kustomizations: ReportCluster['kustomizations'] }>();
  for (const { name, kustomizations } of clusters) {
    const key = JSON.stringify(kustomizations.map(({ path: _path, ...rest }) => rest));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { names: [name], kustomizations });
    else group.names.push(name);
  }
  return [...groups.values()];
}

/** Names up to four clusters, and says how many more; `both clusters`, `all 12 clusters` where it is every one. */
export function clusterWords(names: readonly string[], all: number): Words {
  if (names.length !== all || all < 2) return nameWords(names, 4);
  return [all === 2 ? 'both clusters' : `all ${counted(all, 'cluster')}`];
}

/** `a`, `b` and 3 more. */
export function nameWords(names: readonly string[], most: number): Words {
  const shown = joined(
    names.slice(0, most).map((name) => [code(name)]),
    ', ',
  );
  return names.length > most ? [...shown, ` and ${(names.length - most).toLocaleString('en-US')} more`] : shown;
}

/** Counts what a diff adds and removes: `+12 −3`; a diff that was cut short, `more than +2,000 −0`. */
export function lineCounts(diff: string): string {
  let [added, removed, cut] = [0, 0, ''];
  for (const line of diff.split('\n')) {
    if (line.startsWith('+')) added += 1;
    else if (line.startsWith('-')) removed += 1;
    else if (line.startsWith('\\') && line.endsWith(' are not shown')) cut = 'more than ';
  }
  return `${cut}+${added.toLocaleString('en-US')} −${removed.toLocaleString('en-US')}`;
}
