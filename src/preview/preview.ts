// What a merge would do: two sides of the fleet, compared. The App, `sluice check` and the deploy's dry run all end here.
import type { SluiceError } from '../errors.ts';
import type { FleetProblem } from '../fleet/fleet.ts';
import type { KustomizationOutcome, Outcome, Violation } from '../report/outcome.ts';
import type { ReportError, ReportUnknown } from '../report/report.ts';
import { changedPaths } from '../source/changed.ts';
import { sameRepository } from '../source/url.ts';
import { type PairResult, previewPair } from './kustomization.ts';
import { type Owners, readOwners, rulesDiffer } from './owners.ts';
import { differs, type Pair, pairUp } from './pair.ts';
import type { Side, Tools } from './side.ts';
import { unique, unknownCharts, unknownSource, unknownVariables, unmovedNotes } from './unknowns.ts';

/** What is under review. */
export interface Subject {
  readonly url: string;
  readonly role: 'platform' | 'tenant';
  readonly base: string | null;
  readonly head: string | null;
  readonly merge: string | null;
  /** ISO date, for waivers. */
  readonly today: string;
  readonly notes: readonly string[];
  /** Found before the fleet could be read: a broken sluice.yaml on the head. */
  readonly errors: readonly SluiceError[];
}

export async function preview(base: Side, head: Side, subject: Subject, tools: Tools): Promise<Outcome> {
  // Find the Kustomizations whose inputs differ, on every cluster, and those that other rules now judge.
  const pairs = pairUp(base, head);
  const affected = await affectedPairs(pairs, base, head, tools);
  tools.progress(`rendering ${affected.length} Kustomizations`);
  // Build both sides, guard and policy on the head, pair and diff.
  const changed = changedFiles();
  const owners = ownersByCluster(affected, tools);
  let done = 0;
  const results = await Promise.all(
    affected.map(async ({ pair, introducedOnly }) => {
      const [baseOwners, headOwners] = await owners(pair);
      const files = await changed(pair);
      const result = await previewPair(
        { pair, base, head, baseOwners, headOwners, changed: files, introducedOnly, today: subject.today },
        tools,
      );
      done += 1;
      tools.progress('rendering', done, affected.length);
      return result;
    }),
  );
  // Say what was found, what could not be, and what is out of reach.
  const outcomes = results.map(({ outcome }) => outcome);
  const subjectErrors = subject.errors.map((error) => reportError(error, null, null));
  const buildErrors = results.flatMap(({ errors }) =>
    errors.map((one) => reportError(one.error, one.cluster, one.kustomization)),
  );
  const fleet = fleetFindings(
    base,
    head,
    subject,
    affected.map(({ pair }) => pair),
  );
  return {
    source: subject.url,
    base: subject.base,
    head: subject.head,
    merge: subject.merge,
    kustomizations: withFleetViolations(outcomes.filter(isWorthShowing), fleet.violations),
    errors: [...subjectErrors, ...buildErrors, ...fleet.errors],
    unknowns: unique([...fleet.unknowns, ...affected.flatMap(({ pair }, index) => unknownsOf(pair, results[index]))]),
    notes: [
      ...new Set([...subject.notes, ...results.flatMap(({ notes }) => notes)]),
      ...unmovedNotes(
        pairs.flatMap(({ head: one }) => (one === undefined ? [] : [one])),
        (url) => sameRepository(url, subject.url),
      ),
    ],
  };
}

interface Affected {
  readonly pair: Pair;
  readonly introducedOnly: boolean;
}

async function affectedPairs(
  pairs: readonly Pair[],
  base: Side,
  head: Side,
  tools: Tools,
): Promise<readonly Affected[]> {
  const rules = new Map<string, boolean>();
  const answers = await Promise.all(
    pairs.map(async (pair): Promise<Affected[]> => {
      if (await differs(pair, tools.renderer)) return [{ pair, introducedOnly: false }];
      if (base === head || pair.head === undefined || pair.headCluster === undefined) return [];
      const differ = rules.get(pair.cluster) ?? rulesDiffer(base, head, pair.baseCluster, pair.headCluster);
      rules.set(pair.cluster, differ);
      return differ ? [{ pair, introducedOnly: true }] : [];
    }),
  );
  return answers.flat();
}

