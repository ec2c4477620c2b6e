// Groups what was found cluster by cluster into the one value that people read.
import type { KustomizationOutcome, Outcome, Violation } from './outcome.ts';
import {
  type Action,
  type Counts,
  type Report,
  type ReportChange,
  type ReportCluster,
  type ReportError,
  type ReportKustomization,
  type ReportViolation,
  risks,
  type Verdict,
} from './report.ts';

/**
 * Returns the report of a review. A violation or change that reads the same on several clusters stands once, with the
 * clusters' names sorted; errors, unknowns and notes stand once each. The order is total, so equal outcomes give equal
 * reports whatever order their parts came in.
 */
export function assemble(outcome: Outcome): Report {
  const { source, base, head, merge, kustomizations } = outcome;
  const violations = violationsOf(kustomizations);
  const errors = errorsOf(outcome.errors).toSorted(by(errorKey));
  return {
    verdict: verdictOf(violations, errors),
    source,
    base,
    head,
    merge,
    clusters: clustersOf(kustomizations),
    violations,
    changes: changesOf(kustomizations),
    errors,
    unknowns: unique(outcome.unknowns).toSorted(by(({ what, effect }) => [what, effect])),
    notes: [...new Set(outcome.notes)].toSorted(bytewise),
    followers: outcome.followers,
  };
}

/** Tells whether a violation stops the merge: a deny that no waiver lists as an exception. */
export function blocks({ severity, waivedUntil }: Pick<Violation, 'severity' | 'waivedUntil'>): boolean {
  return severity === 'deny' && waivedUntil === null;
}

function verdictOf(violations: readonly ReportViolation[], errors: readonly ReportError[]): Verdict {
  if (errors.length > 0) return 'error';
  return violations.some(blocks) ? 'blocked' : 'pass';
}

function clustersOf(kustomizations: readonly KustomizationOutcome[]): ReportCluster[] {
  const clusters = new Map<string, ReportKustomization[]>();
  for (const outcome of kustomizations) {
    const { cluster, namespace, name, path, serviceAccount, clusterBound } = outcome;
    const list = clusters.get(cluster) ?? [];
    clusters.set(cluster, list);
    list.push({ namespace, name, path, serviceAccount, counts: countsOf(outcome), clusterBound });
  }
  return [...clusters]
    .map(([name, list]) => ({ name, kustomizations: list.toSorted(by((one) => [one.namespace, one.name, one.path])) }))
    .toSorted(by(({ name }) => [name]));
}

function countsOf({ changes, unchanged }: KustomizationOutcome): Counts {
  const count = (action: Action): number => changes.filter((change) => change.action === action).length;
  return { created: count('created'), configured: count('configured'), deleted: count('deleted'), unchanged };
}

function violationsOf(kustomizations: readonly KustomizationOutcome[]): ReportViolation[] {
  const found = kustomizations.flatMap((outcome) =>
    outcome.violations.map((violation) => {
      const { rule, severity, object, file, line, message, remedy, introduced, waivedUntil } = violation;
      const kustomization = `${outcome.namespace}/${outcome.name}`;
      const facts = { rule, severity, object, kustomization, file, line, message, remedy, introduced, waivedUntil };
      return { cluster: outcome.cluster, facts };
    }),
  );
  return grouped(found).toSorted(
    by((one) => [rank(one), one.rule, one.object, one.kustomization, one.file ?? '', one.line ?? 0, one.message]),
  );
}

// What blocks first, then exceptions, then warnings.
function rank(violation: ReportViolation): number {
  if (blocks(violation)) return 0;
  return violation.severity === 'deny' ? 1 : 2;
}

function changesOf(kustomizations: readonly KustomizationOutcome[]): ReportChange[] {
  const found = kustomizations.flatMap((outcome) =>
    outcome.changes.map(({ action, object, file, line, risk, summary, diff }) => {
      const kustomization = `${outcome.namespace}/${outcome.name}`;
      return { cluster: outcome.cluster, facts: { action, object, kustomization, file, line, risk, summary, diff } };
    }),
  );
  return grouped(found, sameChange).toSorted(
    by((one) => [risks.indexOf(one.risk), one.object, one.kustomization, one.action, one.file ?? '', one.summary]),
  );
}

function grouped<Facts extends object>(
  found: readonly { readonly cluster: string; readonly facts: Facts }[],
  same: (facts: Facts) => object = (facts) => facts,
): (Facts & { readonly clusters: readonly string[] })[] {
  const groups = new Map<string, { facts: Facts; clusters: Set<string> }>();
  for (const { cluster, facts } of found) {
    const key = JSON.stringify(same(facts));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { facts, clusters: new Set([cluster]) });
    else group.clusters.add(cluster);
  }
  return [...groups.values()]
    .map(({ facts, clusters }) => ({ ...facts, clusters: [...clusters].toSorted(bytewise) }))
    .toSorted(by(({ clusters }) => clusters));
}

// The lines around a change may differ by cluster; what it takes away and adds is the change. The first cluster's diff
// is shown.
function sameChange<Facts extends { readonly action: Action; readonly diff: string }>(facts: Facts): object {
  const lines = facts.diff.split('\n').filter((line) => !line.startsWith(' '));
  return { ...facts, diff: lines };
}

/** One error on several clusters stands once; `cluster` lists their names. */
function errorsOf(errors: readonly ReportError[]): ReportError[] {
  const found = errors.map(({ cluster, ...facts }) => ({ cluster: cluster ?? '', facts }));
  return grouped(found).map(({ clusters, ...error }) => ({ ...error, cluster: clusters.join(', ') || null }));
}

function unique<Item>(items: readonly Item[]): Item[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function errorKey(error: ReportError): (string | number)[] {
  const { code, file, line, kustomization, cluster, message } = error;
  return [code, file ?? '', line ?? 0, kustomization ?? '', cluster ?? '', message];
}

function by<Item>(key: (item: Item) => readonly (string | number)[]): (one: Item, other: Item) => number {
  return (one, other) => {
    const [left, right] = [key(one), key(other)];
    for (const [index, part] of left.entries()) {
      const order = compare(part, right[index] ?? '');
      if (order !== 0) return order;
    }
    return left.length - right.length;
  };
}

function compare(one: string | number, other: string | number): number {
  return typeof one === 'number' && typeof other === 'number' ? one - other : bytewise(String(one), String(other));
}

function bytewise(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
