// Fields that kubectl, autoscalers and other appliers hold, and what a stage does about them.
import { describe, expect, test } from 'vitest';
import { compileIgnore } from '../../../src/apply/ignore.ts';
import { applyStage } from '../../../src/apply/stage.ts';
import { list } from '../../../src/object/json.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { MemoryCluster, refusal } from '../../kube-memory/cluster.ts';
import {
  annotated,
  applyContext,
  configMap,
  deployment,
  immutable,
  key,
  labelled,
  other,
  ours,
  settled,
  stage,
  verbs,
  web,
  writes,
} from './manifests.ts';

describe('kubectl', () => {
  test('what it set beside Git goes, with its entries', async () => {
    const cluster = await settled(configMap('x'));
    cluster.update('kubectl-edit', 'a_x__ConfigMap', (object) => ({ ...object, data: { key: 'value', theirs: '1' } }));
    const { changes } = await applyStage(stage(configMap('x')), applyContext(cluster));
    expect(verbs(cluster)).toEqual(['dryRun', 'get', 'managedFields', 'apply']);
    expect(changes[0]?.action).toBe('configured');
    expect(cluster.object('a_x__ConfigMap')?.['data']).toEqual({ key: 'value' });
    expect(cluster.object('a_x__ConfigMap')?.metadata['managedFields']).toHaveLength(1);
  });

  test('is taken over although a status moves the object again and again', async () => {
    const cluster = await settled(configMap('x'));
    cluster.update('kubectl-edit', 'a_x__ConfigMap', (object) => ({ ...object, data: { key: 'value', theirs: '1' } }));
    let moves = 3;
    cluster.hooks.push(({ verb }) => {
      if (verb !== 'managedFields' || moves === 0) return;
      moves -= 1;
      cluster.update('controller', 'a_x__ConfigMap', (object) => ({ ...object, status: { seen: moves } }), 'status');
    });
    const { changes, failure } = await applyStage(stage(configMap('x')), applyContext(cluster));
    expect([changes[0]?.action, failure]).toEqual(['configured', undefined]);
    expect(cluster.object('a_x__ConfigMap')).toMatchObject({ data: { key: 'value' }, status: { seen: 0 } });
    expect(cluster.count('managedFields')).toBe(4);
  });

  test('is not waited for for ever', async () => {
    const cluster = await settled(configMap('x'));
    cluster.update('kubectl-edit', 'a_x__ConfigMap', (object) => ({ ...object, data: { theirs: '1' } }));
    let at = 0;
    cluster.hooks.push(({ verb }) => {
      if (verb !== 'managedFields') return;
      at += 1;
      cluster.update('controller', 'a_x__ConfigMap', (object) => ({ ...object, status: { seen: at } }), 'status');
    });
    const { failure } = await applyStage(stage(configMap('x')), applyContext(cluster));
    expect(failure).toMatchObject({ code: 'deploy.apply', kind: 'transient' });
    expect(at).toBe(5);
  });

  test('stays with ssa: Merge, while what Git says is kept', async () => {
    const merge = annotated(configMap('x'), { [`${key}ssa`]: 'Merge' });
    const cluster = await settled(merge);
    cluster.update('kubectl-edit', 'a_x__ConfigMap', (object) => ({ ...object, data: { key: 'edited', theirs: '1' } }));
    await applyStage(stage(merge), applyContext(cluster));
    expect(cluster.object('a_x__ConfigMap')?.['data']).toEqual({ key: 'value', theirs: '1' });
  });

  test('an object made by kubectl is adopted: what Git has not, goes', async () => {
    const cluster = new MemoryCluster();
    cluster.create(
      'kubectl-client-side-apply',
      configMap(
        'x',
        { key: 'old', extra: '1' },
        { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
      ),
    );
    const { changes } = await applyStage(stage(configMap('x')), applyContext(cluster));
    expect(changes[0]?.action).toBe('configured');
    const live = cluster.object('a_x__ConfigMap');
    expect([live?.['data'], live?.metadata.annotations]).toEqual([{ key: 'value' }, undefined]);
  });

  test('nothing is taken over while another object of the stage cannot be applied', async () => {
    const cluster = await settled(configMap('x'));
    cluster.update('kubectl-edit', 'a_x__ConfigMap', (object) => ({ ...object, data: { key: 'value', theirs: '1' } }));
    const { failure } = await applyStage(
      stage(configMap('x'), { ...configMap('y'), kind: 'Gadget' }),
      applyContext(cluster),
    );
    expect(failure?.code).toBe('deploy.apply');
    expect(writes(cluster)).toEqual([]);
  });

  describe('holding half of an item that left Git', () => {
    const containers = (...names: string[]): Record<string, Json> => ({
      template: { spec: { containers: names.map((name) => ({ name, image: 'i:1' })) } },
    });

    async function wedged(): Promise<MemoryCluster> {
      const cluster = await settled(deployment(containers('web', 'old')));
      const [entry] = list(cluster.object(web)?.metadata['managedFields']);
      const half = {
        'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"old"}': { '.': {}, 'f:name': {} } } } } },
      };
      const legacy = { manager: 'kubectl-replace', operation: 'Update', fieldsV1: half };
      const resourceVersion = cluster.object(web)?.metadata['resourceVersion'] as string;
      const address = { kind: cluster.kinds().find('apps', 'Deployment') as never, namespace: 'a', name: 'web' };
      await cluster.writer().patchManagedFields(address, [entry, legacy], resourceVersion);
      cluster.validators.push((next) => {
        const list = (next['spec'] as { template: { spec: { containers: { image?: string }[] } } }).template.spec
          .containers;
        if (list.every(({ image }) => image !== undefined)) return;
        throw refusal('kube.invalid', 422, 'image: Required value', [{ reason: 'FieldValueRequired', field: 'image' }]);
      });
      cluster.requests.length = 0;
      return cluster;
    }

    test('is taken over first, and the item goes', async () => {
      const cluster = await wedged();
      const { changes, failure } = await applyStage(stage(deployment(containers('web'))), applyContext(cluster));
      expect([failure, changes[0]?.action]).toEqual([undefined, 'configured']);
      expect(cluster.object(web)?.['spec']).toEqual(deployment(containers('web'))['spec']);
      expect(verbs(cluster)).toEqual(['dryRun', 'get', 'managedFields', 'dryRun', 'get', 'apply']);
    });

    test('but only when everything else could be applied', async () => {
      const cluster = await wedged();
      const { failure } = await applyStage(
        stage(deployment(containers('web')), { ...configMap('y'), kind: 'Gadget' }),
        applyContext(cluster),
      );
      expect(failure?.message).toContain('1 of 2');
      expect(writes(cluster)).toEqual([]);
    });
  });
});

