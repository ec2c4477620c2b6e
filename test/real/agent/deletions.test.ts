// What would delete too much stops, says how to let it pass, and passes when somebody does just that.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMaps, dataOf, edit, hear, liveOf, obey, uidOf, untilData, welcome, writesSince } from './acts.ts';
import { configMap, kustomization, type Running, Stand, tenant, yaml } from './stand.ts';

let stand: Stand;
let running: Running;

const sourceRef = { kind: 'GitRepository', name: 'shop' };
const part = (name: string, more: object = {}): object =>
  kustomization('shop', name, { path: `./${name}`, sourceRef, serviceAccountName: 'deployer', ...more });
const maps = (...names: readonly string[]): string => yaml(...names.map((name) => configMap('shop', name, { name })));
const numbered = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

const policies = ['MirrorPrune', 'Delete', 'WaitForTermination', 'Orphan'] as const;
const parts = new Map([
  ...['empty', 'gone', 'before', 'left', 'right', 'many', 'off', 'toggled'].map((name) => [name, part(name)] as const),
  ...policies.map((one) => {
    const name = one.toLowerCase();
    return [name, part(name, { prune: one !== 'Delete', deletionPolicy: one })] as const;
  }),
  ['paused', part('paused')] as const,
  ['lonely', part('lonely', { serviceAccountName: 'temporary' })] as const,
]);

const pushFleet = (): Promise<string> =>
  stand.push('platform', {
    'sluice.yaml': 'deploy:\n  maxDeletions: 4\n',
    'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop')), ...temporary, ...parts.values()),
  });

async function pushPlatform(): Promise<void> {
  await pushFleet();
  await hear(running, stand, 'platform');
}

/** The tenant's newest commit. */
let newest = '';

async function pushShop(files: Readonly<Record<string, string | null>>): Promise<string> {
  const commit = await stand.push('shop', files);
  newest = commit;
  await hear(running, stand, 'shop');
  return commit;
}

/** An account that goes before what it has applied. */
const temporary = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'shop', name: 'temporary' } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace: 'shop', name: 'temporary' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'deployer' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'temporary' }],
  },
];

const guarded = (key: string, commit: string): ReturnType<Stand['until']> =>
  stand.until(key, ({ ready, attempted }) => ready?.reason === 'DeletionGuard' && attempted.endsWith(commit));

/** How often the newest outcome has come about. */
function totalOf(object: { readonly [key: string]: unknown }): number {
  const { history = [] } = (object['status'] ?? {}) as { history?: { totalReconciliations?: number }[] };
  return history[0]?.totalReconciliations ?? 0;
}

beforeAll(async () => {
  stand = await Stand.start();
  for (const name of ['platform', 'shop']) await stand.repository(name);
  await stand.push('shop', {
    'deploy/a.yaml': maps('fine'),
    'empty/a.yaml': maps('e-0', 'e-1'),
    'empty/kustomization.yaml': 'resources: [a.yaml]\n',
    'gone/a.yaml': maps('g-0'),
    'before/a.yaml': maps('b-0', 'b-1', 'b-2', 'b-3', 'b-4', 'b-5'),
    'left/a.yaml': maps('l-0', 'moved'),
    'right/a.yaml': maps('r-0'),
    'many/a.yaml': maps(...numbered('m', 7)),
    'toggled/a.yaml': maps('t-0', 't-1', 't-2'),
    ...Object.fromEntries(
      [...policies.map((one) => one.toLowerCase()), 'paused', 'lonely'].map((name) => [
        `${name}/a.yaml`,
        maps(`${name}-0`, `${name}-1`),
      ]),
    ),
    'off/a.yaml': maps(...numbered('o', 6)),
  });
  await welcome(stand, 'shop');
  await pushFleet();
  await stand.bootstrap();
  running = await stand.agent();
  for (const name of parts.keys()) await stand.ready(`shop/${name}`);
}, 900_000);

afterAll(async () => {
  await running?.stop();
  await stand?.close();
});

test('a build without objects stops, whatever its number, until that revision is acknowledged', async () => {
  const uids = [await uidOf(stand, 'shop/e-0'), await uidOf(stand, 'shop/e-1')];
  const commit = await pushShop({ 'empty/kustomization.yaml': 'resources: []\n', 'empty/a.yaml': null });
  const { ready, applied, inventory } = await guarded('shop/empty', commit);
  expect(ready?.message).toContain('kubectl annotate kustomization -n shop empty');
  expect(ready?.message).toContain(`sluice.dev/acknowledge-deletions=main@sha1:${commit}`);
  expect(ready?.message).toContain('ConfigMap/shop/e-0');
  expect(applied).not.toContain(commit);
  expect(inventory.toSorted()).toEqual(['shop_e-0__ConfigMap', 'shop_e-1__ConfigMap']);
  expect([await uidOf(stand, 'shop/e-0'), await uidOf(stand, 'shop/e-1')]).toEqual(uids);
  // For another revision it is no acknowledgement.
  const other = `main@sha1:${'0'.repeat(40)}`;
  const from = await stand.cluster.auditPosition();
  await edit(stand, 'shop/empty', { metadata: { annotations: { 'sluice.dev/acknowledge-deletions': other } } });
  await stand.until('shop/empty', ({ object }) => totalOf(object) >= 2);
  expect(await dataOf(stand, 'shop/e-0')).toEqual({ name: 'e-0' });
  expect((await writesSince(stand, from)).filter(({ verb }) => verb === 'delete')).toEqual([]);
  await obey(stand, ready?.message ?? '');
  const after = await stand.ready('shop/empty', commit);
  expect(after.inventory).toEqual([]);
  expect(await dataOf(stand, 'shop/e-0')).toBeUndefined();
});

