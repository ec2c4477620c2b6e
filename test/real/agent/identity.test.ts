// As whom the agent writes, what a missing right comes to, and what is refused whatever the API server would allow.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KubeObject, refOf } from '../../../lab/cluster/object.ts';
import { configMaps, dataOf, edit, hear, liveOf, untilData, welcome, writesSince } from './acts.ts';
import { configMap, kustomization, type Running, Stand, tenant, yaml } from './stand.ts';

const account = (name: string): string => `system:serviceaccount:${name}:deployer`;
const platform = 'system:serviceaccount:sluice-system:sluice-platform';
const bindings = ['rbac.authorization.k8s.io/v1', 'RoleBinding'] as const;

let stand: Stand;
let running: Running;

const privileged = `apiVersion: v1
kind: Pod
metadata:
  name: root
  namespace: rogue
spec:
  containers:
    - name: main
      image: ghcr.io/acme/web:1.0.0
      securityContext:
        privileged: true
`;

/** More Kustomizations of the tenant `rogue`, one for each kind of trespass. */
const trespass = (name: string): object =>
  kustomization('rogue', name, {
    path: `./${name}`,
    serviceAccountName: 'deployer',
    sourceRef: { kind: 'GitRepository', name: 'rogue' },
  });

const bare = (url: string, withBinding: boolean): object[] =>
  tenant('bare', url).filter((one) => withBinding || (one as KubeObject).kind !== 'RoleBinding');

beforeAll(async () => {
  stand = await Stand.start();
  for (const name of ['platform', 'shop', 'bare', 'rogue']) await stand.repository(name);
  await stand.push('shop', {
    'deploy/app.yaml': yaml(configMap('shop', 'web', { colour: 'blue' }), configMap('shop', 'old', {})),
  });
  await stand.push('bare', { 'deploy/app.yaml': yaml(configMap('bare', 'web', {})) });
  await stand.push('rogue', {
    'deploy/fine.yaml': yaml(configMap('rogue', 'fine', {})),
    'forged/a.yaml': yaml(configMap('rogue', 'forged', {})),
    // Names an object of another tenant's, which must keep nobody from deploying it.
    'squat/a.yaml': yaml(configMap('shop', 'web', {}), configMap('rogue', 'vars', { of: 'rogue' })),
    'outside/a.yaml': `# of nobody
apiVersion: v1
kind: ConfigMap
metadata:
  name: intruder
  namespace: kube-system
`,
    'wide/a.yaml': `apiVersion: v1
kind: Namespace
metadata:
  name: wide
`,
    'privileged/a.yaml': privileged,
  });
  await stand.push('platform', {
    'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop'))),
    'clusters/eu/bare.yaml': yaml(...bare(stand.url('bare'), false)),
    'clusters/eu/rogue.yaml': yaml(
      ...tenant('rogue', stand.url('rogue')),
      ...['outside', 'wide', 'privileged', 'squat'].map(trespass),
    ),
  });
  await welcome(stand, 'shop', 'bare', 'rogue');
  // A controller makes it elsewhere; Pods need one.
  const metadata = { namespace: 'rogue', name: 'default' };
  await stand.cluster.admin.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata });
  await stand.bootstrap();
  running = await stand.agent();
  await stand.ready('flux-system/flux-system');
}, 900_000);

afterAll(async () => {
  await running?.stop();
  await stand?.close();
});

