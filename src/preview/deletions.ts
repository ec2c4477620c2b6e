// Which objects that leave a build are really deleted: Flux keeps what it may not prune, and what another one applies.
import type { ObjectChange } from '../diff/change.ts';
import type { ClusterFleet, FleetKustomization } from '../fleet/fleet.ts';
import { isKustomization, keyOf } from '../flux/kustomization.ts';
import { stringAt } from '../flux/read.ts';
import { objectId } from '../object/id.ts';
import type { BuiltObject, KubeObject } from '../object/object.ts';
import type { Violation } from '../report/outcome.ts';
import { declaredPlace } from './kustomization.ts';
import type { Pair } from './pair.ts';

/** What leaves the builds of one preview, cluster by cluster. */
export interface Leaving {
  readonly pair: Pair;
  readonly changes: readonly ObjectChange[];
  readonly baseObjects: readonly BuiltObject[];
  readonly headObjects: readonly BuiltObject[];
}

export interface Kept {
  /** Without the deletions that do not happen; in the order of what was asked. */
  readonly changes: readonly (readonly ObjectChange[])[];
  /** One sentence for each reason: `prod: 2 objects leave Kustomization a/web and stay, since …`. */
  readonly notes: readonly string[];
}

/** Takes out the deletions that a deploy would not do, and says why. */
export function keepUnpruned(all: readonly Leaving[]): Kept {
  const owners = headOwners(all);
  const said = new Map<string, Set<string>>();
  const changes = all.map((one) => {
    const reason = whyAllStay(one.pair);
    const objects = new Map(one.baseObjects.map(({ object }) => [objectId(object), object]));
    const staying = new Map<string, string[]>();
    const left = one.changes.filter((change) => {
      if (change.action !== 'deleted') return true;
      const why = reason ?? whyStays(objects.get(change.id)) ?? movesTo(change.id, one.pair, owners);
      if (why === undefined) return true;
      staying.set(why, [...(staying.get(why) ?? []), change.object]);
      return false;
    });
    for (const [why, names] of staying) {
      const sentence = `${counted(names)} Kustomization ${one.pair.key} and ${names.length === 1 ? 'stays' : 'stay'}, ${why}: ${listed(names)}`;
      said.set(sentence, (said.get(sentence) ?? new Set()).add(one.pair.cluster));
    }
    return left;
  });
  const notes = [...said].map(([sentence, clusters]) => `${[...clusters].toSorted().join(', ')}: ${sentence}`);
  return { changes, notes };
}

/** Kustomizations that hold an object after the merge, by cluster and id. */
function headOwners(all: readonly Leaving[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const { pair, headObjects } of all) {
    if (pair.head === undefined || pair.head.spec.remoteCluster) continue;
    for (const { object } of headObjects) owners.set(`${pair.cluster} ${objectId(object)}`, pair.key);
  }
  return owners;
}

function movesTo(id: string, pair: Pair, owners: ReadonlyMap<string, string>): string | undefined {
  const next = owners.get(`${pair.cluster} ${id}`);
  if (next === undefined || next === pair.key || pair.base?.spec.remoteCluster === true) return undefined;
  return `since Kustomization ${next} applies the same from then on (if it does so too late, after a deletion)`;
}

/** Flux leaves alone what says so itself (labels and annotations, in any case). */
function whyStays(object: KubeObject | undefined): string | undefined {
  for (const name of ['prune', 'reconcile']) {
    const key = `kustomize.toolkit.fluxcd.io/${name}`;
    const values = [stringAt(object?.metadata.annotations, key), stringAt(object?.metadata.labels, key)];
    if (values.some((value) => value?.toLowerCase() === 'disabled')) return `marked ${key}: disabled`;
  }
  return undefined;
}

/** Why nothing of what leaves a pair is deleted; undefined where it is. */
export function whyAllStay({ base, head, baseCluster, headCluster }: Pair): string | undefined {
  if (base === undefined) return undefined;
  if (headCluster === undefined) return 'since nothing reconciles a cluster that the platform repository no longer has';
  if (head !== undefined) return head.spec.prune ? undefined : 'since its spec.prune is not true';
  return whyItself(base, baseCluster, headCluster) ?? whyOrphaned(base);
}

/** Why a Kustomization that is no longer defined stays itself: whoever defined it does not prune. */
function whyItself(
  { key, parent }: FleetKustomization,
  baseCluster: ClusterFleet | undefined,
  headCluster: ClusterFleet,
): string | undefined {
  const marked = baseCluster?.objects.find(({ object }) => isKustomization(object) && keyOf(object) === key);
  if (whyStays(marked?.object) !== undefined) return 'as it does itself, being marked not to be pruned';
  const before = parent === undefined ? undefined : baseCluster?.kustomizations.get(parent);
  if (before === undefined) return undefined;
  const after = headCluster.kustomizations.get(before.key);
  const stays =
    after === undefined
      ? (whyItself(before, baseCluster, headCluster) ?? whyOrphaned(before)) !== undefined
      : !after.spec.prune;
  return stays ? `as it does itself, since Kustomization ${before.key} does not prune it` : undefined;
}

/** Why a Kustomization that is deleted leaves its objects behind. */
function whyOrphaned({ spec }: FleetKustomization): string | undefined {
  if (spec.suspended) return 'since it is suspended when it goes';
  switch (spec.deletionPolicy) {
    case 'Delete':
    case 'WaitForTermination':
      return undefined;
    case 'Orphan':
      return 'since its spec.deletionPolicy is Orphan';
    default:
      return spec.prune ? undefined : 'since its spec.prune is not true';
  }
}

function counted(names: readonly string[]): string {
  return names.length === 1 ? '1 object leaves' : `${names.length.toLocaleString('en-US')} objects leave`;
}

function listed(names: readonly string[]): string {
  const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
  return `${names.slice(0, 5).join(', ')}${more}`;
}

/** More deletions than the deploy lets pass without an acknowledgement (`deploy.maxDeletions`). */
export function massDeletion(pair: Pair, changes: readonly ObjectChange[], limit: number): Violation[] {
  const count = changes.filter(({ action }) => action === 'deleted').length;
  if (count <= limit) return [];
  return [
    {
      rule: 'deploy/deletions',
      severity: 'warn',
      object: `Kustomization/${pair.key}`,
      ...declaredPlace(pair),
      message: `merging deletes ${count} objects of Kustomization ${pair.key}, more than the ${limit} that pass without a word`,
      remedy: 'make sure that this is meant; the deploy stops and asks for an acknowledgement',
      introduced: true,
      waivedUntil: null,
    },
  ];
}