test('a path that vanished is an error of the artifact, and deletes nothing', async () => {
  const uid = await uidOf(stand, 'shop/g-0');
  await pushShop({ 'gone/a.yaml': null });
  const { ready, inventory } = await stand.until('shop/gone', (now) => now.ready?.reason === 'ArtifactFailed');
  expect(ready?.message).toContain('gone');
  expect(inventory).toEqual(['shop_g-0__ConfigMap']);
  expect(await uidOf(stand, 'shop/g-0')).toBe(uid);
  // The folder comes back, and with it everything as it was.
  const commit = await pushShop({ 'gone/a.yaml': maps('g-0') });
  await stand.ready('shop/gone', commit);
  expect(await uidOf(stand, 'shop/g-0')).toBe(uid);
});

test('an object that moves to another Kustomization of the source is not made anew', async () => {
  const uid = await uidOf(stand, 'shop/moved');
  const from = await stand.cluster.auditPosition();
  const commit = await pushShop({ 'left/a.yaml': maps('l-0'), 'right/a.yaml': maps('r-0', 'moved') });
  const [left, right] = await Promise.all([stand.ready('shop/left', commit), stand.ready('shop/right', commit)]);
  expect(left.inventory).toEqual(['shop_l-0__ConfigMap']);
  expect(right.inventory.toSorted()).toEqual(['shop_moved__ConfigMap', 'shop_r-0__ConfigMap']);
  expect(await uidOf(stand, 'shop/moved')).toBe(uid);
  expect((await writesSince(stand, from)).filter(({ verb }) => verb === 'delete')).toEqual([]);
});

test('a renamed Kustomization hands over what it had', async () => {
  const names = numbered('b', 6);
  const uids = await Promise.all(names.map((name) => uidOf(stand, `shop/${name}`)));
  const from = await stand.cluster.auditPosition();
  parts.delete('before');
  parts.set('after', part('after', { path: './before' }));
  await pushPlatform();
  const { inventory } = await stand.ready('shop/after');
  expect(inventory).toHaveLength(6);
  await stand.gone('shop/before');
  expect(await Promise.all(names.map((name) => uidOf(stand, `shop/${name}`)))).toEqual(uids);
  const deletions = (await writesSince(stand, from)).filter(({ verb }) => verb === 'delete');
  expect(deletions.map(({ place }) => place)).toEqual(['shop/before']);
});

test('more deletions than the fleet allows stop before anything is written', async () => {
  const commit = await pushShop({ 'many/a.yaml': maps('m-0', 'm-1', 'fresh') });
  const { ready } = await guarded('shop/many', commit);
  expect(ready?.message).toContain('5 objects');
  expect(await dataOf(stand, 'shop/fresh')).toBeUndefined();
  // A newer commit is another question.
  const next = await pushShop({ 'many/a.yaml': maps('m-0', 'fresh') });
  const second = await guarded('shop/many', next);
  await obey(stand, ready?.message ?? '');
  await stand.until('shop/many', ({ object }) => totalOf(object) >= 2);
  expect(second.ready?.message).toContain('6 objects');
  expect(await dataOf(stand, 'shop/m-6')).toEqual({ name: 'm-6' });
  await obey(stand, second.ready?.message ?? '');
  const after = await stand.ready('shop/many', next);
  expect(after.inventory.toSorted()).toEqual(['shop_fresh__ConfigMap', 'shop_m-0__ConfigMap']);
  // Four are few enough to go without a word.
  const last = await pushShop({ 'many/a.yaml': maps(...numbered('n', 4)) });
  await stand.ready('shop/many', last);
  const few = await pushShop({ 'many/a.yaml': maps('o') });
  await stand.ready('shop/many', few);
  await untilData(stand, 'shop/n-3', (data) => data === undefined);
});