/** Owners of both sides per cluster, computed once for all the Kustomizations that are affected there. */
function ownersByCluster(
  affected: readonly Affected[],
  tools: Tools,
): (pair: Pair) => Promise<readonly [Owners, Owners]> {
  const byCluster = new Map<string, Promise<readonly [Owners, Owners]>>();
  return (pair) => {
    const known = byCluster.get(pair.cluster);
    if (known !== undefined) return known;
    const here = affected.filter((one) => one.pair.cluster === pair.cluster).map((one) => one.pair);
    const side = (at: 'base' | 'head'): Promise<Owners> => {
      const cluster = at === 'base' ? pair.baseCluster : pair.headCluster;
      const kustomizations = here.flatMap((one) => (one[at] === undefined ? [] : [one[at]]));
      return cluster === undefined ? Promise.resolve(new Map()) : readOwners(cluster, kustomizations, tools);
    };
    const owners = Promise.all([side('base'), side('head')]);
    byCluster.set(pair.cluster, owners);
    return owners;
  };
}

/** Files that differ between the two trees of a pair; one comparison for each pair of trees. */
function changedFiles(): (pair: Pair) => Promise<ReadonlySet<string>> {
  const known = new Map<string, Promise<ReadonlySet<string>>>();
  return ({ base, head }) => {
    if (base?.source.type !== 'tree' || head?.source.type !== 'tree') return Promise.resolve(new Set());
    const [from, to] = [base.source.tree, head.source.tree];
    const key = `${from.id} ${to.id}`;
    const answer = known.get(key) ?? changedPaths(from, to).then((paths) => new Set(paths.map(({ path }) => path)));
    known.set(key, answer);
    return answer;
  };
}

function isWorthShowing(outcome: KustomizationOutcome): boolean {
  return outcome.changes.length > 0 || outcome.violations.length > 0 || outcome.unchanged > 0;
}

function unknownsOf({ head, cluster }: Pair, result: PairResult | undefined): ReportUnknown[] {
  if (head === undefined || result === undefined) return [];
  return [
    ...unknownSource(head),
    ...unknownVariables(head, result.unknownVariables),
    ...unknownCharts(result.headObjects, cluster),
  ];
}

/** The fleet's own problems: errors for the platform's review, unknowns for a tenant, who cannot mend them. */
function fleetFindings(
  base: Side,
  head: Side,
  subject: Subject,
  affected: readonly Pair[],
): { errors: ReportError[]; unknowns: ReportUnknown[]; violations: Map<string, Violation[]> } {
  const before = new Set(base.fleet.problems.map(problemKey));
  const reviewed = new Set(affected.map((pair) => `${pair.cluster} ${pair.key}`));
  const failed = head.fleet.clusters.flatMap(({ name, kustomizations }) =>
    [...kustomizations.values()].flatMap(({ key, error }) =>
      error === undefined || reviewed.has(`${name} ${key}`)
        ? []
        : [{ cluster: name, kustomization: key, error, severity: 'error' as const }],
    ),
  );
  if (subject.role === 'tenant') {
    const mine = head.fleet.problems.filter((problem) => !before.has(problemKey(problem)));
    const unknowns = failed.map(({ error, cluster, kustomization }) => ({
      what: `Kustomization ${kustomization} on ${cluster}`,
      effect: `the platform's own part could not be rendered (${error.code}), so what it defines is not known here`,
    }));
    return { errors: mine.filter(isError).map(problemError), unknowns, violations: new Map() };
  }
  const violations = new Map<string, Violation[]>();
  for (const problem of head.fleet.problems.filter((one) => !isError(one))) {
    const key = `${problem.cluster} ${problem.kustomization ?? ''}`;
    violations.set(key, [...(violations.get(key) ?? []), warning(problem, !before.has(problemKey(problem)))]);
  }
  return { errors: [...head.fleet.problems.filter(isError), ...failed].map(problemError), unknowns: [], violations };
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

function warning({ error, kustomization }: FleetProblem, introduced: boolean): Violation {
  return {
    rule: 'fleet/depends-on',
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

function withFleetViolations(
  outcomes: readonly KustomizationOutcome[],
  violations: ReadonlyMap<string, Violation[]>,
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

function reportError(error: SluiceError, cluster: string | null, kustomization: string | null): ReportError {
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
