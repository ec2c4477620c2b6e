// What applying and pruning are given by a run: as whom, where, and whether it still counts.
import type { DeployContext } from '../apply/context.ts';
import { asSluiceError } from '../errors.ts';
import type { ServedKinds } from '../ports/kube.ts';
import type { Inputs } from './inputs.ts';
import type { ReconcileTools, Run } from './run.ts';

const concurrency = 8;

export function deployContext(
  run: Run,
  { identity, writer, kinds }: Pick<Inputs, 'identity' | 'writer'> & { readonly kinds: ServedKinds },
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
    stillMine: async () => {
      try {
        await run.stillMine();
        return true;
      } catch (thrown) {
        if (asSluiceError(thrown).code === 'deploy.superseded') return false;
        throw thrown;
      }
    },
    elapsed: tools.elapsed,
    concurrency,
  };
}
