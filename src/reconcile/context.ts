// What applying and pruning are given by a run: as whom, where, and whether it still counts.
import type { FleetNow } from '../agent/fleet-view.ts';
import type { DeployContext } from '../apply/context.ts';
import { asSluiceError } from '../errors.ts';
import type { ServedKinds } from '../ports/kube.ts';
import type { Inputs } from './inputs.ts';
import type { ReconcileTools, Run } from './run.ts';

const concurrency = 8;

export function deployContext(
  run: Run,
  { identity, writer, kinds, fleet }: Pick<Inputs, 'identity' | 'writer' | 'fleet'> & { readonly kinds: ServedKinds },
  tools: ReconcileTools,
): DeployContext {
  const { owner } = identity;
  return {
    owner: { namespace: run.namespace, name: run.name },
    writer,
    kinds,
    authorise: ({ kind, namespace }) => {
      // An account that the platform bound in the whole cluster is held by its RBAC alone, as in reviews.
      if (owner.type === 'platform' || owner.tenant.clusterBound) return undefined;
      if (!kind.namespaced) return 'it is cluster-scoped, and belongs into the platform repository';
      return owner.tenant.namespaces.includes(namespace) ? undefined : 'it is outside the namespaces of this tenant';
    },
    // Who may edit a platform's object in a tenant's namespace must not stop it from being written or deleted by a switch.
    trustsLive: ({ namespace }) => owner.type === 'tenant' || !tenantNamespaces(fleet).has(namespace),
    stillMine: async () => {
      try {
        await run.stillMine();
        return true;
      } catch (thrown) {
        if (asSluiceError(thrown).code === 'deploy.superseded') return false;
        throw thrown;
      }
    },
    signal: run.signal,
    elapsed: tools.elapsed,
    concurrency,
  };
}

const known = new WeakMap<FleetNow, ReadonlySet<string>>();

/** Every namespace that some tenant of the fleet may write to. */
function tenantNamespaces(fleet: FleetNow): ReadonlySet<string> {
  const found = known.get(fleet);
  if (found !== undefined) return found;
  const all = [...fleet.cluster.kustomizations.values()].flatMap(({ owner }) =>
    owner.type === 'tenant' ? owner.tenant.namespaces : [],
  );
  const namespaces = new Set(all);
  known.set(fleet, namespaces);
  return namespaces;
}
