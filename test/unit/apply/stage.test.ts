import { describe, expect, test } from 'vitest';
import { changeText, inventoryOf } from '../../../src/apply/change.ts';
import { compileIgnore } from '../../../src/apply/ignore.ts';
import { applyStage } from '../../../src/apply/stage.ts';
import { SluiceError } from '../../../src/errors.ts';
import { metadataDigest } from '../../../src/object/metadata.ts';
import type { KubeObject } from '../../../src/object/object.ts';
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

describe('requests', () => {
  test('two for an object that is not there, two for one that is as it should be, three for a change', async () => {
    const cluster = new MemoryCluster();
    await applyStage(stage(deployment()), applyContext(cluster));
    expect(verbs(cluster)).toEqual(['dryRun', 'apply']);
    await applyStage(stage(deployment()), applyContext(cluster));
    expect(verbs(cluster, 2)).toEqual(['dryRun', 'get']);
    await applyStage(stage(deployment({ paused: true })), applyContext(cluster));
    expect(verbs(cluster, 4)).toEqual(['dryRun', 'get', 'apply']);
  });

  test('none for what Git says to leave alone', async () => {
    const cluster = new MemoryCluster();
    const { changes } = await applyStage(
      stage(
        annotated(configMap('x'), { [`${key}ssa`]: 'Ignore' }),
        configMap('y', {}, { labels: { [`${key}reconcile`]: 'Disabled' } }),
      ),
      applyContext(cluster),
    );
    expect(changes.map(({ action, there }) => [action, there])).toEqual([
      ['skipped', undefined],
      ['skipped', undefined],
    ]);
    expect(cluster.requests).toEqual([]);
  });

  test('one for what is only to be there at all', async () => {
    const once = annotated(configMap('x'), { [`${key}ssa`]: 'IfNotPresent' });
    const cluster = new MemoryCluster();
    expect((await applyStage(stage(once), applyContext(cluster))).changes[0]?.action).toBe('created');
    cluster.requests.length = 0;
    cluster.update('somebody', 'a_x__ConfigMap', (object) => ({ ...object, data: { key: 'theirs' } }));
    const { changes } = await applyStage(stage(once), applyContext(cluster));
    expect(changes[0]).toMatchObject({ action: 'skipped', there: { uid: 'uid-1' } });
    expect(verbs(cluster)).toEqual(['get']);
  });

  test('at most as many at a time as allowed', async () => {
    const cluster = new MemoryCluster();
    let [now, most] = [0, 0];
    cluster.hooks.push(async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
    });
    const many = Array.from({ length: 20 }, (_, at) => configMap(`x${at}`));
    await applyStage(stage(...many), applyContext(cluster, { concurrency: 3 }));
    expect(most).toBe(3);
  });
});

