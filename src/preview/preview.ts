// What a merge would do: two sides of the fleet, compared. The App, `sluice check` and the deploy's dry run all end here.
import type { ObjectChange } from '../diff/change.ts';
import type { SluiceError } from '../errors.ts';
import type { BuiltObject } from '../object/object.ts';
import type { Outcome, Violation } from '../report/outcome.ts';
import type { ReportUnknown } from '../report/report.ts';
import { changedPaths } from '../source/changed.ts';
import { sameRepository } from '../source/url.ts';
import { Comparisons } from './comparison.ts';
import { type Affected, affectedPairs } from './affected.ts';
import { keepUnpruned, type Leaving, massDeletion, whyAllStay } from './deletions.ts';
import { fleetFindings, reportError, withFleetViolations } from './fleet-findings.ts';
import { type PairResult, previewPair } from './kustomization.ts';
import { type Owners, readOwners } from './owners.ts';
import { isHidden, type Pair, pairUp } from './pair.ts';
import type { Side, Tools } from './side.ts';
import {
  suspendedNotes,
  unique,
  unknownCharts,
  unknownChildren,
  unknownDeletions,
  unknownSource,
  unknownVariables,
  unmovedNotes,
} from './unknowns.ts';

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
  const hidden = pairs.filter((pair) => isHidden(pair));
  const affected = await affectedPairs(
    pairs.filter((pair) => !hidden.includes(pair)),
    base,
    head,
    tools,
  );
  tools.progress(`rendering ${affected.length} Kustomizations`);
  // Build both sides, guard and policy on the head, pair and diff.
  const changed = changedFiles();
  const comparisons = new Comparisons(tools.renderer);
  const owners = ownersByCluster(affected, tools);
  let done = 0;
  const previewed = await Promise.all(
    affected.map(async (one): Promise<Previewed> => {
      const { pair, introducedOnly } = one;
      const [baseOwners, headOwners] = await owners(pair);
      const files = await changed(pair);
      const result = await previewPair(
        { pair, base, head, baseOwners, headOwners, changed: files, introducedOnly, today: subject.today, comparisons },
        tools,
      );
      done += 1;
      tools.progress('rendering', done, affected.length);
      return { affected: one, result };
    }),
  );
  // Say what was found, what could not be, and what is out of reach.
  const subjectErrors = subject.errors.map((error) => reportError(error, null, null));
  const buildErrors = previewed.flatMap(({ result }) =>
    result.errors.map((one) => reportError(one.error, one.cluster, one.kustomization)),
  );
  const reviewed = affected.map(({ pair }) => pair);
  const fleet = fleetFindings(base, head, subject, reviewed);
  const { changes: left, notes: kept } = keepUnpruned(previewed.map(leaving));
  const settled = previewed.map((one, index) => withChanges(one, left[index] ?? [], head));
  const shown = saidOnce(settled)
    .filter(isWorthShowing)
    .map(({ result }) => result.outcome);
  const fleetNow = pairs.flatMap(({ head: one }) => (one === undefined ? [] : [one]));
  return {
    source: subject.url,
    base: subject.base,
    head: subject.head,
    merge: subject.merge,
    kustomizations: withFleetViolations(shown, fleet.violations),
    errors: [...subjectErrors, ...buildErrors, ...fleet.errors],
    unknowns: unique([
      ...fleet.unknowns,
      ...previewed.flatMap(unknownsOf),
      ...unknownChildren(hidden),
      ...unknownCharts(chartObjects(previewed)),
    ]),
    notes: [
      ...new Set([...subject.notes, ...previewed.flatMap(({ result }) => result.notes)]),
      ...unmovedNotes(fleetNow, (url) => sameRepository(url, subject.url)),
      ...kept,
      ...suspendedNotes(settled.filter(isWorthShowing).map(({ affected: one }) => one.pair)),
    ],
    followers: fleetNow.filter(({ source }) => source.type === 'tree' && source.follows).length,
  };
}

interface Previewed {
  readonly affected: Affected;
  readonly result: PairResult;
}

/** Where a tenant defines a Kustomization that runs as nobody, its parent's guard says so; where that is not reviewed, it stands alone. */
function saidOnce(previewed: readonly Previewed[]): Previewed[] {
  const key = (cluster: string, kustomization: string, { rule, object }: Violation): string =>
    JSON.stringify([cluster, kustomization, rule, object]);
  const said = new Set(
    previewed.flatMap(({ affected: { pair }, result }) =>
      result.outcome.violations.map((one) => key(pair.cluster, pair.key, one)),
    ),
  );
  return previewed.map((one) => {
    const { pair } = one.affected;
    if (pair.head?.owner.type !== 'unbound' || pair.head.parent === undefined) return one;
    const { parent } = pair.head;
    const { outcome } = one.result;
    const violations = outcome.violations.filter((violation) => !said.has(key(pair.cluster, parent, violation)));
    return { ...one, result: { ...one.result, outcome: { ...outcome, violations } } };
  });
}

function leaving({ affected, result }: Previewed): Leaving {
  const { baseObjects, headObjects, outcome } = result;
  return { pair: affected.pair, changes: outcome.changes, baseObjects, headObjects };
}

function withChanges(one: Previewed, changes: readonly ObjectChange[], { fleet }: Side): Previewed {
  const { affected, result } = one;
  const { outcome } = result;
  const violations = [...outcome.violations, ...massDeletion(affected.pair, changes, fleet.config.maxDeletions)];
  return { affected, result: { ...result, outcome: { ...outcome, changes, violations } } };
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

/** A build that only other rules judge is shown where they found something. */
function isWorthShowing({ affected, result }: Previewed): boolean {
  const { changes, violations, unchanged } = result.outcome;
  return changes.length > 0 || violations.length > 0 || (unchanged > 0 && !affected.introducedOnly);
}

function unknownsOf({ affected, result }: Previewed): ReportUnknown[] {
  const { pair } = affected;
  const { head } = pair;
  if (head === undefined) return whyAllStay(pair) === undefined ? unknownDeletions(pair) : [];
  if (affected.introducedOnly) return [];
  return [...unknownSource(head), ...unknownVariables(head, result.unknownVariables)];
}

function chartObjects(previewed: readonly Previewed[]): { cluster: string; objects: readonly BuiltObject[] }[] {
  return previewed
    .filter(({ affected }) => !affected.introducedOnly)
    .map(({ affected, result }) => ({ cluster: affected.pair.cluster, objects: result.headObjects }));
}
