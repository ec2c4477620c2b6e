import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../../../lab/cluster/cluster.ts';
import type { KubeObject } from '../../../lab/cluster/object.ts';

/** How long a `beforeAll` that starts a cluster may take: the first on a machine builds its programs. */
export const startTimeoutMs = 1_200_000;

export interface Stage {
  readonly cluster: Cluster;
  close(): Promise<void>;
}

/** A cluster of one test file's own, in a folder that goes with it. */
export async function setStage(name: string, controllers = false): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), `sluice-${name}-`));
  const progress = (step: string): void => void process.stderr.write(`${step}\n`);
  const cluster = await startCluster({ name, folder, controllers, progress });
  return {
    cluster,
    async close() {
      await cluster.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export function namespace(name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

export function configMap(namespaceName: string, name: string, data: Record<string, string> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: namespaceName }, data };
}

export function account(namespaceName: string, name: string): KubeObject {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: namespaceName } };
}