describe('changes', () => {
  test('say what is there now, in the words and the inventory of Flux', async () => {
    const cluster = await settled(configMap('same'), configMap('edited'));
    const now = [configMap('same'), configMap('edited', { key: 'new' }), deployment()];
    const { changes } = await applyStage(stage(...now), applyContext(cluster));
    expect(changeText(changes)).toBe('ConfigMap/a/edited configured\nDeployment/a/web created');
    expect(inventoryOf(changes)).toEqual([
      { id: 'a_edited__ConfigMap', v: 'v1' },
      { id: 'a_same__ConfigMap', v: 'v1' },
      { id: web, v: 'v1' },
    ]);
    const there = cluster.object(web);
    expect(changes[2]).toMatchObject({
      there: {
        uid: there?.metadata['uid'],
        resourceVersion: there?.metadata['resourceVersion'],
        generation: 1,
        digest: metadataDigest(there?.metadata ?? {}),
      },
    });
    expect(changes[0]?.fields).toEqual(['data.key']);
  });

  test('a no-op moves nothing', async () => {
    const cluster = await settled(configMap('x'), deployment());
    const before = cluster.object(web)?.metadata['resourceVersion'];
    const { changes } = await applyStage(stage(configMap('x'), deployment()), applyContext(cluster));
    expect(changes.map(({ action }) => action)).toEqual(['unchanged', 'unchanged']);
    expect(changes[1]?.there?.resourceVersion).toBe(before);
    expect(writes(cluster)).toEqual([]);
  });

  test('a version that is no longer served is applied as the served one, with a note', async () => {
    const cluster = new MemoryCluster();
    const old = {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1beta2',
      kind: 'Kustomization',
      metadata: { name: 'x', namespace: 'a' },
    };
    const { changes } = await applyStage(stage(old), applyContext(cluster));
    expect(changes[0]).toMatchObject({ action: 'created', v: 'v1', note: expect.stringContaining('no longer served') });
    expect(cluster.object('a_x_kustomize.toolkit.fluxcd.io_Kustomization')?.apiVersion).toBe(
      'kustomize.toolkit.fluxcd.io/v1',
    );
  });

  test('what left Git is taken away, what others added stays', async () => {
    const cluster = await settled(configMap('x', { key: 'value', old: '1' }));
    cluster.update('somebody', 'a_x__ConfigMap', (object) => ({
      ...object,
      data: { ...(object['data'] as object), theirs: '1' },
    }));
    const { changes } = await applyStage(stage(configMap('x')), applyContext(cluster));
    expect(cluster.object('a_x__ConfigMap')?.['data']).toEqual({ key: 'value', theirs: '1' });
    expect(changes[0]?.fields).toEqual(['data.old']);
  });

  test('what somebody edited is put right, and said', async () => {
    const cluster = await settled(deployment());
    cluster.update('k9s', web, (object) => ({ ...object, spec: { ...(object['spec'] as object), replicas: 9 } }));
    const { changes } = await applyStage(stage(deployment()), applyContext(cluster));
    expect(changes[0]).toMatchObject({
      action: 'configured',
      fields: ['spec.replicas'],
      taken: [{ manager: 'k9s', field: '.spec.replicas' }],
    });
    expect(changes[0]?.note).toBe('took .spec.replicas (owned by "k9s")');
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 2 });
  });

  test('a webhook that writes something else each time is no drift', async () => {
    const cluster = new MemoryCluster();
    let at = 0;
    cluster.mutators.push((object) => {
      at += 1;
      const annotations = { ...(object.metadata.annotations as object | undefined), 'hook.example/at': String(at) };
      return { ...object, metadata: { ...object.metadata, annotations } };
    });
    await applyStage(stage(deployment()), applyContext(cluster));
    const { changes } = await applyStage(stage(deployment()), applyContext(cluster));
    expect(changes[0]?.action).toBe('unchanged');
  });
});