describe('ignore rules', () => {
  const ignore = compileIgnore([{ paths: ['/spec/replicas'], target: { kind: 'Deployment' } }]);

  test('do not count for what is created', async () => {
    const cluster = new MemoryCluster();
    await applyStage(stage(deployment()), applyContext(cluster, { ignore }));
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 2 });
  });

  test('leave a scaled Deployment alone, and still put the rest right', async () => {
    const cluster = await settled(deployment());
    cluster.update(
      'kube-controller-manager',
      web,
      (object) => ({ ...object, spec: { ...(object['spec'] as object), replicas: 5 } }),
      'scale',
    );
    const first = await applyStage(stage(deployment()), applyContext(cluster, { ignore }));
    expect(first.changes[0]?.action).toBe('unchanged');
    await applyStage(stage(deployment({ replicas: 2, paused: true })), applyContext(cluster, { ignore }));
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 5, paused: true });
  });

  test('let another applier have the field for good', async () => {
    const cluster = await settled(deployment());
    cluster.applyAs('hpa', { ...deployment(), spec: { replicas: 9 } }, { dryRun: false, force: true });
    await applyStage(stage(deployment({ replicas: 2, paused: true })), applyContext(cluster, { ignore }));
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 9, paused: true });
    const again = await applyStage(stage(deployment({ replicas: 2, paused: true })), applyContext(cluster, { ignore }));
    expect(again.changes[0]?.action).toBe('unchanged');
  });

  test('let replicas leave Git without an outage', async () => {
    const cluster = await settled(deployment());
    cluster.update(
      'kube-controller-manager',
      web,
      (object) => ({ ...object, spec: { ...(object['spec'] as object), replicas: 5 } }),
      'scale',
    );
    await applyStage(stage(deployment({ paused: true })), applyContext(cluster, { ignore }));
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 5, paused: true });
  });

  test('unblock a value that the API server would refuse', async () => {
    const claim = (size: number): KubeObject => ({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'x', namespace: 'a' },
      spec: { size },
    });
    const cluster = await settled(claim(2));
    immutable(cluster, 'size');
    const rule = compileIgnore([{ paths: ['/spec/size'], target: undefined }]);
    const { failure, changes } = await applyStage(stage(claim(1)), applyContext(cluster, { ignore: rule }));
    expect([failure, changes[0]?.action]).toEqual([undefined, 'unchanged']);
  });

  test('for labels do not carry another owner’s over', async () => {
    const cluster = await settled(deployment());
    cluster.update('somebody', web, (object) => labelled(object, other));
    const rule = compileIgnore([{ paths: ['/metadata/labels'], target: undefined }]);
    await applyStage(stage(deployment()), applyContext(cluster, { ignore: rule, ownerStands: async () => false }));
    expect(cluster.object(web)?.metadata.labels).toEqual(ours);
  });
});
