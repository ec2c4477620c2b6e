// Whose wish for an object counts against whom. A build or an inventory alone gives nobody a claim: anybody may write an
// object of somebody else's into a repository, and with it would keep that one from being deployed or deleted.
import type { FleetNow } from '../agent/fleet-view.ts';
import { permits } from '../fleet/rbac.ts';
import { identityOf } from '../inventory/entry.ts';
import type { ServedKinds } from '../ports/kube.ts';
import { deletingIdentity, type Identity, type LiveKustomization } from './identity.ts';

export type Claimant = Identity['owner'];

/** Who a Kustomization is for, without a look at its source; undefined for one that nobody may apply. */
export function claimantOf(live: LiveKustomization, fleet: FleetNow): Claimant | undefined {
  const declared = fleet.cluster.kustomizations.get(live.key);
  const { owner } = deletingIdentity(live, fleet);
  if (declared?.owner.type === 'platform' && declared.spec.serviceAccountName === live.spec.serviceAccountName)
    return declared.owner;
  return owner.type === 'tenant' ? owner : undefined;
}

/** Tells whether `claimant` may want this object against `other`: the platform always, a tenant among tenants in its own namespaces. */
export function hasClaim(
  claimant: Claimant,
  id: string,
  other: Claimant,
  { fleet, kinds }: { readonly fleet: FleetNow; readonly kinds: ServedKinds },
): boolean {
  if (claimant.type === 'platform') return true;
  const object = identityOf(id);
  if (other.type === 'platform' || object === undefined) return false;
  const { namespace, group, name } = object;
  const { tenant } = claimant;
  if (!tenant.clusterBound) return tenant.namespaces.includes(namespace);
  // Bound in the whole cluster, to whatever: it counts for what it may write.
  const resource = kinds.find(group, object.kind)?.plural;
  if (resource === undefined) return false;
  return (
    permits(fleet.cluster.rbac, tenant.serviceAccount, { verb: 'patch', group, resource, namespace, name }) === 'yes'
  );
}
