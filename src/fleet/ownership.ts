// One object, one owner: two Kustomizations of the platform that hold the same object would take it from each other.
import { SluiceError } from '../errors.ts';
import { isKustomization, keyOf } from '../flux/kustomization.ts';
import { objectId, objectLabel } from '../object/id.ts';
import type { ClusterFleet, FleetProblem } from './fleet.ts';

/** Owner by object id, for the objects that computing the fleet built. */
export function ownersOf(cluster: ClusterFleet): Map<string, string> {
  const owners = new Map<string, string>();
  for (const { object, kustomization } of cluster.objects) owners.set(objectId(object), kustomization);
  return owners;
}

/** One error per object that two of the platform's Kustomizations own. */
export function ownershipProblems(cluster: ClusterFleet): FleetProblem[] {
  const owners = new Map<string, string>();
  const out: FleetProblem[] = [];
  for (const { object, kustomization, sources } of cluster.objects) {
    const id = objectId(object);
    const other = owners.get(id);
    owners.set(id, other ?? kustomization);
    // The root's own Kustomization stands in its own build; that is how Flux bootstraps.
    if (other === undefined || other === kustomization) continue;
    if (isKustomization(object) && keyOf(object) === kustomization) continue;
    const error = new SluiceError(
      'fleet.duplicate',
      `${objectLabel(object)} is in two Kustomizations: ${other} and ${kustomization}`,
      {
        place: sources[0],
        remedy: 'keep it in one of them',
      },
    );
    out.push({ severity: 'error', error, cluster: cluster.name, kustomization });
  }
  return out;
}