describe('everything is looked at before anything is written', () => {
  test('all errors are told, with object, file and line, and nothing is written', async () => {
    const cluster = new MemoryCluster();
    cluster.validators.push(({ metadata }) => {
      if (metadata.name !== 'good') throw refusal('kube.invalid', 400, `${metadata.name as string} is wrong`);
    });
    const objects = [configMap('good'), configMap('bad'), deployment(), { ...configMap('odd'), kind: 'Gadget' }];
    const { changes, failure } = await applyStage(stage(...objects), applyContext(cluster));
    expect(changes).toEqual([]);
    expect(writes(cluster)).toEqual([]);
    expect(failure).toMatchObject({
      code: 'deploy.apply',
      kind: 'terminal',
      place: { file: 'apps/all.yaml', line: 2 },
    });
    expect(failure?.message.split('\n')).toEqual([
      '3 of 4 objects cannot be applied, so nothing of this stage was written',
      'ConfigMap/a/bad (apps/all.yaml:2): kube.invalid: bad is wrong; correct it in Git',
      'Deployment/a/web (apps/all.yaml:3): kube.invalid: web is wrong; correct it in Git',
      expect.stringContaining('Gadget/a/odd (apps/all.yaml:4): kube.gone: the cluster does not serve'),
    ]);
  });

  test('what may not be written there is not even tried', async () => {
    const cluster = new MemoryCluster();
    const authorise = ({ namespace }: { namespace: string }): string | undefined =>
      namespace === 'a' ? undefined : 'not yours';
    const foreign = configMap('x', {}, { namespace: 'kube-system' });
    const { failure } = await applyStage(stage(configMap('y'), foreign), applyContext(cluster, { authorise }));
    expect(failure?.message).toContain('ConfigMap/kube-system/x (apps/all.yaml:2): deploy.denied: not yours');
    expect(cluster.requests.map(({ id }) => id)).toEqual(['a_y__ConfigMap']);
  });

  test('an API server that does not answer is not asked a thousand times', async () => {
    const cluster = new MemoryCluster();
    cluster.hooks.push(() => {
      throw refusal('kube.unavailable', 503, 'down', [], 'transient');
    });
    const many = Array.from({ length: 100 }, (_, at) => configMap(`x${at}`));
    const { failure } = await applyStage(stage(...many), applyContext(cluster, { concurrency: 4 }));
    expect(failure).toMatchObject({ code: 'deploy.apply', kind: 'transient' });
    expect(failure?.message).toContain('92 were not looked at');
    expect(cluster.requests).toHaveLength(8);
  });

  test('a write that fails lets its kind end, and stops there', async () => {
    const cluster = new MemoryCluster();
    cluster.hooks.push(({ verb, id }) => {
      if (verb === 'apply' && id === 'a_b__ConfigMap') throw refusal('kube.denied', 403, 'exceeded quota');
    });
    const { changes, failure } = await applyStage(
      stage(configMap('a'), configMap('b'), configMap('c'), deployment()),
      applyContext(cluster),
    );
    expect(changes.map(({ id }) => id)).toEqual(['a_a__ConfigMap', 'a_c__ConfigMap']);
    expect(cluster.ids()).toEqual(['a_a__ConfigMap', 'a_c__ConfigMap']);
    expect(failure?.message).toContain('1 of 4 objects could not be written; 2 were');
    cluster.hooks.length = 0;
    const again = await applyStage(
      stage(configMap('a'), configMap('b'), configMap('c'), deployment()),
      applyContext(cluster),
    );
    expect(again.changes.map(({ action }) => action)).toEqual(['unchanged', 'created', 'unchanged', 'created']);
  });

  test('an object that vanishes between the dry run and the look is looked at again', async () => {
    const cluster = await settled(deployment());
    immutable(cluster, 'replicas');
    cluster.hooks.push(({ verb }) => {
      if (verb === 'get') cluster.delete(web);
    });
    const { changes, failure } = await applyStage(stage(deployment({ replicas: 3 })), applyContext(cluster));
    expect([changes[0]?.action, failure]).toEqual(['created', undefined]);
    expect(verbs(cluster)).toEqual(['dryRun', 'get', 'dryRun', 'apply']);
  });

  test('a refusal stands where the object cannot be read', async () => {
    const cluster = await settled(deployment());
    immutable(cluster, 'replicas');
    cluster.hooks.push(({ verb }) => {
      if (verb === 'get') throw refusal('kube.denied', 403, 'may not get');
    });
    const { failure } = await applyStage(stage(deployment({ replicas: 3 })), applyContext(cluster));
    expect(failure?.message).toContain('field is immutable');
  });

  test('kinds are written in order', async () => {
    const cluster = new MemoryCluster();
    const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'a' } };
    await applyStage(stage(deployment(), service, configMap('b'), configMap('a')), applyContext(cluster));
    expect(writes(cluster).map(({ id }) => id)).toEqual(['a_a__ConfigMap', 'a_b__ConfigMap', 'a_s__Service', web]);
  });
});

