// Service accounts that the fleet makes and deploys as, and gives no role.
import { SluiceError } from '../errors.ts';
import { isKind } from '../flux/read.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import type { ObjectSource } from '../object/object.ts';
import type { ClusterFleet, FleetProblem } from './fleet.ts';

/** One warning an account, at the first Kustomization that is applied as it. What binds it may stand outside of Git. */
export function accountProblems(cluster: ClusterFleet): FleetProblem[] {
  const made = new Map<string, ObjectSource | undefined>(
    cluster.objects
      .filter(({ object }) => isKind(object, '', 'ServiceAccount'))
      .map(({ object, sources }) => [`${namespaceOf(object)}/${nameOf(object)}`, sources[0]] as const),
  );
  const out = new Map<string, FleetProblem>();
  for (const { key, owner, spec } of cluster.kustomizations.values()) {
    if (owner.type !== 'tenant' || owner.tenant.rbacKnown || spec.remoteCluster) continue;
    const { namespace, name } = owner.tenant.serviceAccount;
    const account = `${namespace}/${name}`;
    if (!made.has(account) || out.has(account)) continue;
    const error = new SluiceError(
      'fleet.invalid',
      `Kustomization ${key} is applied as ServiceAccount ${account}, which no binding of the fleet gives a role`,
      {
        place: made.get(account),
        remedy: `add a RoleBinding for it, or the API server refuses all that it applies, unless something else binds it`,
      },
    );
    out.set(account, {
      severity: 'warning',
      rule: 'fleet/service-account',
      error,
      cluster: cluster.name,
      kustomization: key,
    });
  }
  return [...out.values()];
}
