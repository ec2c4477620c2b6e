// Every way in which a real API server says that a field cannot change, and what force does about it.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { sharedCluster } from '../cluster/shared.ts';
import { account, startTimeoutMs } from '../cluster/stage.ts';
import { container, Ground } from './ground.ts';

let ground: Ground;

beforeAll(async () => {
  ground = await Ground.prepare(await sharedCluster(), 'force');
  await ground.cluster.admin.apply(account(ground.namespace, 'default'));
}, startTimeoutMs);

afterAll(() => ground?.kube.close());

const enabled = { 'kustomize.toolkit.fluxcd.io/force': 'enabled' };
const rbac = 'rbac.authorization.k8s.io';

function object(apiVersion: string, kind: string, name: string, more: Record<string, Json>): KubeObject {
  return { apiVersion, kind, metadata: { name, namespace: ground.namespace }, ...more };
}

function pod(image: string, more: Record<string, Json> = {}): Json {
  return { restartPolicy: 'Never', containers: [{ name: 'x', image }], ...more };
}

type Make = (variant: 0 | 1) => KubeObject;
const pick = <Value>(variant: 0 | 1, one: Value, other: Value): Value => (variant === 0 ? one : other);

const cases: readonly (readonly [string, Make])[] = [
  [
    'the template of a Job',
    (v) => object('batch/v1', 'Job', 'job', { spec: { template: { spec: pod(pick(v, 'a:1', 'a:2')) } } }),
  ],
  [
    'the selector of a Deployment',
    (v) => {
      const labels = { app: pick(v, 'one', 'two') };
      const template = { metadata: { labels }, spec: { containers: [container('web')] } };
      return object('apps/v1', 'Deployment', 'selector', { spec: { selector: { matchLabels: labels }, template } });
    },
  ],
  [
    'the service name of a StatefulSet',
    (v) => {
      const labels = { app: 'x' };
      const template = { metadata: { labels }, spec: { containers: [container('web')] } };
      return object('apps/v1', 'StatefulSet', 'set', {
        spec: { serviceName: pick(v, 'a', 'b'), selector: { matchLabels: labels }, template },
      });
    },
  ],
  [
    'the address of a Service',
    (v) => object('v1', 'Service', 'address', { spec: { clusterIP: pick(v, '', 'None'), ports: [{ port: 80 }] } }),
  ],
  [
    'the role of a RoleBinding',
    (v) =>
      object(`${rbac}/v1`, 'RoleBinding', 'binding', {
        roleRef: { apiGroup: rbac, kind: 'Role', name: pick(v, 'a', 'b') },
      }),
  ],
  [
    'the type of a Secret',
    (v) => object('v1', 'Secret', 'type', { type: pick(v, 'example.com/a', 'example.com/b'), stringData: { a: 'b' } }),
  ],
  [
    'the data of an immutable Secret',
    (v) => object('v1', 'Secret', 'fixed', { immutable: true, stringData: { a: pick(v, '1', '2') } }),
  ],
  [
    'the data of an immutable ConfigMap',
    (v) => object('v1', 'ConfigMap', 'fixed', { immutable: true, data: { a: pick(v, '1', '2') } }),
  ],
  ['the spec of a Pod', (v) => object('v1', 'Pod', 'pod', { spec: pod('a:1', { hostname: pick(v, 'a', 'b') }) })],
];

describe.each(cases)('%s', (_name, make) => {
  test('is refused without force, with the way to it; nothing is deleted', async () => {
    await ground.settle(make(0));
    const before = (await ground.live(make(0)))?.metadata['uid'];
    const { failure, requests } = await ground.apply([make(1)]);
    expect(failure?.message).toContain('kustomize.toolkit.fluxcd.io/force: enabled on it');
    expect(requests).toBe('dryRun 1, get 1');
    expect((await ground.live(make(0)))?.metadata['uid']).toBe(before);
  });

  test('is brought about by force, as another object', async () => {
    const before = (await ground.live(make(0)))?.metadata['uid'];
    const { changes, failure } = await ground.apply([make(1)], { force: true });
    expect(failure?.message).toBeUndefined();
    expect(changes[0]).toMatchObject({ action: 'configured', recreated: true });
    const after = await ground.live(make(1));
    expect(after?.metadata['uid']).toBe(changes[0]?.there?.uid);
    expect(after?.metadata['uid']).not.toBe(before);
    expect((await ground.settle(make(1)))[0]?.action).toBe('unchanged');
  });
});

