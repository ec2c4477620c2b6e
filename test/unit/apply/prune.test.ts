import { describe, expect, test } from 'vitest';
import { changeText } from '../../../src/apply/change.ts';
import { type PruneContext, type PruneResult, pruneStale } from '../../../src/apply/prune.ts';
import { SluiceError } from '../../../src/errors.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import { MemoryCluster, type MemoryRequest, refusal, servedKind } from '../../kube-memory/cluster.ts';
import { annotated, configMap, deployment, key, labelled, pruneContext } from './manifests.ts';

const id = 'a_x__ConfigMap';
const x = labelled(configMap('x'));

function having(...objects: KubeObject[]): MemoryCluster {
  const cluster = new MemoryCluster();
  for (const object of objects) cluster.create('kustomize-controller', object);
  return cluster;
}

function prune(cluster: MemoryCluster, ids: readonly string[], more: Partial<PruneContext> = {}): Promise<PruneResult> {
  return pruneStale(
    ids.map((one) => ({ id: one, v: 'v1' })),
    pruneContext(cluster, more),
  );
}

const outcomes = ({ prunings }: PruneResult): string[] => prunings.map(({ outcome }) => outcome);
const survivors = (result: PruneResult): string[] => result.survivors.map((entry) => entry.id);

test('what is ours goes, by uid, in the reverse of the order of writing', async () => {
  const cluster = having(x, labelled(deployment()), labelled(configMap('y')));
  const result = await prune(cluster, [id, 'a_web_apps_Deployment', 'a_y__ConfigMap']);
  expect(changeText(result.deleted)).toBe('Deployment/a/web deleted\nConfigMap/a/y deleted\nConfigMap/a/x deleted');
  expect(cluster.ids()).toEqual([]);
  expect([survivors(result), result.failure]).toEqual([[], undefined]);
  expect(cluster.requests.filter(({ verb }) => verb === 'delete').map((one) => one.id)).toEqual([
    'a_web_apps_Deployment',
    'a_y__ConfigMap',
    id,
  ]);
});

test('what is gone is no deletion and no survivor', async () => {
  const result = await prune(having(), [id]);
  expect([outcomes(result), survivors(result), result.deleted]).toEqual([['gone'], [], []]);
});

describe('an entry alone deletes nothing', () => {
  const planted = { [`${key}name`]: 'other', [`${key}namespace`]: 'a' };

  test.each([
    ['an object without owner labels', configMap('x')],
    ['one of another Kustomization', labelled(configMap('x'), planted)],
    [
      'one of another namespace’s Kustomization of that name',
      labelled(configMap('x'), { ...planted, [`${key}name`]: 'apps', [`${key}namespace`]: 'b' }),
    ],
    ['prune: disabled', annotated(x, { [`${key}prune`]: 'Disabled' })],
    ['reconcile: disabled', labelled(x, { [`${key}reconcile`]: 'disabled' })],
    ['ssa: Ignore', annotated(x, { [`${key}ssa`]: 'ignore' })],
  ])('%s stays, and leaves the inventory', async (_name, object) => {
    const cluster = having(object);
    const result = await prune(cluster, [id]);
    expect([outcomes(result), survivors(result)]).toEqual([['skipped'], []]);
    expect(cluster.requests.map(({ verb }) => verb)).toEqual(['get']);
    expect(cluster.ids()).toEqual([id]);
  });

  test('a switch on what cannot be trusted counts only where our own apply put it', async () => {
    const kept = annotated(x, { [`${key}prune`]: 'disabled' });
    const cluster = having(kept);
    expect(outcomes(await prune(cluster, [id], { trustsLive: () => false }))).toEqual(['deleted']);
    const applied = new MemoryCluster();
    applied.applyAs('kustomize-controller', kept, { dryRun: false, force: false });
    expect(outcomes(await prune(applied, [id], { trustsLive: () => false }))).toEqual(['skipped']);
  });

  test('nor one that names no object', async () => {
    const cluster = having(x);
    const result = await prune(cluster, ['a_..__ConfigMap', 'kube-system', '_x__ConfigMap', 'a_x__Namespace']);
    expect([outcomes(result), survivors(result)]).toEqual([['skipped', 'skipped', 'skipped', 'skipped'], []]);
    expect(cluster.requests).toEqual([]);
  });

  test('nor one outside of what the Kustomization may touch, which stays in the inventory and is told', async () => {
    const coredns: KubeObject = labelled({ ...deployment(), metadata: { name: 'coredns', namespace: 'kube-system' } });
    const cluster = having(coredns, labelled({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } }), x);
    const authorise: PruneContext['authorise'] = ({ kind, namespace }) =>
      kind.namespaced && namespace === 'a' ? undefined : 'it is outside the namespaces of this tenant';
    const result = await prune(cluster, ['kube-system_coredns_apps_Deployment', '_a__Namespace', id], { authorise });
    expect(survivors(result)).toEqual(['kube-system_coredns_apps_Deployment', '_a__Namespace']);
    expect(result.failure).toMatchObject({ code: 'deploy.prune', kind: 'terminal' });
    expect(result.failure?.message.split('\n')).toEqual([
      '2 of 3 objects could not be deleted; they stay in the inventory',
      expect.stringContaining('Deployment/kube-system/coredns: deploy.denied: it may not be deleted: it is outside'),
      expect.stringContaining('Namespace/a: deploy.denied'),
    ]);
    expect(cluster.requests.map((one) => one.id)).toEqual([id, id]);
  });
});