test('every write of a tenant is its service account’s, and the agent’s own account writes status and events alone', async () => {
  for (const key of ['shop/shop', 'rogue/rogue']) await stand.ready(key);
  await stand.until('bare/bare', (now) => now.ready?.reason === 'ReconciliationFailed');
  await stand.until('rogue/squat', (now) => now.ready?.reason === 'PolicyDenied');
  const commit = await stand.push('shop', {
    'deploy/app.yaml': yaml(configMap('shop', 'web', { colour: 'green' })),
  });
  await hear(running, stand, 'shop');
  // By then the agent has the answer to its deletion, and the log has both.
  await stand.ready('shop/shop', commit);
  expect(await dataOf(stand, 'shop/old')).toBeUndefined();
  const writes = await writesSince(stand);
  const own = writes.filter(({ as }) => as === undefined);
  const allowed =
    /^(kustomizations\.kustomize|gitrepositories\.source)\.toolkit\.fluxcd\.io(\/status)?$|^events(\.events\.k8s\.io)?$/;
  expect(own.length).toBeGreaterThan(5);
  expect(own.filter(({ resource }) => !allowed.test(resource))).toEqual([]);
  expect(own.filter(({ verb, resource }) => verb !== 'patch' && !resource.startsWith('events'))).toEqual([]);
  // Everything else is somebody's: the tenants' objects the tenants', the platform's documents the platform's.
  const others = writes.filter(({ as }) => as !== undefined);
  const tenants = others.filter(({ place }) => ['shop/web', 'shop/old'].includes(place));
  expect(new Set(tenants.map(({ as }) => as))).toEqual(new Set([account('shop')]));
  expect(tenants.map(({ verb }) => verb)).toContain('delete');
  expect(new Set(others.map(({ as }) => as))).toEqual(
    new Set([platform, account('shop'), account('bare'), account('rogue')]),
  );
  expect(others.filter(({ as, place }) => as === account('shop') && !place.startsWith('shop/'))).toEqual([]);
  // What the agent itself owns of a Kustomization is its status and its finalizer.
  const managers = (await stand.kustomization('shop/shop'))?.metadata['managedFields'] as {
    manager: string;
    subresource?: string;
    fieldsV1: object;
  }[];
  for (const { manager, subresource, fieldsV1 } of managers) {
    if (manager !== 'gotk-kustomize-controller') continue;
    expect(Object.keys(fieldsV1)).toEqual([subresource === 'status' ? 'f:status' : 'f:metadata']);
  }
  expect(managers.map(({ manager }) => manager)).toContain('gotk-kustomize-controller');
});

test('a missing RoleBinding is a condition with verb and resource, and is mended soon after it came', async () => {
  const { ready } = await stand.until('bare/bare', (now) => now.ready?.status === 'False');
  expect(ready?.reason).toBe('ReconciliationFailed');
  expect(ready?.message).toMatch(/ConfigMap\/bare\/web/);
  expect(ready?.message).toMatch(/patch/);
  expect(ready?.message).toMatch(/configmaps/);
  expect(ready?.message).toContain(account('bare'));
  const denied = (await writesSince(stand)).filter(({ as, code }) => as === account('bare') && code === 403);
  expect(denied.length).toBeGreaterThan(0);
  const from = Date.now();
  await stand.push('platform', { 'clusters/eu/bare.yaml': yaml(...bare(stand.url('bare'), true)) });
  await hear(running, stand, 'platform');
  await stand.ready('bare/bare');
  process.stdout.write(`    binding → ready: ${Date.now() - from} ms\n`);
  expect(await liveOf(stand, bindings, 'bare/deployer')).toBeDefined();
});

test.each([
  ['outside', 'tenant/namespace', 'ConfigMap/kube-system/intruder', 'outside/a.yaml:6'],
  ['wide', 'tenant/cluster-scoped', 'Namespace/wide', 'wide/a.yaml:2'],
  ['privileged', 'pod/privileged', 'Pod/rogue/root', 'privileged/a.yaml:11'],
])('no review ran, and %s is refused all the same', async (name, rule, object, place) => {
  const { ready, inventory } = await stand.until(`rogue/${name}`, (now) => now.ready?.status === 'False');
  expect(ready?.reason).toBe('PolicyDenied');
  expect(ready?.message).toContain(rule);
  expect(ready?.message).toContain(object);
  expect(ready?.message.split(place)).toHaveLength(2);
  expect(inventory).toEqual([]);
  const [, where = ''] = /^[^/]+\/(.*)$/.exec(object) ?? [];
  expect((await writesSince(stand)).filter((write) => write.place === where)).toEqual([]);
});

