// What is wrong with the fleet itself, beside what the change does through it.
import type { SluiceError } from '../errors.ts';
import type { FleetKustomization, FleetProblem } from '../fleet/fleet.ts';
import type { KustomizationOutcome, Violation } from '../report/outcome.ts';
import type { ReportError, ReportUnknown } from '../report/report.ts';
import { sameRepository } from '../source/url.ts';
import type { Pair } from './pair.ts';
import type { Side } from './side.ts';

export interface FleetFindings {
  readonly errors: readonly ReportError[];
  readonly unknowns: readonly ReportUnknown[];
  /** By `<cluster> <namespace>/<name>`. */
  readonly violations: ReadonlyMap<string, readonly Violation[]>;
}

/** The fleet's own problems: errors for the platform's review, unknowns for a tenant, who cannot mend them. */
export function fleetFindings(
  base: Side,
  head: Side,
  { role, url }: { readonly role: 'platform' | 'tenant'; readonly url: string },
  affected: readonly Pair[],
): FleetFindings {
  const before = new Set(base.fleet.problems.map(problemKey));
  const reviewed = new Set(affected.map((pair) => `${pair.cluster} ${pair.key}`));
  const failed = head.fleet.clusters.flatMap(({ name, kustomizations }) =>
    [...kustomizations.values()].flatMap((one): Failed[] =>
      one.error === undefined || reviewed.has(`${name} ${one.key}`)
        ? []
        : [{ cluster: name, kustomization: one.key, error: one.error, severity: 'error', is: one }],
    ),
  );
  if (role === 'tenant') {
    const mine = head.fleet.problems.filter((problem) => !before.has(problemKey(problem)));
    const unknowns = failed.flatMap((one) => unknownPart(one, url));
    return { errors: mine.filter(isError).map(problemError), unknowns, violations: new Map() };
  }
  const violations = new Map<string, Violation[]>();
  for (const problem of head.fleet.problems.filter((one) => !isError(one))) {
    const key = `${problem.cluster} ${problem.kustomization ?? ''}`;
    violations.set(key, [...(violations.get(key) ?? []), warning(problem, !before.has(problemKey(problem)))]);
  }
  return { errors: [...head.fleet.problems.filter(isError), ...failed].map(problemError), unknowns: [], violations };
}

interface Failed extends FleetProblem {
  readonly is: FleetKustomization;
}

/** What a tenant is told of a failure that it did not cause: of its own and the platform's, never of other tenants'. */
function unknownPart({ cluster, kustomization, error, is }: Failed, url: string): ReportUnknown[] {
  const what = `Kustomization ${kustomization} on ${cluster}`;
  if (is.owner.type === 'platform') {
    const effect = `the platform's own part could not be rendered (${error.code}), so what it defines is not known here`;
    return [{ what, effect }];
  }
  if (is.source.url === undefined || !sameRepository(is.source.url, url)) return [];
  return [{ what, effect: `it could not be rendered before this change either: ${error.message}` }];
}

function isError(problem: FleetProblem): boolean {
  return problem.severity === 'error';
}

function problemKey({ error, cluster, kustomization }: FleetProblem): string {
  return JSON.stringify([error.code, error.message, cluster, kustomization]);
}

function problemError({ error, cluster, kustomization }: FleetProblem): ReportError {
  return reportError(error, cluster, kustomization ?? null);
}

function warning({ error, kustomization, rule = 'fleet' }: FleetProblem, introduced: boolean): Violation {
  return {
    rule,
    severity: 'warn',
    object: `Kustomization/${kustomization ?? ''}`,
    file: error.place?.file ?? null,
    line: error.place?.line ?? null,
    message: error.message,
    remedy: error.remedy ?? null,
    introduced,
    waivedUntil: null,
  };
}

export function withFleetViolations(
  outcomes: readonly KustomizationOutcome[],
  violations: FleetFindings['violations'],
): KustomizationOutcome[] {
  const left = new Map(violations);
  const merged = outcomes.map((outcome) => {
    const key = `${outcome.cluster} ${outcome.namespace}/${outcome.name}`;
    const more = left.get(key) ?? [];
    left.delete(key);
    return { ...outcome, violations: [...outcome.violations, ...more] };
  });
  const bare = [...left].map(([key, found]) => {
    const [cluster = '', path = ''] = key.split(' ');
    const [namespace = '', name = ''] = path.split('/');
    return {
      cluster,
      namespace,
      name,
      path: '',
      serviceAccount: null,
      clusterBound: false,
      unchanged: 0,
      changes: [],
      violations: found,
    };
  });
  return [...merged, ...bare];
}

export function reportError(error: SluiceError, cluster: string | null, kustomization: string | null): ReportError {
  return {
    code: error.code,
    message: error.message,
    remedy: error.remedy ?? null,
    kustomization,
    cluster,
    file: error.place?.file ?? null,
    line: error.place?.line ?? null,
  };
}