describe('a rule of a custom resource', () => {
  const group = 'force.acme.example';
  const rule = { rule: 'self == oldSelf', message: 'the size is immutable' };
  const plain = { rule: 'self.size > 0', message: 'must be more than nothing' };
  const schema = {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        'x-kubernetes-validations': [plain],
        properties: { size: { type: 'integer', 'x-kubernetes-validations': [rule] } },
      },
    },
  };
  const crd = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `disks.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural: 'disks', singular: 'disk', kind: 'Disk', listKind: 'DiskList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
  const disk = (size: number): KubeObject => object(`${group}/v1`, 'Disk', 'disk', { spec: { size } });

  test('that a value cannot change is understood, and no other is taken for one', async () => {
    await ground.cluster.admin.apply(crd as never);
    await ground.kube.kinds(true);
    await ground.settle(disk(1));
    const before = (await ground.live(disk(1)))?.metadata['uid'];
    const wrong = await ground.apply([disk(-1)], { force: true });
    expect(wrong.failure?.code).toBe('deploy.apply');
    expect((await ground.live(disk(1)))?.metadata['uid']).toBe(before);
    const { changes } = await ground.apply([disk(2)], { force: true });
    expect(changes[0]?.recreated).toBe(true);
    await ground.cluster.admin.delete({ apiVersion: crd.apiVersion, kind: crd.kind, name: crd.metadata.name });
  });
});

describe('force deletes nothing', () => {
  const job = (name: string, spec: Json): KubeObject =>
    object('batch/v1', 'Job', name, { spec: { template: { spec } } });

  test.each([
    ['a value that is wrong', pod('a:2', { restartPolicy: 'Sometimes' })],
    ['a value that is missing', { restartPolicy: 'Never', containers: [{ name: 'x' }] }],
    ['a field that is misspelt', pod('a:2', { restartpolicy: 'Never' })],
    ['a value of another type', pod('a:2', { hostNetwork: 'yes' })],
  ])('for %s beside one that cannot change', async (_name, spec) => {
    await ground.settle(job('wrong', pod('a:1')));
    const before = (await ground.live(job('wrong', {})))?.metadata['uid'];
    const { failure, requests } = await ground.apply([job('wrong', spec)], { force: true });
    expect(failure).toMatchObject({ code: 'deploy.apply' });
    expect(requests).toBe('dryRun 1, get 1');
    expect((await ground.live(job('wrong', {})))?.metadata['uid']).toBe(before);
  });

  test('while another object of the stage is wrong', async () => {
    await ground.settle(job('sibling', pod('a:1')));
    const before = (await ground.live(job('sibling', {})))?.metadata['uid'];
    const { failure } = await ground.apply([job('sibling', pod('a:2')), ground.deployment('bad', { replica: 1 })], {
      force: true,
    });
    expect(failure?.message).toContain('1 of 2 objects cannot be applied');
    expect((await ground.live(job('sibling', {})))?.metadata['uid']).toBe(before);
  });

  test('that is a PersistentVolumeClaim', async () => {
    const claim = (mode: string): KubeObject => {
      const claimed = object('v1', 'PersistentVolumeClaim', 'claim', {
        spec: { accessModes: [mode], resources: { requests: { storage: '1Gi' } } },
      });
      return { ...claimed, metadata: { ...claimed.metadata, annotations: enabled } };
    };
    await ground.settle(claim('ReadWriteOnce'));
    const { failure } = await ground.apply([claim('ReadWriteMany')], { force: true });
    expect(failure?.message).toContain('never deleted to make a change possible');
  });

  test('that somebody else made', async () => {
    await ground.create(job('foreign', pod('a:1')), 'somebody');
    const { failure } = await ground.apply([job('foreign', pod('a:2'))], { force: true });
    expect(failure?.message).toContain('spec.force does not reach an object that this Kustomization has not made');
    expect(await ground.live(job('foreign', {}))).toBeDefined();
  });
});

test('an object that a finalizer holds is waited for, and made anew when it is gone', async () => {
  const held = object('v1', 'ConfigMap', 'held', { immutable: true, data: { a: '1' } });
  await ground.settle(held);
  await ground.edit(held, 'controller', { metadata: { finalizers: ['example.com/hold'] } });
  const next = { ...held, data: { a: '2' } };
  const late = await ground.apply([next], { force: true, recreateTimeoutMs: 300 });
  expect(late.failure).toMatchObject({ code: 'deploy.apply', kind: 'notReady' });
  expect(late.failure?.message).toContain('its finalizers: example.com/hold');
  const again = ground.apply([next], { force: true });
  await ground.edit(held, 'controller', { metadata: { finalizers: null } });
  expect((await again).failure?.message).toBeUndefined();
  expect((await ground.live(held))?.['data']).toEqual({ a: '2' });
});