describe('the fence', () => {
  test('is looked at once before the first write, and not at all without one', async () => {
    const cluster = new MemoryCluster();
    let looks = 0;
    const stillMine = async (): Promise<boolean> => {
      looks += 1;
      return true;
    };
    await applyStage(stage(configMap('x'), deployment()), applyContext(cluster, { stillMine }));
    expect(looks).toBe(1);
    await applyStage(stage(configMap('x'), deployment()), applyContext(cluster, { stillMine }));
    expect(looks).toBe(1);
  });

  test('a lost attempt writes nothing', async () => {
    const cluster = new MemoryCluster();
    const { changes, failure } = await applyStage(
      stage(configMap('x')),
      applyContext(cluster, { stillMine: async () => false }),
    );
    expect(failure?.code).toBe('deploy.superseded');
    expect([changes, writes(cluster)]).toEqual([[], []]);
  });

  test('is looked at again when five seconds have passed, and stops what is left', async () => {
    const cluster = new MemoryCluster();
    let [clock, looks] = [0, 0];
    cluster.hooks.push(({ verb }) => {
      if (verb === 'apply') clock += 3000;
    });
    const stillMine = async (): Promise<boolean> => {
      looks += 1;
      return looks === 1;
    };
    const many = ['a', 'b', 'c', 'd'].map((name) => configMap(name));
    const context = applyContext(cluster, { stillMine, elapsed: () => clock, concurrency: 1 });
    const { changes, failure } = await applyStage(stage(...many), context);
    expect(failure?.code).toBe('deploy.superseded');
    expect(changes.map(({ id }) => id)).toEqual(['a_a__ConfigMap', 'a_b__ConfigMap']);
    expect(cluster.ids()).toEqual(['a_a__ConfigMap', 'a_b__ConfigMap']);
  });

  test('an attempt that is told to stop writes nothing more, however lately it has looked', async () => {
    const cluster = new MemoryCluster();
    const stopping = new AbortController();
    cluster.hooks.push(({ verb }) => {
      if (verb === 'apply') stopping.abort(new SluiceError('queue.unavailable', 'stop', { kind: 'transient' }));
    });
    const context = applyContext(cluster, { signal: stopping.signal, concurrency: 1 });
    const { failure } = await applyStage(stage(configMap('a'), configMap('b')), context);
    expect(failure).toMatchObject({ code: 'deploy.apply', kind: 'transient' });
    expect(cluster.ids()).toEqual(['a_a__ConfigMap']);
  });

  test('a look that fails is an error of the objects, not a permission', async () => {
    const cluster = new MemoryCluster();
    const stillMine = (): Promise<boolean> => Promise.reject(refusal('kube.unavailable', 503, 'down', [], 'transient'));
    const { failure } = await applyStage(stage(configMap('x')), applyContext(cluster, { stillMine }));
    expect(failure).toMatchObject({ code: 'deploy.apply', kind: 'transient' });
    expect(cluster.ids()).toEqual([]);
  });
});