// What a person, or a tenant who may write Kustomizations, puts into the cluster past the platform repository.
test('a Kustomization made by hand without an account is refused, and its forged inventory deletes nothing', async () => {
  const { admin } = stand.cluster;
  const precious = configMap('kube-system', 'precious', { kept: 'yes' }) as KubeObject;
  await admin.apply(precious);
  const ids = ['kube-system_precious__ConfigMap', '_kube-system__Namespace', 'shop_web__ConfigMap'];
  const inventory = { entries: ids.map((id) => ({ id, v: 'v1' })) };
  const sourceRef = { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' };
  const byHand = kustomization('rogue', 'by-hand', { path: './clusters/eu', sourceRef });
  const withAccount = kustomization('rogue', 'forged', {
    path: './forged',
    sourceRef: { kind: 'GitRepository', name: 'rogue' },
    serviceAccountName: 'deployer',
    suspend: true,
  });
  const from = await stand.cluster.auditPosition();
  await admin.apply([byHand, withAccount]);
  for (const one of [byHand, withAccount])
    await admin.patch(refOf(one), { status: { inventory } }, { subresource: 'status' });
  const { ready } = await stand.until('rogue/by-hand', (now) => now.ready?.status === 'False');
  expect(ready?.reason).toBe('PolicyDenied');
  expect(ready?.message).toContain('serviceAccountName');
  await edit(stand, 'rogue/forged', { spec: { suspend: false } });
  const forged = await stand.until('rogue/forged', (now) => now.ready?.reason === 'PruneFailed');
  expect(forged.ready?.message).toContain('ConfigMap/kube-system/precious');
  // Nor when they are deleted.
  await admin.delete(refOf(byHand));
  await admin.until(refOf(byHand), (object) => object === undefined);
  expect(await liveOf(stand, configMaps, 'kube-system/precious')).toMatchObject({ data: { kept: 'yes' } });
  expect(await liveOf(stand, ['v1', 'Namespace'], 'kube-system')).not.toHaveProperty('metadata.deletionTimestamp');
  expect(await dataOf(stand, 'shop/web')).toEqual({ colour: 'green' });
  expect((await writesSince(stand, from)).filter(({ verb }) => verb === 'delete')).toEqual([]);
});

// The tenant's repository names them both, one refused, one applied long ago.
test('no tenant keeps the platform from changing, taking or deleting an object in the tenant’s namespace', async () => {
  const vars = (of: string): object => configMap('rogue', 'vars', { of });
  const platformHas = async (...objects: readonly object[]): Promise<void> => {
    await stand.push('platform', { 'clusters/eu/vars.yaml': objects.length === 0 ? null : yaml(...objects) });
    await hear(running, stand, 'platform');
  };
  for (const of of ['1', '2']) {
    await platformHas(vars(of));
    await untilData(stand, 'rogue/vars', (data) => data?.['of'] === of);
  }
  await stand.ready('rogue/rogue');
  await platformHas(configMap('rogue', 'fine', { of: 'platform' }));
  await untilData(stand, 'rogue/fine', (data) => data?.['of'] === 'platform');
  await untilData(stand, 'rogue/vars', (data) => data === undefined);
  await stand.ready('flux-system/flux-system');
  // The tenant, who would take it back, is told.
  const commit = await stand.push('rogue', { 'deploy/other.yaml': yaml(configMap('rogue', 'other', {})) });
  await hear(running, stand, 'rogue');
  const { ready } = await stand.until(
    'rogue/rogue',
    (now) => now.attempted.endsWith(commit) && now.ready?.status === 'False',
  );
  expect(ready?.message).toContain('tenant/duplicate: ConfigMap/rogue/fine');
  expect(await dataOf(stand, 'rogue/fine')).toEqual({ of: 'platform' });
  await platformHas();
  await stand.ready('rogue/rogue', commit);
  await untilData(stand, 'rogue/fine', (data) => data !== undefined && data['of'] === undefined);
});

test('a waiver in the platform repository holds, and a commit that changes the rules makes tenants due', async () => {
  const waiver = {
    rule: 'pod/privileged',
    object: 'Pod/rogue/root',
    reason: 'Agreed with security.',
    until: '2099-12-31',
  };
  await stand.push('platform', { 'waivers/root.yaml': yaml(waiver) });
  await hear(running, stand, 'platform');
  await stand.ready('rogue/privileged');
  // And the other way round: what was applied yesterday is denied today; it stays, and says so.
  const rule = `# METADATA
# title: No blue
package sluice.acme.colour

deny contains {"msg": "green is not allowed", "path": ["data", "colour"]} if input.object.data.colour == "green"
`;
  await stand.push('platform', { 'sluice.yaml': 'policies: [policies]\n', 'policies/acme/colour/colour.rego': rule });
  await hear(running, stand, 'platform');
  const { ready } = await stand.until('shop/shop', (now) => now.ready?.status === 'False');
  expect(ready?.reason).toBe('PolicyDenied');
  expect(ready?.message).toMatch(/green is not allowed/);
  expect(ready?.message).toMatch(/deploy\/app\.yaml:\d+/);
  expect(await dataOf(stand, 'shop/web')).toEqual({ colour: 'green' });
});
