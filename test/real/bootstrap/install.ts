// What a cluster has once it is bootstrapped, but for the root source and Kustomization.
import { ensureFluxCrds } from '../../../src/adapters/flux-crds.ts';
import { readShippedRbac } from '../../../src/adapters/shipped-rbac.ts';
import type { ClusterAccess } from '../../../lab/cluster/access.ts';
import type { KubeObject } from '../../../lab/cluster/object.ts';

/** Flux's definitions, the namespaces `flux-system` and `sluice-system`, the agent's account and the platform's. */
export async function installPlatform(cluster: ClusterAccess): Promise<void> {
  const fluxSystem = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } };
  const shipped = [...(await ensureFluxCrds()), ...(await readShippedRbac())] as readonly KubeObject[];
  await cluster.admin.apply([fluxSystem, ...shipped]);
}