test('what was made anew between the look and the deletion is not deleted', async () => {
  const cluster = having(x);
  cluster.hooks.push(({ verb }) => {
    if (verb !== 'delete') return;
    cluster.delete(id);
    cluster.create('somebody', configMap('x'));
  });
  const result = await prune(cluster, [id]);
  expect([outcomes(result), survivors(result), cluster.ids()]).toEqual([['gone'], [], [id]]);
});

test('what another Kustomization applies from now on stays', async () => {
  const cluster = having(x, labelled(configMap('y')));
  const result = await prune(cluster, [id, 'a_y__ConfigMap'], { movesAway: async (one) => one === id });
  expect(survivors(result)).toEqual([]);
  expect(cluster.ids()).toEqual([id]);
});

describe('finalizers', () => {
  const held = { ...x, metadata: { ...x.metadata, finalizers: ['example.com/hold'] } };

  test('keep the entry until the object is gone; the deletion is told once, and is no failure', async () => {
    const cluster = having(held);
    const first = await prune(cluster, [id]);
    expect(first.prunings[0]).toMatchObject({
      outcome: 'deleting',
      reason: 'it is being deleted; its finalizers: example.com/hold',
    });
    expect([survivors(first), first.failure, changeText(first.deleted)]).toEqual([
      [id],
      undefined,
      'ConfigMap/a/x deleted',
    ]);
    expect(first.deleted).toEqual([
      { object: 'ConfigMap/a/x', action: 'deleted', note: 'not gone yet; its finalizers: example.com/hold' },
    ]);
    const second = await prune(cluster, [id]);
    expect([survivors(second), second.failure, changeText(second.deleted)]).toEqual([[id], undefined, '']);
    expect(cluster.count('delete')).toBe(1);
  });
});

describe('a kind that is gone', () => {
  const widget: KubeObject = labelled({
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', namespace: 'a' },
  });
  const entry = 'a_w_example.com_Widget';

  test('resolves its entries once discovery says so, asked once', async () => {
    const cluster = having(x);
    let asked = 0;
    const freshKinds: PruneContext['freshKinds'] = async () => {
      asked += 1;
      return cluster.kinds();
    };
    const result = await prune(cluster, [entry, 'a_v_example.com_Widget', id], { freshKinds });
    expect([asked, outcomes(result), survivors(result)]).toEqual([1, ['gone', 'gone', 'deleted'], []]);
  });

  test('but not while its group cannot be asked', async () => {
    const cluster = having();
    cluster.incomplete = ['example.com'];
    const result = await prune(cluster, [entry]);
    expect([survivors(result), result.failure?.kind]).toEqual([[entry], 'transient']);
  });

  test('and is looked for again where it has just come', async () => {
    const cluster = having(widget);
    const stale = cluster.kinds();
    cluster.served.push(servedKind(['example.com', 'v1', 'Widget', true]));
    expect(outcomes(await prune(cluster, [entry], { kinds: stale }))).toEqual(['deleted']);
  });

  test('or vanished after it was asked for', async () => {
    const cluster = having();
    const gone = cluster.kinds();
    cluster.served.push(servedKind(['example.com', 'v1', 'Widget', true]));
    cluster.hooks.push(() => {
      throw new SluiceError('kube.gone', 'no such kind', { kind: 'notReady' });
    });
    expect(outcomes(await prune(cluster, [entry], { freshKinds: async () => gone }))).toEqual(['gone']);
    expect(survivors(await prune(cluster, [entry]))).toEqual([entry]);
  });
});

describe('errors', () => {
  test('of one do not stop the others; it survives', async () => {
    const cluster = having(x, labelled(configMap('y')), labelled(deployment()));
    cluster.hooks.push(({ verb, id: asked }: MemoryRequest) => {
      if (verb === 'delete' && asked === 'a_y__ConfigMap') throw refusal('kube.denied', 403, 'a webhook says no');
      if (verb === 'get' && asked === 'a_web_apps_Deployment')
        throw refusal('kube.unavailable', 500, 'down', [], 'transient');
    });
    const result = await prune(cluster, [id, 'a_y__ConfigMap', 'a_web_apps_Deployment']);
    expect(survivors(result)).toEqual(['a_y__ConfigMap', 'a_web_apps_Deployment']);
    expect(changeText(result.deleted)).toBe('ConfigMap/a/x deleted');
    expect(result.failure?.message).toContain('ConfigMap/a/y: kube.denied: a webhook says no');
    expect(result.failure?.message).toContain('Deployment/a/web: kube.unavailable: down');
  });

  test('a lost attempt deletes nothing more, and everything survives', async () => {
    const cluster = having(x, labelled(deployment()));
    const result = await prune(cluster, [id, 'a_web_apps_Deployment'], { stillMine: async () => false });
    expect(result.failure?.code).toBe('deploy.superseded');
    expect([survivors(result), cluster.count('delete')]).toEqual([[id, 'a_web_apps_Deployment'], 0]);
  });

  test('a service account that is gone is told, and everything survives', async () => {
    const cluster = having(x, labelled(configMap('y')));
    cluster.hooks.push(() => {
      throw refusal('kube.denied', 403, 'system:serviceaccount:a:flux may not get configmaps');
    });
    const result = await prune(cluster, [id, 'a_y__ConfigMap']);
    expect(survivors(result)).toEqual([id, 'a_y__ConfigMap']);
    expect(result.failure?.message).toContain('system:serviceaccount:a:flux');
  });
});
