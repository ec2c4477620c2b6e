// What somebody else changes: put right within seconds, at the interval where no watch works, and left alone where it is theirs.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Faults, startFaults } from '../../../lab/cluster/faults.ts';
import type { KubeObject } from '../../../lab/cluster/object.ts';
import { configMaps, dataOf, edit, hear, liveOf, request, uidOf, untilData, welcome, writesSince } from './acts.ts';
import { clusterName, configMap, kustomization, type Running, Stand, tenant, yaml } from './stand.ts';

let stand: Stand;
let running: Running;
let faults: Faults;

const deployments = ['apps/v1', 'Deployment'] as const;
const sourceRef = { kind: 'GitRepository', name: 'shop' };
const part = (name: string, more: object = {}): object =>
  kustomization('shop', name, { path: `./${name}`, sourceRef, serviceAccountName: 'deployer', ...more });
const web = (name: string, more: object = {}): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'shop', name, labels: { app: name } },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'ghcr.io/acme/web:1.0.0' }] },
    },
    ...more,
  },
});
const ref = (kind: readonly [string, string], name: string) => ({
  apiVersion: kind[0],
  kind: kind[1],
  namespace: 'shop',
  name,
});

beforeAll(async () => {
  stand = await Stand.start();
  faults = await startFaults(stand.cluster, { tls: true });
  for (const name of ['platform', 'shop']) await stand.repository(name);
  await stand.push('shop', {
    'deploy/a.yaml': yaml(configMap('shop', 'web', { colour: 'blue' }), web('front')),
    'scaled/a.yaml': yaml(web('free'), web('ignored', { replicas: 2 })),
    'slow/a.yaml': yaml(configMap('shop', 'slow', { colour: 'blue' })),
  });
  const ignore = [{ paths: ['/spec/replicas'], target: { kind: 'Deployment', name: 'ignored' } }];
  await stand.push('platform', {
    'clusters/eu/shop.yaml': yaml(
      ...tenant('shop', stand.url('shop')),
      part('scaled', { ignore }),
      part('slow', { interval: '3s' }),
    ),
  });
  await welcome(stand, 'shop');
  await stand.bootstrap();
  running = await stand.agent({ server: faults.url });
  for (const name of ['shop', 'scaled', 'slow']) await stand.ready(`shop/${name}`);
}, 900_000);

afterAll(async () => {
  await running?.stop();
  await faults?.stop();
  await stand?.close();
});

