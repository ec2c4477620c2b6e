// Whose a Kustomization is (DESIGN §5.4–5).
import type { KustomizationSpec } from '../flux/kustomization.ts';
import type { Lockdown, Owner, ResolvedSource } from './fleet.ts';
import { boundNamespaces, clusterBound, isBound, permits, type Rbac } from './rbac.ts';
import type { ServiceAccountRef, Tenant } from './tenant.ts';

export interface OwnerRules {
  readonly rbac: Rbac;
  readonly lockdown: Lockdown;
  readonly defaultServiceAccount: string | undefined;
  /** The source's address is listed under trustedSources. */
  readonly trusted: boolean;
}

/** The service account a Kustomization runs as, defaults included; undefined for the controller's own. */
export function serviceAccountOf(
  namespace: string,
  spec: KustomizationSpec,
  rules: OwnerRules,
): ServiceAccountRef | undefined {
  const name = spec.serviceAccountName ?? rules.lockdown.defaultServiceAccount ?? rules.defaultServiceAccount;
  return name === undefined ? undefined : { namespace, name };
}

/**
 * Platform: the platform repository (or a trusted source) without a service account, or with one that a
 * ClusterRoleBinding gives everything. Tenant: any other service account. Unbound: another repository without one.
 */
export function ownerOf(namespace: string, spec: KustomizationSpec, source: ResolvedSource, rules: OwnerRules): Owner {
  const serviceAccount = serviceAccountOf(namespace, spec, rules);
  const platform = source.type === 'tree' && source.platform;
  if (serviceAccount === undefined) {
    return platform || rules.trusted ? { type: 'platform', serviceAccount: undefined } : { type: 'unbound' };
  }
  if (platform && ownsCluster(rules.rbac, serviceAccount)) return { type: 'platform', serviceAccount };
  return { type: 'tenant', tenant: readTenant(serviceAccount, rules.rbac, spec.remoteCluster) };
}

function ownsCluster(rbac: Rbac, account: ServiceAccountRef): boolean {
  if (!clusterBound(rbac, account)) return false;
  return permits(rbac, account, { verb: '*', group: '*', resource: '*', namespace: '', name: '' }) === 'yes';
}

/** The tenant behind a service account. RBAC of a remote cluster (`spec.kubeConfig`) is not in this one's fleet. */
export function readTenant(account: ServiceAccountRef, rbac: Rbac, remoteCluster: boolean): Tenant {
  const bound = remoteCluster ? [] : boundNamespaces(rbac, account);
  const wide = !remoteCluster && clusterBound(rbac, account);
  return {
    name: account.namespace,
    serviceAccount: account,
    namespaces: bound.length === 0 ? [account.namespace] : [...new Set(bound)].toSorted(),
    rbacKnown: !remoteCluster && (isBound(rbac, account) || wide),
    clusterBound: wide,
  };
}
