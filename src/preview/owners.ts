// Who owns an object on a cluster: the platform's builds, and those of Kustomizations that share a tenant's namespaces.

import type { ClusterFleet, FleetKustomization } from '../fleet/fleet.ts';
import { ownersOf } from '../fleet/ownership.ts';
import { namespaceOf, objectId } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import { buildSide } from './built.ts';
import type { Side, Tools } from './side.ts';

/** Object id → Kustomization keys that hold it, for one cluster. */
export type Owners = ReadonlyMap<string, readonly string[]>;

/**
 * Builds (from the cache, where nothing moved) every Kustomization whose tenant shares a namespace with one of
 * `affected`. One that cannot be built owns nothing here: its own review says why.
 */
export async function readOwners(
  cluster: ClusterFleet,
  affected: readonly FleetKustomization[],
  tools: Tools,
): Promise<Owners> {
  const owners = new Map<string, string[]>();
  const add = (id: string, key: string): void => {
    owners.set(id, [...(owners.get(id) ?? []), key]);
  };
  for (const [id, key] of ownersOf(cluster)) add(id, key);
  const namespaces = new Set(affected.flatMap(namespacesOf));
  const sharing = [...cluster.kustomizations.values()].filter(
    (one) => !one.spec.remoteCluster && namespacesOf(one).some((name) => namespaces.has(name)),
  );
  await Promise.all(
    sharing.map(async (one) => {
      const built = await buildSide(one, tools.renderer);
      if (built.type === 'built') for (const { object } of built.build.objects) add(objectId(object), one.key);
    }),
  );
  return owners;
}

/** The words for whoever else owns an id, fit for this tenant's eyes; undefined where nobody does. */
export function otherOwner(
  owners: Owners,
  cluster: ClusterFleet,
  mine: FleetKustomization,
): (id: string) => string | undefined {
  const own = new Set(namespacesOf(mine));
  return (id) => {
    // Nobody here owns what is applied to another cluster.
    if (mine.spec.remoteCluster) return undefined;
    const key = owners.get(id)?.find((one) => one !== mine.key);
    const other = key === undefined ? undefined : cluster.kustomizations.get(key);
    if (other === undefined) return undefined;
    if (other.owner.type === 'platform') return 'the platform';
    return own.has(other.namespace) ? `Kustomization ${other.key}` : 'another Kustomization of the fleet';
  };
}

/** Namespaces in which the platform itself holds more on the head than on the base: what a tenant has there may be taken. */
export function gainedNamespaces(base: ClusterFleet | undefined, head: ClusterFleet): ReadonlySet<string> {
  if (base === undefined || base.objects === head.objects) return new Set();
  const before = ownersOf(base);
  const gained = head.objects.filter(({ object }) => !before.has(objectId(object)));
  return new Set(gained.map(({ object }) => namespaceOf(object)).filter((name) => name !== ''));
}

/** Of its tenant; none for the platform's own. */
export function namespacesOf(kustomization: FleetKustomization): readonly string[] {
  return kustomization.owner.type === 'tenant' ? kustomization.owner.tenant.namespaces : [];
}

/** Sides differ in what decides about every tenant: rules, limits, RBAC, kinds. */
export function rulesDiffer(
  base: Side,
  head: Side,
  baseCluster: ClusterFleet | undefined,
  headCluster: ClusterFleet,
): boolean {
  if (base.policy.digest !== head.policy.digest) return true;
  if (JSON.stringify(base.waivers) !== JSON.stringify(head.waivers)) return true;
  if (JSON.stringify(base.fleet.config) !== JSON.stringify(head.fleet.config)) return true;
  if (baseCluster === undefined || baseCluster.objects === headCluster.objects) return false;
  const decided = (cluster: ClusterFleet): string => JSON.stringify([cluster.lockdown, decisiveObjects(cluster)]);
  return decided(baseCluster) !== decided(headCluster);
}

/** RBAC and definitions: what of the fleet's objects says who may do what. */
export function decisiveObjects({ objects }: ClusterFleet): readonly KubeObject[] {
  return objects.flatMap(({ object }) => (decisive.has(object.kind) ? [object] : []));
}

const decisive = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding', 'CustomResourceDefinition']);