test('a switch that is planted on an object of the platform in a tenant’s namespace stops nothing', async () => {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', namespace: 'shop', name: 'deployer' };
  const before = (await stand.cluster.admin.get(role))?.['rules'];
  const annotations = { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' };
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  await stand.cluster.admin.patch(role, { metadata: { annotations }, rules });
  await expect.poll(async () => (await stand.cluster.admin.get(role))?.['rules'], { interval: 100 }).toEqual(before);
});

test('a field changed by hand is back within 10 seconds', async () => {
  const from = Date.now();
  await stand.cluster.admin.patch(ref(configMaps, 'web'), { data: { colour: 'red', extra: 'mine' } });
  await untilData(stand, 'shop/web', (data) => data?.['colour'] === 'blue', 10_000);
  process.stdout.write(`    drift put right: ${Date.now() - from} ms\n`);
  // What Git does not say and kubectl did not write is somebody else's.
  expect(await dataOf(stand, 'shop/web')).toEqual({ colour: 'blue', extra: 'mine' });
});

test('what is set with kubectl goes, as Flux has it', async () => {
  const path = '/api/v1/namespaces/shop/configmaps/web?fieldManager=kubectl-edit';
  const contentType = 'application/merge-patch+json';
  await stand.cluster.admin.request('PATCH', path, { data: { sneaked: 'in' } }, { contentType });
  await untilData(stand, 'shop/web', (data) => data !== undefined && data['sneaked'] === undefined);
});

test('a deleted object and a removed label come back', async () => {
  const uid = await uidOf(stand, 'shop/web');
  await stand.cluster.admin.delete(ref(configMaps, 'web'));
  await untilData(stand, 'shop/web', (data) => data?.['colour'] === 'blue');
  expect(await uidOf(stand, 'shop/web')).not.toBe(uid);
  const owner = 'kustomize.toolkit.fluxcd.io/name';
  await stand.cluster.admin.patch(ref(deployments, 'front'), { metadata: { labels: { app: null, [owner]: null } } });
  await stand.cluster.admin.until(ref(deployments, 'front'), (object) => {
    const labels = (object?.metadata['labels'] ?? {}) as Record<string, string>;
    return labels['app'] === 'front' && labels[owner] === 'shop';
  });
});

test('neither a status that a controller writes nor a sweep without change sends an apply', async () => {
  await settled();
  const before = { ...running.agent.kube.counters };
  const from = await stand.cluster.auditPosition();
  await stand.cluster.admin.patch(
    ref(deployments, 'front'),
    { status: { replicas: 1, readyReplicas: 1, observedGeneration: 1 } },
    { subresource: 'status' },
  );
  for (const name of ['shop', 'scaled']) await request(stand, `shop/${name}`, 'now');
  for (const name of ['shop', 'scaled']) await stand.until(`shop/${name}`, ({ object }) => handledOf(object) === 'now');
  const { apply, dryRun, delete: deleted } = running.agent.kube.counters;
  expect({ apply, dryRun, deleted }).toEqual({
    apply: before.apply,
    dryRun: before.dryRun,
    deleted: before.delete,
  });
  expect((await writesSince(stand, from)).filter(({ as }) => as !== undefined)).toEqual([]);
});

function handledOf(object: KubeObject): unknown {
  return (object['status'] as { lastHandledReconcileAt?: string }).lastHandledReconcileAt;
}

/** Until nothing is under way, and nothing has been sent for a while. */
async function settled(): Promise<void> {
  const { counters } = running.agent.kube;
  const queue = await running.queues.open(`reconcile-${clusterName}`);
  for (let sent = -1, quiet = 0; quiet < 2; await sleep(700)) {
    const { waiting, active } = await queue.counts();
    quiet = waiting + active === 0 && sent === counters.apply + counters.dryRun ? quiet + 1 : 0;
    sent = counters.apply + counters.dryRun;
  }
}

test('replicas that Git does not say, or that a rule leaves to others, stay as the autoscaler set them', async () => {
  const { admin } = stand.cluster;
  const scaled = (name: string, replicas: number): KubeObject =>
    ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace: 'shop', name },
      spec: { replicas },
    }) as KubeObject;
  for (const name of ['free', 'ignored']) await admin.apply(scaled(name, 7), { manager: 'autoscaler' });
  // Something else in both changes by a commit, so that both are really applied.
  const template = (name: string): object =>
    web(name, { minReadySeconds: 3, ...(name === 'ignored' && { replicas: 2 }) });
  const commit = await stand.push('shop', { 'scaled/a.yaml': yaml(template('free'), template('ignored')) });
  await hear(running, stand, 'shop');
  await stand.ready('shop/scaled', commit);
  for (const name of ['free', 'ignored'])
    expect(await liveOf(stand, deployments, `shop/${name}`)).toMatchObject({
      spec: { replicas: 7, minReadySeconds: 3 },
    });
  const owners = ((await liveOf(stand, deployments, 'shop/ignored'))?.metadata['managedFields'] ?? []) as {
    manager: string;
    fieldsV1: { 'f:spec'?: object };
  }[];
  const ours = owners.find(({ manager }) => manager === 'kustomize-controller');
  expect(ours?.fieldsV1['f:spec']).not.toHaveProperty('f:replicas');
});

test('a suspended Kustomization is left alone, and catches up when it is resumed', async () => {
  await edit(stand, 'shop/shop', { spec: { suspend: true } }, 'flux');
  await stand.until('shop/shop', ({ object }) => (object['spec'] as { suspend?: boolean }).suspend === true);
  const from = await stand.cluster.auditPosition();
  const commit = await stand.push('shop', {
    'deploy/a.yaml': yaml(configMap('shop', 'web', { colour: 'green' }), web('front')),
  });
  await hear(running, stand, 'shop');
  await stand.cluster.admin.patch(ref(configMaps, 'web'), { data: { colour: 'red' } });
  await stand.ready('shop/slow', commit);
  expect(await dataOf(stand, 'shop/web')).toMatchObject({ colour: 'red' });
  expect(
    (await writesSince(stand, from)).filter(({ place }) => place === 'shop/web' || place === 'shop/front'),
  ).toEqual([]);
  await edit(stand, 'shop/shop', { spec: { suspend: false } }, 'flux');
  await stand.ready('shop/shop', commit);
  expect(await dataOf(stand, 'shop/web')).toMatchObject({ colour: 'green' });
});

test('without a watch the interval finds what changed', async () => {
  await stand.ready('shop/slow');
  const broken = faults.add({
    match: { verb: 'watch', resource: 'configmaps' },
    times: null,
    fault: { kind: 'status', status: 500 },
  });
  faults.dropWatches();
  await expect.poll(() => broken.struck).toBeGreaterThan(0);
  await stand.cluster.admin.patch(ref(configMaps, 'slow'), { data: { colour: 'red' } });
  await untilData(stand, 'shop/slow', (data) => data?.['colour'] === 'blue');
  broken.remove();
});
