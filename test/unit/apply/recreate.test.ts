import { describe, expect, test } from 'vitest';
import { applyStage } from '../../../src/apply/stage.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { MemoryCluster, refusal } from '../../kube-memory/cluster.ts';
import { annotated, applyContext, configMap, labelled, stage } from './manifests.ts';

const id = 'a_x_batch_Job';
const enabled = { 'kustomize.toolkit.fluxcd.io/force': 'enabled' };

function job(image: string, more: Partial<KubeObject> = {}): KubeObject {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'x', namespace: 'a' },
    spec: { image },
    ...more,
  } as KubeObject;
}

function server(): MemoryCluster {
  const cluster = new MemoryCluster();
  cluster.validators.push((next, live) => {
    const of = (object: KubeObject): Json | undefined =>
      (object['spec'] as Record<string, Json> | undefined)?.['image'];
    if (next.metadata.name === 'bad')
      throw refusal('kube.invalid', 422, 'wrong', [{ reason: 'FieldValueRequired', field: 'x' }]);
    if (live === undefined || of(live) === of(next)) return;
    const causes = [{ reason: 'FieldValueInvalid', field: 'spec.image' }];
    if (of(next) === '')
      throw refusal('kube.invalid', 422, 'spec.image: field is immutable, spec.image: Required value', [
        ...causes,
        { reason: 'FieldValueRequired', field: 'spec.image' },
      ]);
    throw refusal('kube.invalid', 422, 'spec.image: Invalid value: field is immutable', causes);
  });
  return cluster;
}

async function withJob(): Promise<MemoryCluster> {
  const cluster = server();
  await applyStage(stage(job('one')), applyContext(cluster));
  cluster.requests.length = 0;
  return cluster;
}

const verbs = (cluster: MemoryCluster): string[] => cluster.requests.map(({ verb }) => verb);

test.each([
  ['spec.force', job('two'), true],
  ['a switch in Git', annotated(job('two'), enabled), false],
])('with %s an object is deleted and made anew', async (_name, object, force) => {
  const cluster = await withJob();
  const { changes, failure } = await applyStage(stage(object), applyContext(cluster, { force }));
  expect(failure).toBeUndefined();
  expect(changes[0]).toMatchObject({ action: 'configured', recreated: true, there: { uid: 'uid-2' } });
  expect(verbs(cluster)).toEqual(['dryRun', 'get', 'delete', 'get', 'apply']);
  expect(cluster.object(id)?.['spec']).toEqual({ image: 'two' });
});

test('with a switch on the live object too, where it can be trusted', async () => {
  const cluster = await withJob();
  cluster.update('admin', id, (object) => annotated(object, enabled));
  const refused = await applyStage(stage(job('two')), applyContext(cluster, { trustsLive: () => false }));
  expect(refused.failure?.code).toBe('deploy.apply');
  const { changes } = await applyStage(stage(job('two')), applyContext(cluster));
  expect(changes[0]?.recreated).toBe(true);
});

test('without one the refusal says how, and nothing is deleted', async () => {
  const cluster = await withJob();
  const { failure } = await applyStage(stage(job('two')), applyContext(cluster));
  expect(failure?.message).toContain('kustomize.toolkit.fluxcd.io/force: enabled');
  expect(verbs(cluster)).toEqual(['dryRun', 'get']);
});

describe('force deletes nothing', () => {
  test('for a mistake that would come back', async () => {
    const cluster = await withJob();
    const { failure } = await applyStage(stage(annotated(job(''), enabled)), applyContext(cluster, { force: true }));
    expect(failure?.code).toBe('deploy.apply');
    expect(verbs(cluster)).toEqual(['dryRun', 'get']);
  });

  test('while another object of the stage cannot be applied', async () => {
    const cluster = await withJob();
    const { failure } = await applyStage(stage(job('two'), configMap('bad')), applyContext(cluster, { force: true }));
    expect(failure?.message).toContain('1 of 2 objects cannot be applied');
    expect(cluster.count('delete')).toBe(0);
    expect(cluster.object(id)?.['spec']).toEqual({ image: 'one' });
  });

  test.each([
    ['PersistentVolumeClaim', 'v1', 'a'],
    ['Namespace', 'v1', ''],
    ['CustomResourceDefinition', 'apiextensions.k8s.io/v1', ''],
  ])('that is a %s', async (kind, apiVersion, namespace) => {
    const cluster = server();
    const object = (image: string): KubeObject =>
      annotated(
        job(image, { apiVersion, kind, metadata: { name: 'x', ...(namespace === '' ? {} : { namespace }) } }),
        enabled,
      );
    await applyStage(stage(object('one')), applyContext(cluster));
    const { failure } = await applyStage(stage(object('two')), applyContext(cluster, { force: true }));
    expect(failure?.message).toContain('never deleted');
    expect(cluster.count('delete')).toBe(0);
  });

  test('that this Kustomization has not made, unless the object itself says so', async () => {
    const cluster = server();
    cluster.create('somebody', job('one'));
    const { failure } = await applyStage(stage(job('two')), applyContext(cluster, { force: true }));
    expect(failure?.message).toContain('spec.force does not reach');
    expect(cluster.count('delete')).toBe(0);
    const { changes } = await applyStage(stage(annotated(job('two'), enabled)), applyContext(cluster));
    expect(changes[0]?.recreated).toBe(true);
  });

  test('of an attempt that lost', async () => {
    const cluster = await withJob();
    const { failure } = await applyStage(
      stage(job('two')),
      applyContext(cluster, { force: true, stillMine: async () => false }),
    );
    expect(failure?.code).toBe('deploy.superseded');
    expect(cluster.count('delete')).toBe(0);
  });
});

describe('finalizers', () => {
  const held = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, finalizers: ['example.com/hold'] },
  });

  async function heldJob(): Promise<MemoryCluster> {
    const cluster = server();
    cluster.create('controller', held(labelled(job('one'))));
    return cluster;
  }

  test('are waited for, then the object is made anew', async () => {
    const cluster = await heldJob();
    let pauses = 0;
    const pause = async (): Promise<void> => {
      pauses += 1;
      if (pauses === 3) {
        cluster.update(
          'controller',
          id,
          ({ metadata: { finalizers: _gone, ...metadata }, ...object }) => ({ ...object, metadata }) as KubeObject,
        );
        cluster.delete(id);
      }
    };
    const { changes } = await applyStage(stage(job('two')), applyContext(cluster, { force: true, pause }));
    expect([pauses, changes[0]?.recreated]).toEqual([3, true]);
  });

  test('but not for ever; the error names them, and the next run goes on', async () => {
    const cluster = await heldJob();
    const { failure } = await applyStage(
      stage(job('two')),
      applyContext(cluster, { force: true, recreateTimeoutMs: 10_000 }),
    );
    expect(failure).toMatchObject({ code: 'deploy.apply', kind: 'notReady' });
    expect(failure?.message).toContain('still there after 10 s; its finalizers: example.com/hold');
    expect(cluster.count('apply')).toBe(0);
  });
});
