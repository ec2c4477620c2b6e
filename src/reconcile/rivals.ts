// Who else wants an object now: what moved to another Kustomization is left to that one, and nobody takes from another.
import type { FleetNow } from '../agent/fleet-view.ts';
import { uidOf } from '../agent/kustomizations.ts';
import { keyOf, readKustomization } from '../flux/kustomization.ts';
import { stringAt } from '../flux/read.ts';
import { nameOf, namespaceOf, objectId } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import { type Claimant, claimantOf, hasClaim } from './claim.ts';
import type { LiveKustomization } from './identity.ts';
import { readInputs, readSource } from './inputs.ts';
import type { ReconcileTools } from './run.ts';

/** Others that are asked what they want, for one run. */
const mostAsked = 200;

/**
 * Which of these ids another Kustomization's build holds at its source's newest revision: id → its key. Asked are those
 * that were known to hold one, and those that read the same source and have not come to its newest revision yet. Only wishes
 * count that have a claim against `owner`, whose Kustomization it is; and against one that has an object (`held`), the wish
 * of an equal that has it not is none: who came first is not stopped by who came later.
 */
export async function wantedByOthers(
  of: LiveKustomization,
  owner: Claimant,
  ids: ReadonlySet<string>,
  tools: ReconcileTools,
  held: ReadonlySet<string> = new Set(),
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Map<string, string>();
  const others = ids.size === 0 ? [] : candidates(of, ids, tools).slice(0, mostAsked);
  if (others.length === 0) return wanted;
  const known = { fleet: await tools.fleet.now(), kinds: await tools.cluster.kinds() };
  for (const other of others) {
    const { desired, claimant } = await wishOf(liveOf(other), known.fleet, tools);
    if (claimant === undefined) continue;
    const theirs = tools.kustomizations.inventoryOf(keyOf(other));
    const late = (id: string): boolean => claimant.type === owner.type && held.has(id) && !theirs.has(id);
    for (const id of desired)
      if (ids.has(id) && !wanted.has(id) && !late(id) && hasClaim(claimant, id, owner, known))
        wanted.set(id, keyOf(other));
  }
  return wanted;
}

function candidates(of: LiveKustomization, ids: ReadonlySet<string>, tools: ReconcileTools): KubeObject[] {
  const source = JSON.stringify(of.spec.sourceRef);
  const known = new Set([...ids].flatMap((id) => [...tools.memory.desiring(id), ...tools.kustomizations.holding(id)]));
  const out: KubeObject[] = [];
  for (const [key, object] of tools.kustomizations.all()) {
    if (key === of.key || isGoing(object)) continue;
    const sameSource = JSON.stringify(readKustomization(object).spec.sourceRef) === source;
    if (known.has(key) || (sameSource && !isUpToDate(object, tools))) out.push(object);
  }
  return out;
}

/** Its build is known, and of the newest revision. */
function isUpToDate(object: KubeObject, tools: ReconcileTools): boolean {
  const { sourceRef } = readKustomization(object).spec;
  const revision = tools.sources.outcome(`${sourceRef.namespace}/${sourceRef.name}`)?.state?.revision;
  return revision !== undefined && stringAt(object['status'], 'lastAttemptedRevision') === revision;
}

/** What it would apply; what it wanted last where it cannot be built now, so that nothing is taken from under it. */
async function wishOf(
  live: LiveKustomization,
  fleet: FleetNow,
  tools: ReconcileTools,
): Promise<{ readonly desired: Iterable<string>; readonly claimant: Claimant | undefined }> {
  try {
    const { build, identity } = await readInputs(live, await readSource(live, tools), tools);
    const desired = new Set(build.objects.map((one) => objectId(one.object)));
    tools.memory.desires(live.key, desired);
    return { desired, claimant: identity.owner };
  } catch {
    return { desired: tools.kustomizations.inventoryOf(live.key), claimant: claimantOf(live, fleet) };
  }
}

export function liveOf(object: KubeObject): LiveKustomization {
  return {
    key: keyOf(object),
    namespace: namespaceOf(object),
    name: nameOf(object),
    spec: readKustomization(object).spec,
  };
}

function isGoing(object: KubeObject): boolean {
  return uidOf(object) === '' || stringAt(object.metadata as never, 'deletionTimestamp') !== undefined;
}