test('a deleted Kustomization with many objects waits for the same word', async () => {
  // Every part follows every commit, also those of the tests before.
  const commit = (await stand.ready('shop/off', newest)).attempted;
  parts.delete('off');
  await pushPlatform();
  const { ready, object } = await stand.until('shop/off', (now) => now.ready?.reason === 'DeletionGuard');
  expect(object.metadata).toHaveProperty('deletionTimestamp');
  expect(object.metadata).toHaveProperty('finalizers', ['finalizers.fluxcd.io']);
  expect(ready?.message).toContain(`acknowledge-deletions=${commit}`);
  expect(await dataOf(stand, 'shop/o-5')).toEqual({ name: 'o-5' });
  await obey(stand, ready?.message ?? '');
  await stand.gone('shop/off');
  for (const name of numbered('o', 6)) expect(await dataOf(stand, `shop/${name}`)).toBeUndefined();
});

test('deletionPolicy decides what goes with a Kustomization, and the Kustomization goes last', async () => {
  const { admin } = stand.cluster;
  // Held by somebody's finalizer: only WaitForTermination waits for it.
  const held = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'waitfortermination-0' };
  for (const name of ['waitfortermination', 'mirrorprune'])
    await admin.patch({ ...held, name: `${name}-0` }, { metadata: { finalizers: ['example.com/hold'] } });
  for (const one of policies) parts.delete(one.toLowerCase());
  await pushPlatform();
  for (const name of ['mirrorprune', 'delete', 'orphan']) await stand.gone(`shop/${name}`);
  expect(await liveOf(stand, configMaps, 'shop/mirrorprune-0')).toHaveProperty('metadata.deletionTimestamp');
  for (const name of ['mirrorprune-1', 'delete-0', 'delete-1'])
    expect([name, await dataOf(stand, `shop/${name}`)]).toEqual([name, undefined]);
  // That one goes at the same time, and does not end yet.
  await untilData(stand, 'shop/waitfortermination-1', (data) => data === undefined);
  for (const name of ['orphan-0', 'orphan-1']) expect(await dataOf(stand, `shop/${name}`)).toEqual({ name });
  expect(await stand.kustomization('shop/waitfortermination')).toHaveProperty('metadata.finalizers');
  await admin.patch(held, { metadata: { finalizers: null } });
  await stand.gone('shop/waitfortermination');
});

test('a suspended Kustomization leaves its objects behind, and so does one whose account is gone, and says so', async () => {
  parts.set('paused', part('paused', { suspend: true }));
  await pushPlatform();
  await stand.until('shop/paused', ({ object }) => (object['spec'] as { suspend?: boolean }).suspend === true);
  const gone = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'shop', name: 'temporary' };
  await stand.cluster.admin.delete(gone);
  for (const name of ['paused', 'lonely']) parts.delete(name);
  temporary.splice(0);
  const from = await stand.cluster.auditPosition();
  await pushPlatform();
  for (const name of ['paused', 'lonely']) await stand.gone(`shop/${name}`);
  for (const name of ['paused-0', 'paused-1', 'lonely-0', 'lonely-1'])
    expect(await dataOf(stand, `shop/${name}`)).toEqual({ name });
  const events = await stand.cluster.admin.list('v1', 'Event', { namespace: 'shop' });
  const told = events.filter((event) => (event['involvedObject'] as { name?: string }).name === 'lonely');
  expect(told.map((event) => event['message'])).toContainEqual(
    expect.stringMatching(/ServiceAccount shop\/temporary is gone.*2 objects stay.*ConfigMap\/shop\/lonely-0/),
  );
  // Nobody else's rights were used in its place; its own, where it was put back for a moment, were gone.
  const touched = (await writesSince(stand, from)).filter(({ place }) => place.startsWith('shop/lonely-'));
  const account = 'system:serviceaccount:shop:temporary';
  expect(touched.filter(({ as, code }) => as !== account || code !== 403)).toEqual([]);
});

test('what was taken out of Git while nothing was pruned is not deleted later either', async () => {
  parts.set('toggled', part('toggled', { prune: false }));
  await pushPlatform();
  await stand.until('shop/toggled', ({ object }) => (object['spec'] as { prune?: boolean }).prune === false);
  await stand.ready('shop/toggled', await pushShop({ 'toggled/a.yaml': maps('t-1', 't-2') }));
  parts.set('toggled', part('toggled', { prune: true }));
  await pushPlatform();
  await stand.until('shop/toggled', ({ object }) => (object['spec'] as { prune?: boolean }).prune === true);
  // A switch on the live object keeps one, and Git's word takes the other.
  const kept = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 't-1' };
  const switches = { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' };
  await stand.cluster.admin.patch(kept, { metadata: { annotations: switches } });
  const commit = await pushShop({ 'toggled/a.yaml': maps('t-3') });
  const { inventory } = await stand.ready('shop/toggled', commit);
  expect(inventory).toEqual(['shop_t-3__ConfigMap']);
  expect(await dataOf(stand, 'shop/t-0')).toEqual({ name: 't-0' });
  expect(await dataOf(stand, 'shop/t-1')).toEqual({ name: 't-1' });
  expect(await dataOf(stand, 'shop/t-2')).toBeUndefined();
});