describe('whose object', () => {
  test('one of another Kustomization that has it is refused, and not touched', async () => {
    const cluster = new MemoryCluster();
    cluster.applyAs('kustomize-controller', labelled(deployment({ replicas: 7 }), other), {
      dryRun: false,
      force: true,
    });
    const asked: unknown[] = [];
    const ownerStands = async (owner: object, id: string): Promise<boolean> => asked.push([owner, id]) > 0;
    const { failure } = await applyStage(stage(deployment()), applyContext(cluster, { ownerStands }));
    expect(failure?.message).toContain('deploy.owned: the object belongs to Kustomization b/other');
    expect(asked).toEqual([[{ kind: 'Kustomization', namespace: 'b', name: 'other' }, web]]);
    expect(writes(cluster)).toEqual([]);
  });

  test('one whose owner has let go is taken over', async () => {
    const cluster = new MemoryCluster();
    cluster.applyAs('kustomize-controller', labelled(deployment({ replicas: 7, paused: true }), other), {
      dryRun: false,
      force: true,
    });
    const { changes } = await applyStage(
      stage(deployment()),
      applyContext(cluster, { ownerStands: async () => false }),
    );
    expect(changes[0]?.action).toBe('configured');
    expect(cluster.object(web)?.metadata.labels).toEqual(ours);
    expect(cluster.object(web)?.['spec']).toEqual(deployment()['spec']);
  });

  test('fields that another manager applied are not taken on first contact; the refusal names both', async () => {
    const cluster = new MemoryCluster();
    cluster.applyAs('helm', deployment({ replicas: 7 }), { dryRun: false, force: false });
    const { failure } = await applyStage(stage(deployment()), applyContext(cluster));
    expect(failure?.message).toContain(
      'kube.conflict: others have applied fields of it: .spec.replicas (owned by "helm")',
    );
    expect(failure?.message).toContain('spec.ignore');
    expect(writes(cluster)).toEqual([]);
  });

  test('unless the object in Git says to', async () => {
    const cluster = new MemoryCluster();
    cluster.applyAs('helm', deployment({ replicas: 7 }), { dryRun: false, force: false });
    const override = annotated(deployment(), { [`${key}ssa`]: 'override' });
    const { changes } = await applyStage(stage(override), applyContext(cluster));
    expect(changes[0]).toMatchObject({ action: 'configured', taken: [{ manager: 'helm' }] });
  });

  test('or a rule leaves the field to them', async () => {
    const cluster = new MemoryCluster();
    cluster.applyAs('helm', deployment({ replicas: 7 }), { dryRun: false, force: false });
    const ignore = compileIgnore([{ paths: ['/spec/replicas'], target: undefined }]);
    const { changes, failure } = await applyStage(stage(deployment()), applyContext(cluster, { ignore }));
    expect([changes[0]?.action, failure]).toEqual(['configured', undefined]);
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 7 });
  });

  test('the same values are no conflict, and are owned together', async () => {
    const cluster = new MemoryCluster();
    cluster.applyAs('helm', deployment(), { dryRun: false, force: false });
    const { changes } = await applyStage(stage(deployment()), applyContext(cluster));
    expect(changes[0]).toMatchObject({ action: 'configured', taken: [] });
  });

  test('who gets between the dry run and the write of an object of ours does not stop it', async () => {
    const cluster = await settled(deployment());
    cluster.hooks.push(({ verb }) => {
      if (verb === 'apply')
        cluster.applyAs('hpa', { ...deployment(), spec: { replicas: 9 } }, { dryRun: false, force: true });
    });
    const { failure } = await applyStage(stage(deployment({ replicas: 3 })), applyContext(cluster));
    expect(failure).toBeUndefined();
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 3 });
  });

  test('on an object of ours, fields are taken and it is said from whom', async () => {
    const cluster = await settled(deployment());
    cluster.applyAs('hpa', { ...deployment(), spec: { replicas: 9 } }, { dryRun: false, force: true });
    const { changes } = await applyStage(stage(deployment()), applyContext(cluster));
    expect(changes[0]?.taken).toEqual([{ manager: 'hpa', field: '.spec.replicas' }]);
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 2 });
  });
});

describe('switches on the live object', () => {
  const planted = annotated(labelled(deployment({ replicas: 9 })), { [`${key}reconcile`]: 'disabled' });

  test('count, as in Flux', async () => {
    const cluster = new MemoryCluster();
    cluster.create('tenant', planted);
    const { changes } = await applyStage(stage(deployment()), applyContext(cluster));
    expect(changes[0]).toMatchObject({ action: 'skipped', there: { uid: 'uid-1' } });
  });

  test('and count although the dry run is refused', async () => {
    const cluster = new MemoryCluster();
    cluster.create('tenant', planted);
    cluster.validators.push(() => {
      throw refusal('kube.invalid', 422, 'no');
    });
    const { changes, failure } = await applyStage(stage(deployment()), applyContext(cluster));
    expect([changes[0]?.action, failure]).toEqual(['skipped', undefined]);
  });

  test('do not count where a tenant could plant them on what the platform owns', async () => {
    const cluster = await settled(deployment());
    cluster.update('tenant', web, () => ({
      ...planted,
      metadata: { ...cluster.object(web)?.metadata, ...planted.metadata },
    }));
    const { changes } = await applyStage(stage(deployment()), applyContext(cluster, { trustsLive: () => false }));
    expect(changes[0]?.action).toBe('configured');
    expect(cluster.object(web)?.['spec']).toMatchObject({ replicas: 2 });
  });
});
