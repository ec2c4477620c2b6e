// What Kubernetes' controller does with aggregated ClusterRoles: their rules are those of the roles they select.
import type { ClusterRole, LabelSelector, PolicyRule } from './rbac-object.ts';

/**
 * Cluster roles by name with aggregation done. Roles of the same name are merged first (labels, rules, selectors). An
 * aggregated role's own rules do not count, since the controller overwrites them; roles it selects may be aggregated
 * themselves (`view` into `edit` into `admin`), in circles too.
 */
export function aggregate(defined: readonly ClusterRole[]): Map<string, ClusterRole> {
  const merged = mergeByName(defined);
  const result = new Map<string, ClusterRole>();
  for (const role of merged.values()) {
    result.set(role.name, role.selectors === undefined ? role : { ...role, rules: rulesReached(role, merged) });
  }
  return result;
}

function rulesReached(start: ClusterRole, all: ReadonlyMap<string, ClusterRole>): PolicyRule[] {
  const seen = new Set([start]);
  const rules: PolicyRule[] = [];
  for (const role of seen) {
    if (role.selectors === undefined) {
      rules.push(...role.rules);
      continue;
    }
    for (const other of all.values()) {
      if (role.selectors.some((selector) => selects(selector, other.labels))) seen.add(other);
    }
  }
  return unique(rules);
}

function unique(rules: readonly PolicyRule[]): PolicyRule[] {
  return [...new Map(rules.map((rule) => [wordsOf(rule), rule])).values()];
}

// The API server's own rules are met again for every cluster and side.
const words = new WeakMap<PolicyRule, string>();

function wordsOf(rule: PolicyRule): string {
  const known = words.get(rule) ?? JSON.stringify(rule);
  words.set(rule, known);
  return known;
}

function mergeByName(defined: readonly ClusterRole[]): Map<string, ClusterRole> {
  const merged = new Map<string, ClusterRole>();
  for (const role of defined) {
    const known = merged.get(role.name);
    merged.set(role.name, known === undefined ? role : merge(known, role));
  }
  return merged;
}

function merge(one: ClusterRole, other: ClusterRole): ClusterRole {
  const selectors =
    one.selectors === undefined && other.selectors === undefined
      ? undefined
      : [...(one.selectors ?? []), ...(other.selectors ?? [])];
  return {
    name: one.name,
    labels: { ...one.labels, ...other.labels },
    rules: unique([...one.rules, ...other.rules]),
    selectors,
  };
}

/** A label selector as apimachinery reads it: all of its requirements hold; an empty one selects everything. */
function selects(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const equal = Object.entries(selector.matchLabels).every(([key, value]) => valueOf(labels, key) === value);
  return equal && selector.matchExpressions.every((expression) => holds(expression, valueOf(labels, expression.key)));
}

function holds(
  { operator, values }: { readonly operator: string; readonly values: readonly string[] },
  value: string | undefined,
): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

function valueOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
