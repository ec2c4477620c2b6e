// What is deleted on a real API server, and what is not.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeText } from '../../../src/apply/change.ts';
import { objectId } from '../../../src/object/id.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import type { KubeWriter } from '../../../src/ports/kube.ts';
import { sharedCluster } from '../cluster/shared.ts';
import { startTimeoutMs } from '../cluster/stage.ts';
import { Ground } from './ground.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await Ground.prepare(await sharedCluster(), 'prune');
}, startTimeoutMs);

afterAll(() => ground?.kube.close());

const key = 'kustomize.toolkit.fluxcd.io/';

test('what is ours goes, dependants in the background, and only by its uid', async () => {
  const [map, web] = [ground.configMap('a'), ground.deployment('a')];
  await ground.settle(map, web);
  const from = await ground.cluster.auditPosition();
  const { deleted, survivors, failure } = await ground.prune([objectId(map), objectId(web)]);
  expect([changeText(deleted), survivors, failure]).toEqual([
    `Deployment/${ground.namespace}/a deleted\nConfigMap/${ground.namespace}/a deleted`,
    [],
    undefined,
  ]);
  for (const one of [map, web]) expect(await ground.live(one)).toBeUndefined();
  const deletes = (await ground.cluster.audit(from)).filter(
    ({ verb, requestURI }) => verb === 'delete' && requestURI.includes(ground.namespace),
  );
  expect(deletes.map(({ impersonatedUser }) => impersonatedUser?.username)).toEqual(
    deletes.map(() => `system:serviceaccount:${ground.namespace}:flux`),
  );
  expect(deletes).toHaveLength(2);
});

test.each([
  ['an object without our labels', {}],
  ['one of another Kustomization', { labels: { [`${key}name`]: 'other', [`${key}namespace`]: 'a' } }],
  ['one that says prune: disabled', { ours: true, annotations: { [`${key}prune`]: 'disabled' } }],
])(
  '%s stays',
  async (_name, { ours, labels = {}, annotations = {} }: { ours?: boolean; labels?: object; annotations?: object }) => {
    const map = ground.configMap('stays', {}, { annotations: annotations as Json });
    const all = ours === true ? ground.ownerLabels : labels;
    await ground.cluster.admin.apply({ ...map, metadata: { ...map.metadata, labels: all } } as never, {
      manager: 'kustomize-controller',
    });
    const { prunings, survivors, failure } = await ground.prune([objectId(map)]);
    expect([prunings.map(({ outcome }) => outcome), survivors, failure]).toEqual([['skipped'], [], undefined]);
    expect(await ground.live(map)).toBeDefined();
  },
);

test('an object that was made anew since is another one', async () => {
  const map = ground.configMap('anew');
  await ground.settle(map);
  const context = await ground.context();
  const writer: KubeWriter = {
    ...context.writer,
    delete: async (address, uid) => {
      await ground.cluster.admin.delete({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        name: 'anew',
        namespace: ground.namespace,
      });
      await ground.create(map, 'somebody');
      return context.writer.delete(address, uid);
    },
  };
  const { prunings } = await ground.prune([objectId(map)], { writer });
  expect(prunings[0]?.outcome).toBe('gone');
  expect(await ground.live(map)).toBeDefined();
});

test('what finalizers hold stays in the inventory until it is gone', async () => {
  const map = ground.configMap('held');
  await ground.settle(map);
  await ground.edit(map, 'controller', { metadata: { finalizers: ['example.com/hold'] } });
  const first = await ground.prune([objectId(map)]);
  expect(first.prunings[0]).toMatchObject({
    outcome: 'deleting',
    asked: true,
    reason: expect.stringContaining('example.com/hold'),
  });
  expect([first.survivors.length, first.failure]).toEqual([1, undefined]);
  expect((await ground.prune([objectId(map)])).prunings[0]).toMatchObject({ outcome: 'deleting', asked: false });
  await ground.edit(map, 'controller', { metadata: { finalizers: null } });
  expect((await ground.prune([objectId(map)])).survivors).toEqual([]);
});

test('an account that lost its rights deletes nothing, says so, and forgets nothing', async () => {
  const place = await Ground.prepare(ground.cluster, 'rights');
  const map = place.configMap('x');
  await place.settle(map);
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    name: 'flux',
    namespace: place.namespace,
  };
  await place.cluster.admin.delete(binding);
  // The API server's own view of RBAC follows a moment later.
  const mayGet = `/api/v1/namespaces/${place.namespace}/configmaps/x`;
  const as = `system:serviceaccount:${place.namespace}:flux`;
  await expect.poll(async () => (await place.cluster.admin.request('GET', mayGet, undefined, { as })).status).toBe(403);
  const { failure, survivors } = await place.prune([objectId(map)]);
  expect(survivors).toEqual([{ id: objectId(map), v: 'v1' }]);
  expect(failure?.message).toContain(
    `kube.denied: system:serviceaccount:${place.namespace}:flux may not get configmaps`,
  );
  expect(await place.live(map)).toBeDefined();
  place.kube.close();
});

describe('a kind whose definition is gone', () => {
  const group = 'prune.acme.example';
  const crd: KubeObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  };

  test('resolves its entries, and only then', async () => {
    const widget: KubeObject = {
      apiVersion: `${group}/v1`,
      kind: 'Widget',
      metadata: { name: 'w', namespace: ground.namespace },
    };
    await ground.cluster.admin.apply(crd as never);
    await ground.kube.kinds(true);
    await ground.settle(widget);
    const stale = await ground.kube.kinds();
    await ground.edit(widget, 'controller', { metadata: { finalizers: ['example.com/hold'] } });
    expect((await ground.prune([objectId(widget)])).survivors).toHaveLength(1);
    await ground.edit(widget, 'controller', { metadata: { finalizers: null } });
    await ground.cluster.admin.delete({ apiVersion: crd.apiVersion, kind: crd.kind, name: `widgets.${group}` });
    await ground.cluster.admin.until(
      { apiVersion: crd.apiVersion, kind: crd.kind, name: `widgets.${group}` },
      (one) => one === undefined,
    );
    // As a run that had asked before the definition went.
    const { prunings, survivors, failure } = await ground.prune([objectId(widget)], { kinds: stale });
    expect([prunings.map(({ outcome }) => outcome), survivors, failure?.message]).toEqual([['gone'], [], undefined]);
  });
});
