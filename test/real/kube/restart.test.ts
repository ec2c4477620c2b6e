// An API server that dies and comes back while it is followed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectCluster } from '../../../src/adapters/kube/cluster.ts';
import { readKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts';
import type { KubeCluster, ObjectMetadata } from '../../../src/ports/kube.ts';
import { configMap, namespace, type Stage, setStage, startTimeoutMs } from '../cluster/stage.ts';
import { configMaps, unlogged } from './scripted.ts';

let stage: Stage;
let kube: KubeCluster;
beforeAll(async () => {
  stage = await setStage('kube-restart');
  kube = connectCluster(readKubeconfig(stage.cluster.kubeconfig()), { log: unlogged });
}, startTimeoutMs);
afterAll(async () => {
  kube.close();
  await stage.close();
});

test('a follower hears of what came after, whether the server ended in order or was killed', async () => {
  const { admin } = stage.cluster;
  await admin.apply([namespace('a'), configMap('a', 'first')]);
  const there = new Set<string>();
  const lost: unknown[] = [];
  const stop = new AbortController();
  const follower = {
    listed: (items: readonly ObjectMetadata[]) => {
      there.clear();
      for (const { name } of items) there.add(name);
    },
    changed: ({ name }: ObjectMetadata) => void there.add(name),
    deleted: ({ name }: ObjectMetadata) => void there.delete(name),
    lost: (error: unknown) => void lost.push(error),
  };
  await kube.followMetadata(configMaps, follower, { namespace: 'a', signal: stop.signal });
  expect([...there]).toEqual(['first']);
  await stage.cluster.restart();
  await admin.apply(configMap('a', 'second'));
  await expect.poll(() => [...there].toSorted(), { timeout: 60_000 }).toEqual(['first', 'second']);
  await stage.cluster.kill();
  await expect.poll(() => lost.length).toBeGreaterThan(0);
  await expect(kube.get({ kind: configMaps, namespace: 'a', name: 'first' })).rejects.toMatchObject({
    code: 'kube.unavailable',
    kind: 'transient',
  });
  await stage.cluster.restart();
  await admin.apply(configMap('a', 'third'));
  await admin.delete({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'a', name: 'first' });
  await expect.poll(() => [...there].toSorted(), { timeout: 60_000 }).toEqual(['second', 'third']);
  stop.abort();
});
