// One cluster for many test files: started once in a run, by the first file that asks. Do not stop or restart it; keep to
// namespaces of your own, and leave what belongs to the whole cluster under names of your own, too.
import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { ClusterAccess } from '../../../lab/cluster/access.ts';
import { joinCluster } from '../../../lab/cluster/shared.ts';
import { namespace } from './stage.ts';

/**
 * Returns access to the run's cluster: etcd and the API server, and with `controllers` another one that has nodes and
 * rollouts. Give the `beforeAll` that calls it `startTimeoutMs`: the first time on a machine the programs are built.
 */
export async function sharedCluster({ controllers = false } = {}): Promise<ClusterAccess> {
  const progress = (step: string): void => void process.stderr.write(`${step}\n`);
  return await joinCluster(inject('clusters'), controllers ? 'controllers' : 'plain', progress);
}

/** Creates a namespace that nobody else uses and returns its name, as `<prefix>-3f9a01`. */
export async function freshNamespace(cluster: ClusterAccess, prefix: string): Promise<string> {
  const name = `${prefix}-${randomBytes(3).toString('hex')}`;
  await cluster.admin.apply(namespace(name));
  return name;
}
