// Fleets in every usual shape, on a cluster with controllers: Kubernetes' own roles, real rollouts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '../../../lab/cluster/object.ts';
import { dataOf, hear, liveOf, untilData, welcome, writesSince } from './acts.ts';
import { clusterVars, platformFiles, shopFiles } from './fleet-files.ts';
import { configMap, type Running, Stand, yaml } from './stand.ts';

let stand: Stand;
let running: Running;

const deployments = ['apps/v1', 'Deployment'] as const;

beforeAll(async () => {
  stand = await Stand.start({ controllers: true });
  for (const name of ['platform', 'shop', 'hybrid']) await stand.repository(name);
  await Promise.all([
    stand.push('shop', shopFiles()),
    stand.push('hybrid', { 'a.yaml': yaml(configMap(undefined, 'words', { text: '${greeting}' })) }),
    stand.push('platform', platformFiles(stand)),
  ]);
  await welcome(stand, 'shop', 'hybrid', 'mono');
  await secret('west');
  await stand.bootstrap();
  running = await stand.agent();
}, 900_000);

const secret = (region: string): Promise<unknown> =>
  stand.cluster.admin.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'flux-system', name: 'cluster-secrets' },
    stringData: { region },
  } as KubeObject);

afterAll(async () => {
  await running?.stop();
  await stand?.close();
});

test('infrastructure comes in its order, definitions before what uses them', async () => {
  const startedMs = performance.now();
  const names = ['flux-system', 'infrastructure-crds', 'infrastructure', 'together', 'tenants'];
  for (const name of names) await stand.ready(`flux-system/${name}`);
  process.stdout.write(`    infrastructure and tenants: ${Math.round(performance.now() - startedMs)} ms\n`);
  const spec = { cluster: 'eu' };
  expect(await liveOf(stand, ['acme.example/v1', 'Widget'], 'flux-system/first')).toMatchObject({ spec });
  expect(await liveOf(stand, ['tools.acme.example/v1', 'Gadget'], 'flux-system/first')).toMatchObject({ spec });
  // Tenants may have been tried before the API server knew of their rights.
  const told = stand.lines.filter((line) => names.some((name) => line.includes(`"flux-system/${name}"`)));
  expect(told.filter((line) => line.includes('retry after'))).toEqual([]);
});

test('variables are the cluster’s, and a changed ConfigMap or Secret is noticed at once', async () => {
  const facts = 'flux-system/facts';
  await untilData(stand, facts, (data) => data !== undefined);
  expect(await dataOf(stand, facts)).toEqual({
    domain: 'eu.acme.example',
    tier: 'gold',
    region: 'west',
    overlay: 'eu',
  });
  await secret('east');
  await untilData(stand, facts, (data) => data?.['region'] === 'east');
  await stand.push('platform', { 'clusters/eu/cluster-vars.yaml': clusterVars('new.acme.example') });
  await hear(running, stand, 'platform');
  await untilData(stand, facts, (data) => data?.['domain'] === 'new.acme.example');
  // The Secret's value is in no condition and no event.
  const said = JSON.stringify([
    await stand.kustomization('flux-system/infrastructure'),
    await stand.cluster.admin.list('v1', 'Event', { namespace: 'flux-system' }),
  ]);
  expect(said).not.toMatch(/"(east|west)/);
});

test('tenants in this repository, in their own and in both deploy as themselves, by the role edit', async () => {
  for (const key of ['mono/mono', 'shop/shop', 'hybrid/settings', 'hybrid/hybrid']) await stand.ready(key);
  expect(await liveOf(stand, deployments, 'mono/web')).toBeDefined();
  expect(await dataOf(stand, 'hybrid/words')).toEqual({ text: 'hello' });
  const web = await liveOf(stand, deployments, 'shop/eu-web');
  expect(web).toMatchObject({
    metadata: { annotations: { 'acme.example/owner': 'shop' } },
    spec: { minReadySeconds: 1, template: { spec: { containers: [{ image: 'ghcr.io/acme/web:2.0.0' }] } } },
    status: { readyReplicas: 1 },
  });
  expect(await dataOf(stand, 'shop/eu-extra')).toEqual({ from: 'component' });
  const writes = (await writesSince(stand)).filter(({ as, dry }) => as !== undefined && !dry);
  const workloads = writes.filter(({ resource }) => resource === 'deployments.apps');
  expect(workloads.length).toBeGreaterThan(3);
  for (const { as, place } of workloads) expect(as).toBe(`system:serviceaccount:${place.split('/')[0]}:deployer`);
});

test('a Job is waited for, and a rollout that crashes is told with what ails it', async () => {
  await stand.ready('shop/job');
  expect(await liveOf(stand, ['batch/v1', 'Job'], 'shop/migrate')).toMatchObject({ status: { succeeded: 1 } });
  const { ready, conditions, applied } = await stand.until(
    'shop/crash',
    (now) => now.ready?.reason === 'HealthCheckFailed',
  );
  expect(ready?.message).toContain('Deployment/shop/crash');
  expect(ready?.message).toMatch(/CrashLoopBackOff/);
  expect(conditions.find(({ type }) => type === 'Healthy')?.status).toBe('False');
  expect(applied).toBe('');
  // Mended by a commit, not by the retry interval.
  const files = { 'crash/app.yaml': shopFiles()['deploy/app.yaml']?.replaceAll('"web"', '"crash"') ?? '' };
  const commit = await stand.push('shop', files);
  await hear(running, stand, 'shop');
  await stand.ready('shop/crash', commit);
});

test('a wait that takes too long ends, and says for what', async () => {
  const { ready, inventory } = await stand.until(
    'shop/late',
    (now) => now.ready?.reason === 'HealthCheckFailed',
    90_000,
  );
  expect(ready?.message).toContain('30s');
  expect(ready?.message).toContain('Deployment/shop/late');
  expect(inventory).toEqual(['shop_late_apps_Deployment']);
});
