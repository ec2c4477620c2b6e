// What must hold for any build, any cluster and any inventory.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entriesOf } from '../../../src/apply/prepare.ts';
import { pruneStale } from '../../../src/apply/prune.ts';
import { applyStage } from '../../../src/apply/stage.ts';
import { staleOf, union } from '../../../src/inventory/inventory.ts';
import { objectId } from '../../../src/object/id.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import { MemoryCluster, refusal } from '../../kube-memory/cluster.ts';
import { applyContext, configMap, deployment, labelled, ours, prepared, pruneContext, stage } from './manifests.ts';

const name = fc.constantFrom('a', 'b', 'c', 'd');
const data = fc.dictionary(fc.constantFrom('k', 'l', 'm'), fc.constantFrom('1', '2'), { maxKeys: 3 });
const workload = fc.record({ replicas: fc.integer({ min: 0, max: 3 }), paused: fc.boolean() }, { requiredKeys: [] });
const object = fc.oneof(
  fc.tuple(name, data).map(([called, values]) => configMap(called, values)),
  fc.tuple(name, workload).map(([called, spec]) => deployment(spec, { name: called, namespace: 'a' })),
);
const build = fc.uniqueArray(object, { selector: objectId, maxLength: 6 });
const manager = fc.constantFrom('kubectl-edit', 'hpa', 'k9s');
const edits = fc.array(fc.tuple(name, manager, fc.constantFrom('k', 'x')), { maxLength: 4 });

async function apply(cluster: MemoryCluster, objects: readonly KubeObject[]): Promise<void> {
  const { failure } = await applyStage(stage(...objects), applyContext(cluster));
  if (failure !== undefined) throw failure;
}

function edit(cluster: MemoryCluster, all: readonly (readonly [string, string, string])[]): void {
  for (const [called, who, key] of all) {
    const id = `a_${called}__ConfigMap`;
    if (cluster.object(id) === undefined) continue;
    cluster.update(who, id, (live) => ({ ...live, data: { ...(live['data'] as object), [key]: who } }));
  }
}

const writes = (cluster: MemoryCluster): number =>
  cluster.count('apply') + cluster.count('managedFields') + cluster.count('delete');

test('applied twice, nothing is written the second time, whoever edited before', async () => {
  await fc.assert(
    fc.asyncProperty(build, build, edits, async (before, after, edited) => {
      const cluster = new MemoryCluster();
      await apply(cluster, before);
      edit(cluster, edited);
      await apply(cluster, after);
      const done = writes(cluster);
      await apply(cluster, after);
      expect(writes(cluster)).toBe(done);
    }),
  );
});

test('what Git says holds afterwards, and what left Git is gone', async () => {
  await fc.assert(
    fc.asyncProperty(build, build, edits, async (before, after, edited) => {
      const cluster = new MemoryCluster();
      await apply(cluster, before);
      edit(cluster, edited);
      await apply(cluster, after);
      for (const wanted of after) {
        const live = cluster.object(objectId(wanted));
        expect(live?.metadata.labels).toEqual(ours);
        const [own, theirs] = [wanted['data'] ?? wanted['spec'], live?.['data'] ?? live?.['spec'] ?? {}] as [
          object,
          object,
        ];
        expect(theirs).toMatchObject(own);
        const foreign = edited
          .filter(([called, who]) => called === wanted.metadata.name && !who.startsWith('kubectl'))
          .map(([, , key]) => key);
        for (const key of Object.keys(theirs)) expect([...Object.keys(own), ...foreign]).toContain(key);
      }
    }),
  );
});

test('interrupted at any request and run again, the end is the same', async () => {
  await fc.assert(
    fc.asyncProperty(build, build, fc.nat(20), async (before, after, at) => {
      const [whole, broken] = [new MemoryCluster(), new MemoryCluster()];
      for (const cluster of [whole, broken]) await apply(cluster, before);
      await apply(whole, after);
      let left = at;
      broken.hooks.push(() => {
        left -= 1;
        if (left === 0) throw refusal('kube.unavailable', 503, 'cut', [], 'transient');
      });
      await apply(broken, after).catch(() => undefined);
      broken.hooks.length = 0;
      await apply(broken, after);
      const content = (cluster: MemoryCluster): unknown =>
        cluster
          .ids()
          .map((id) => [
            id,
            cluster.object(id)?.['data'],
            cluster.object(id)?.['spec'],
            cluster.object(id)?.metadata.labels,
          ]);
      expect(content(broken)).toEqual(content(whole));
    }),
  );
});

const anyId = fc.oneof(
  name.map((called) => `a_${called}__ConfigMap`),
  name.map((called) => `a_${called}_apps_Deployment`),
  name.map((called) => `kube-system_${called}__ConfigMap`),
  fc.constantFrom('_kube-system__Namespace', 'a_..__ConfigMap', 'a_b', ''),
  fc.string(),
);

test('nothing is deleted but what is in the inventory, allowed, and ours', async () => {
  const live = fc.tuple(object, fc.constantFrom('a', 'kube-system'), fc.boolean()).map(([one, namespace, own]) => {
    const there = { ...one, metadata: { ...one.metadata, namespace } };
    return own ? labelled(there) : there;
  });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(live, { selector: objectId, maxLength: 8 }),
      fc.array(anyId, { maxLength: 8 }),
      async (there, ids) => {
        const cluster = new MemoryCluster();
        for (const one of there) cluster.create('kustomize-controller', one);
        const stale = ids.map((id) => ({ id, v: 'v1' }));
        const authorise = ({ namespace }: { namespace: string }): string | undefined =>
          namespace === 'a' ? undefined : 'no';
        const { survivors } = await pruneStale(stale, pruneContext(cluster, { authorise }));
        const gone = there.filter((one) => cluster.object(objectId(one)) === undefined);
        for (const one of gone) {
          expect(ids).toContain(objectId(one));
          expect(one.metadata.labels).toEqual(ours);
          expect(one.metadata.namespace).toBe('a');
        }
        for (const entry of survivors) expect(stale).toContain(entry);
      },
    ),
  );
});

test('write ahead, apply, prune: nothing that was created is ever forgotten, wherever it stops', async () => {
  await fc.assert(
    fc.asyncProperty(build, build, fc.nat(24), async (before, after, at) => {
      const cluster = new MemoryCluster();
      await apply(cluster, before);
      const old = entriesOf(prepared(...before));
      const next = entriesOf(prepared(...after));
      let inventory = union(old, next);
      let left = at;
      cluster.hooks.push(() => {
        left -= 1;
        if (left === 0) throw refusal('kube.unavailable', 503, 'cut', [], 'transient');
      });
      const { failure } = await applyStage(stage(...after), applyContext(cluster));
      if (failure === undefined) {
        const { survivors } = await pruneStale(staleOf(old, next), pruneContext(cluster));
        inventory = union(survivors, next);
      }
      const known = new Set(inventory.map(({ id }) => id));
      for (const id of cluster.ids()) expect(known.has(id)).toBe(true);
    }),
  );
});
