// As whom a Kustomization of the cluster is applied. What stands in the cluster may have been put there by anybody who may
// write Kustomizations, so only what the platform repository says too makes one the platform's.
import type { FleetNow } from '../agent/fleet-view.ts';
import { SluiceError } from '../errors.ts';
import type { Owner, ResolvedSource } from '../fleet/fleet.ts';
import { foreignOf } from '../fleet/artifact.ts';
import { ownerOf, readTenant, serviceAccountOf } from '../fleet/owner.ts';
import type { ServiceAccountRef } from '../fleet/tenant.ts';
import type { KustomizationSpec } from '../flux/kustomization.ts';
import { namesRepository } from '../source/url.ts';

/** Whom the platform's own Kustomizations are applied as where they name nobody; `sluice bootstrap` makes it. */
export const platformAccount: ServiceAccountRef = { namespace: 'sluice-system', name: 'sluice-platform' };

export interface Identity {
  readonly owner: Extract<Owner, { type: 'platform' | 'tenant' }>;
  readonly account: ServiceAccountRef;
}

/** A Kustomization in the cluster. */
export interface LiveKustomization {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly spec: KustomizationSpec;
}

/** @throws SluiceError `deploy.denied`, terminal, with what to change */
export function identityOf(live: LiveKustomization, source: ResolvedSource, fleet: FleetNow): Identity {
  const { key, namespace, spec } = live;
  const declared = fleet.cluster.kustomizations.get(key);
  const isRoot = declared !== undefined && declared.parent === undefined;
  // As it was bootstrapped: the accounts that the fleet brings are not there before it was applied once.
  if (isRoot && spec.serviceAccountName === undefined)
    return { owner: { type: 'platform', serviceAccount: undefined }, account: platformAccount };
  refuseAcross(live, isRoot, fleet);
  const owner = ownerOf(namespace, spec, source, {
    rbac: fleet.cluster.rbac,
    lockdown: fleet.cluster.lockdown,
    defaultServiceAccount: fleet.side.fleet.config.defaultServiceAccount,
    trusted: isTrusted(source, fleet),
  });
  if (
    owner.type === 'unbound' ||
    (owner.type === 'platform' && owner.serviceAccount === undefined && declared?.owner.type !== 'platform')
  )
    throw denied(
      declared === undefined
        ? `Kustomization ${key} names no service account, and the platform repository does not define it`
        : `Kustomization ${key} names no service account in the cluster, and is not the platform's`,
      'set spec.serviceAccountName to an account of its namespace',
    );
  if (owner.type === 'platform') return { owner, account: owner.serviceAccount ?? platformAccount };
  if (declared === undefined) refuseReach(live, owner.tenant.namespaces);
  return { owner, account: owner.tenant.serviceAccount };
}

/**
 * As whom the objects of a Kustomization are deleted that is itself being deleted, and so may be in the platform repository
 * no more. That it may is shown by each object: it must carry this Kustomization's owner labels.
 */
export function deletingIdentity({ namespace, spec }: LiveKustomization, { cluster, side }: FleetNow): Identity {
  const { rbac, lockdown } = cluster;
  const { defaultServiceAccount } = side.fleet.config;
  const account = serviceAccountOf(namespace, spec, { rbac, lockdown, defaultServiceAccount, trusted: false });
  if (account === undefined)
    return { owner: { type: 'platform', serviceAccount: undefined }, account: platformAccount };
  return { owner: { type: 'tenant', tenant: readTenant(account, rbac, spec.remoteCluster) }, account };
}

function isTrusted(source: ResolvedSource, { side }: FleetNow): boolean {
  if (source.type !== 'tree') return false;
  const named = side.fleet.config.trustedSources;
  return foreignOf(source).every((url) => namesRepository(named, url));
}

/** Flux's own lockdown, where the fleet has it. */
function refuseAcross({ key, namespace, spec }: LiveKustomization, isRoot: boolean, { cluster }: FleetNow): void {
  const { kind, name, namespace: from } = spec.sourceRef;
  if (isRoot || from === namespace || !cluster.lockdown.noCrossNamespaceRefs) return;
  throw denied(
    `Kustomization ${key} reads ${kind} ${from}/${name}, and the fleet sets --no-cross-namespace-refs`,
    `define a source in ${namespace}`,
  );
}

/** What nobody reviewed points at nothing outside its tenant. */
function refuseReach({ key, spec }: LiveKustomization, namespaces: readonly string[]): void {
  const { sourceRef, dependsOn, targetNamespace } = spec;
  const outside = [
    ['spec.sourceRef', sourceRef.namespace] as const,
    ...dependsOn.map((one) => ['spec.dependsOn', one.namespace] as const),
    ...(targetNamespace === undefined ? [] : [['spec.targetNamespace', targetNamespace] as const]),
  ].find(([, namespace]) => !namespaces.includes(namespace));
  if (outside === undefined) return;
  throw denied(
    `Kustomization ${key}: ${outside[0]} points outside the namespaces of its tenant, and the platform repository does not define it`,
    'let it point at what is in its own namespaces, or have the platform define it',
  );
}

function denied(message: string, remedy: string): SluiceError {
  return new SluiceError('deploy.denied', message, { remedy });
}
