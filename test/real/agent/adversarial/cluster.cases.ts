// What API servers, other controllers and people do to an apply or a deletion under way: the group O, and what A leaves to it.
import { expect, test } from 'vitest';
import { configMaps, dataOf, edit, liveOf, obey, request, uidOf, untilData, writesSince } from '../acts.ts';
import { tenant, yaml } from '../stand.ts';
import { type Arena, grantOf, map } from './arena.ts';
import { widgetDefinition } from '../../widgets.ts';

const deployer = 'system:serviceaccount:shop:deployer';
const definitions = 'apiextensions.k8s.io/v1';
const names = (prefix: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${String(index).padStart(4, '0')}`.padEnd(240, 'x'));

const widget = (group: string): object => ({
  apiVersion: `${group}/v1`,
  kind: 'Widget',
  metadata: { namespace: 'shop', name: 'one' },
});

export function clusterCases(at: () => Arena): void {
  test('006: a kind whose API server is down is never guessed, and is applied once it answers', async () => {
    const { stand } = at();
    const { admin } = stand.cluster;
    const group = 'down.example';
    const service = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: `v1.${group}` },
      spec: {
        group,
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { name: 'none', namespace: 'default' },
      },
    };
    await admin.apply(service as never);
    await at().grant('down', [{ apiGroups: [group], resources: ['*'], verbs: ['*'] }]);
    const from = await stand.cluster.auditPosition();
    await at().begin('down', [map('beside-down'), widget(group)]);
    const { ready, inventory } = await stand.until('shop/down', (now) => now.ready?.status === 'False');
    expect(ready?.message).toContain('tenant/kind-unknown: Widget/shop/one');
    expect(inventory).toEqual([]);
    const written = (await writesSince(stand, from)).filter(({ as }) => as === deployer);
    expect(written.filter(({ place }) => place === 'shop/beside-down' || place === 'shop/one')).toEqual([]);
    // Without a commit, and without anybody who asks.
    await admin.delete({ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', name: `v1.${group}` });
    await admin.apply(widgetDefinition(group));
    await stand.ready('shop/down');
    expect(await liveOf(stand, [`${group}/v1`, 'Widget'], 'shop/one')).toBeDefined();
  });

  test('031: two parts of one tenant declare an object: the second is told whose it is, and neither undoes the other', async () => {
    const { stand } = at();
    await at().add('first', [map('both', { of: 'first' })]);
    await at().begin('second', [map('own-of-second'), map('both', { of: 'second' })]);
    const { ready, inventory } = await stand.until('shop/second', (now) => now.ready?.status === 'False');
    expect(ready?.message).toContain('ConfigMap/shop/both');
    expect(ready?.message).toContain('Kustomization shop/first');
    expect(inventory).toEqual([]);
    const from = await stand.cluster.auditPosition();
    for (const key of ['shop/first', 'shop/second']) {
      const asked = new Date().toISOString();
      await request(stand, key, asked);
      await stand.until(key, ({ object }) => handled(object) === asked);
    }
    expect(await dataOf(stand, 'shop/both')).toEqual({ of: 'first' });
    expect((await writesSince(stand, from)).filter(({ place, dry }) => place === 'shop/both' && !dry)).toEqual([]);
    // The first one goes on as if nobody else had asked for it.
    await stand.ready('shop/first', await at().commit('first', map('both', { of: 'first', more: 'yes' })));
    expect(await dataOf(stand, 'shop/both')).toEqual({ of: 'first', more: 'yes' });
  });

  test('049: what runs in the namespace as the tenant’s account writes no inventory, and no document that says what to do', async () => {
    const { stand } = at();
    const before = await stand.ready('shop/shop');
    const root = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces';
    const forged = { status: { inventory: { entries: [{ id: 'kube-system_coredns_apps_Deployment', v: 'v1' }] } } };
    const tries = [
      [`${root}/shop/kustomizations/shop/status`, forged],
      [`${root}/shop/kustomizations/shop`, { metadata: { finalizers: null }, spec: { serviceAccountName: null } }],
      [`${root}/flux-system/kustomizations/flux-system/status`, forged],
      ['/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/gitrepositories/shop', { spec: { url: 'http://evil' } }],
    ] as const;
    for (const [path, body] of tries) {
      const options = { as: deployer, contentType: 'application/merge-patch+json' };
      const { status } = await stand.cluster.admin.request('PATCH', path, body, options);
      expect([path, status]).toEqual([path, 403]);
    }
    expect((await stand.ready('shop/shop')).inventory).toEqual(before.inventory);
  });

  test('154: a revert that comes while the original is being applied is what stands in the end', async () => {
    const { stand, faults } = at();
    await at().add('reverted', [map('reverted', { at: 'good' })]);
    const held = faults.hold(({ verb, name, dryRun }) => verb === 'apply' && name === 'reverted' && !dryRun);
    await at().commit('reverted', map('reverted', { at: 'bad' }), map('only-bad'));
    await held.reached;
    const revert = await at().commit('reverted', map('reverted', { at: 'good' }));
    held.release();
    const { inventory } = await stand.ready('shop/reverted', revert);
    expect(inventory).toEqual(['shop_reverted__ConfigMap']);
    expect(await dataOf(stand, 'shop/reverted')).toEqual({ at: 'good' });
    expect(await dataOf(stand, 'shop/only-bad')).toBeUndefined();
  });

  test('222: an inventory that a status cannot hold is refused before anything is written', async () => {
    const { stand } = at();
    await at().add('huge', [map('huge')], { prune: false });
    // Longer than a label of DNS, as names may be.
    const long = 'huge-'.padEnd(200, 'y');
    // As many objects as no build within its limits gives at once; over time they may become as many.
    const entries = names('huge', 3_950).map((name) => ({ id: `shop_${name}__ConfigMap`, v: 'v1' }));
    const ref = {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      namespace: 'shop',
      name: 'huge',
    };
    await stand.cluster.admin.patch(ref, { status: { inventory: { entries } } }, { subresource: 'status' });
    const from = await stand.cluster.auditPosition();
    await at().commit('huge', map('huge', { more: 'yes' }), map(long));
    const { ready, inventory } = await stand.until('shop/huge', (now) => now.ready?.reason === 'Unsupported');
    expect(ready?.message).toMatch(/the inventory of 3952 objects takes 1\.1 MiB.*split the Kustomization/);
    expect(inventory).toHaveLength(3_950);
    const own = (await writesSince(stand, from)).filter(({ place }) => place.startsWith('shop/huge'));
    expect(own.filter(({ resource }) => resource === 'configmaps')).toEqual([]);
    expect(await dataOf(stand, `shop/${long}`)).toBeUndefined();
    await stand.cluster.admin.patch(ref, { status: { inventory: null } }, { subresource: 'status' });
    await request(stand, 'shop/huge');
    await untilData(stand, `shop/${long}`, (data) => data !== undefined);
  });

  test('286: an account that lost its right to delete is named, nobody else’s is used, and in the end what stays is told', async () => {
    const { stand } = at();
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'shop', name: 'poor' } };
    await at().platform({
      'clusters/eu/poor-account.yaml': yaml(account),
      'clusters/eu/grant-poor.yaml': yaml(
        ...grantOf('poor', [{ apiGroups: [''], resources: ['*'], verbs: ['*'] }], 'poor'),
      ),
    });
    await at().add('poor', [map('poor-0'), map('poor-1')], { serviceAccountName: 'poor', timeout: '30s' });
    await at().platform({ 'clusters/eu/grant-poor.yaml': null });
    const path = '/api/v1/namespaces/shop/configmaps/poor-0';
    const as = 'system:serviceaccount:shop:poor';
    await expect.poll(async () => (await stand.cluster.admin.request('GET', path, undefined, { as })).status).toBe(403);
    const from = await stand.cluster.auditPosition();
    await at().platform({ 'clusters/eu/poor.yaml': null });
    const { ready } = await stand.until('shop/poor', (now) => now.ready?.reason === 'PruneFailed');
    expect(ready?.message).toContain(`${as} may not`);
    // Asked again before its timeout is over, it says the same; afterwards it is let go.
    const asked = new Date().toISOString();
    await request(stand, 'shop/poor', asked);
    await stand.until('shop/poor', ({ object }) => handled(object) === asked);
    const elapsed = performance.now.bind(performance);
    performance.now = () => elapsed() + 60_000;
    await request(stand, 'shop/poor');
    await stand.gone('shop/poor');
    for (const name of ['poor-0', 'poor-1']) expect(await liveOf(stand, configMaps, `shop/${name}`)).toBeDefined();
    const events = await stand.cluster.admin.list('v1', 'Event', { namespace: 'shop' });
    const told = events.filter((event) => (event['involvedObject'] as { name?: string }).name === 'poor');
    expect(told.map((event) => event['message'])).toContainEqual(
      expect.stringMatching(/^2 objects stay: ConfigMap\/shop\/poor-\d, ConfigMap\/shop\/poor-\d; .*may not/),
    );
    const touched = (await writesSince(stand, from)).filter(({ place }) => /^shop\/poor-\d$/.test(place));
    expect(touched.filter(({ as: who, code }) => who !== as || code !== 403)).toEqual([]);
  });

  test('291: a definition that the platform takes away takes its objects out of the inventory, and nothing loops', async () => {
    const { stand } = at();
    const group = 'going.example';
    await at().platform({ 'clusters/eu/going-crd.yaml': yaml(widgetDefinition(group)) });
    await at().grant('going', [{ apiGroups: [group], resources: ['*'], verbs: ['*'] }]);
    const { inventory: before } = await at().add('going', [map('going'), widget(group)]);
    expect(before.toSorted()).toEqual(['shop_going__ConfigMap', `shop_one_${group}_Widget`]);
    await at().platform({ 'clusters/eu/going-crd.yaml': null });
    await stand.cluster.admin.until(
      { apiVersion: definitions, kind: 'CustomResourceDefinition', name: `widgets.${group}` },
      (one) => one === undefined,
    );
    const position = await stand.cluster.auditPosition();
    const commit = await at().commit('going', map('going'));
    const { inventory } = await stand.ready('shop/going', commit);
    expect(inventory).toEqual(['shop_going__ConfigMap']);
    const deletions = (await writesSince(stand, position)).filter(
      ({ verb, as }) => verb === 'delete' && as === deployer,
    );
    expect(deletions).toEqual([]);
    // It settles: asked again there is nothing to do.
    const asked = new Date().toISOString();
    await request(stand, 'shop/going', asked);
    const { ready } = await stand.until('shop/going', ({ object }) => handled(object) === asked);
    expect(ready?.status).toBe('True');
  });

  test('299: a tenant that leaves goes only once somebody has confirmed it, and so does one whose namespace is renamed', async () => {
    const { stand } = at();
    const named = async (name: string): Promise<void> => {
      await stand.cluster.admin.apply([
        { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
        stand.credentials(name),
      ]);
      await at().platform({ 'clusters/eu/mover.yaml': yaml(...tenant(name, stand.url('mover'))) });
    };
    await stand.repository('mover');
    await stand.push('mover', {
      'deploy/a.yaml': JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } }),
    });
    await stand.push('mover', { 'deploy/kustomization.yaml': 'resources: [a.yaml]\n' });
    const moved = (name: string): object[] =>
      tenant(name, stand.url('mover'), { path: './deploy', targetNamespace: name });
    const platform = (name: string): Promise<string> =>
      at().platform({ 'clusters/eu/mover.yaml': name === '' ? null : yaml(...moved(name)) });
    await named('old-name');
    await platform('old-name');
    await stand.ready('old-name/old-name');
    const uid = await uidOf(stand, 'old-name/kept');
    // Renamed: what is new could come, and what is old would go, so nothing happens before somebody says so.
    await stand.cluster.admin.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'new-name' } },
      stand.credentials('new-name'),
    ]);
    await platform('new-name');
    const guarded = await stand.until('flux-system/flux-system', (now) => now.ready?.reason === 'DeletionGuard');
    expect(guarded.ready?.message).toContain('Namespace/old-name');
    expect(guarded.ready?.message).toContain('hold data or other objects');
    expect(await uidOf(stand, 'old-name/kept')).toBe(uid);
    expect(await stand.kustomization('new-name/new-name')).toBeUndefined();
    await obey(stand, guarded.ready?.message ?? '');
    await stand.ready('new-name/new-name');
    expect(await dataOf(stand, 'new-name/kept')).toEqual({});
    await stand.cluster.admin.until(
      { apiVersion: 'v1', kind: 'Namespace', name: 'old-name' },
      (one) => one?.metadata['deletionTimestamp'] !== undefined,
    );
    await stand.gone('old-name/old-name');
    // It leaves.
    await platform('');
    const leaving = await stand.until(
      'flux-system/flux-system',
      (now) => now.ready?.reason === 'DeletionGuard' && now.ready.message.includes('Namespace/new-name'),
    );
    expect(await dataOf(stand, 'new-name/kept')).toEqual({});
    await obey(stand, leaving.ready?.message ?? '');
    await stand.gone('new-name/new-name');
    await stand.ready('flux-system/flux-system');
  });

  test('302: a quota that lets every dry run pass and one write fail leaves a partial apply that is known, and is mended', async () => {
    const { stand } = at();
    const { admin } = stand.cluster;
    await at().add('quota', [map('quota-0')]);
    const used = (await admin.list('v1', 'ConfigMap', { namespace: 'shop' })).length;
    const quota = { apiVersion: 'v1', kind: 'ResourceQuota', namespace: 'shop', name: 'quota' };
    const hard = (count: number): object => ({ 'count/configmaps': String(count) });
    await admin.apply({
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { namespace: 'shop', name: 'quota' },
      spec: { hard: hard(used + 1) },
    } as never);
    // As the controller of quotas does.
    await admin.patch(quota, { status: { hard: hard(used + 1), used: hard(used) } }, { subresource: 'status' });
    const commit = await at().commit('quota', map('quota-0'), map('quota-1'), map('quota-2'));
    const { ready, inventory, applied } = await stand.until('shop/quota', (now) => now.ready?.status === 'False');
    expect(ready?.message).toMatch(/1 of 2 objects could not be written; 1 were/);
    expect(ready?.message).toContain('exceeded quota');
    expect(applied).not.toContain(commit);
    const ids = [0, 1, 2].map((one) => `shop_quota-${one}__ConfigMap`);
    expect(inventory.toSorted()).toEqual(ids);
    const there = await Promise.all([1, 2].map((one) => dataOf(stand, `shop/quota-${one}`)));
    expect(there.filter((one) => one !== undefined)).toHaveLength(1);
    // Taken back, what came of it goes: nothing was forgotten.
    await stand.ready('shop/quota', await at().commit('quota', map('quota-0')));
    for (const one of [1, 2]) expect(await dataOf(stand, `shop/quota-${one}`)).toBeUndefined();
    await admin.delete(quota);
    await stand.ready('shop/quota', await at().commit('quota', map('quota-0'), map('quota-1'), map('quota-2')));
  });

  test('326: the machine’s clock is set on and back: deploys go on, and a wait for a finalizer is not cut short', async () => {
    const { stand } = at();
    const real = Date.now;
    await at().add('clock', [map('clock', { at: '1' })], { deletionPolicy: 'WaitForTermination', timeout: '1m' });
    const held = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'clock' };
    try {
      for (const [index, byMs] of [3_600_000, -3_600_000].entries()) {
        Date.now = () => real() + byMs;
        await stand.ready('shop/clock', await at().commit('clock', map('clock', { at: `set ${index}` })));
      }
      await stand.cluster.admin.patch(held, { metadata: { finalizers: ['example.com/hold'] } });
      await at().platform({ 'clusters/eu/clock.yaml': null });
      await stand.cluster.admin.until(held, (one) => one?.metadata['deletionTimestamp'] !== undefined);
      Date.now = () => real() + 3_600_000;
      const looks = stand.lines.length;
      await expect.poll(() => stand.lines.slice(looks).join('')).toContain('waiting for 1 objects to end');
      expect(await stand.kustomization('shop/clock')).toBeDefined();
    } finally {
      Date.now = real;
    }
    await stand.cluster.admin.patch(held, { metadata: { finalizers: null } });
    await stand.gone('shop/clock');
  });

  test('029: a switch that a tenant plants on an object of another part counts for nothing there', async () => {
    const { stand } = at();
    await at().add('switched', [map('switched', { at: '1' })]);
    // Honoured on the tenant's own, as in Flux: by who may edit the object, and for that object alone.
    await stand.cluster.admin.patch(
      { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'switched' },
      { metadata: { annotations: { 'kustomize.toolkit.fluxcd.io/reconcile': 'disabled' } } },
    );
    await at().commit('switched', map('switched', { at: '2' }), map('switched-more'));
    await untilData(stand, 'shop/switched-more', (data) => data !== undefined);
    expect(await dataOf(stand, 'shop/switched')).toEqual({ at: '1' });
    await edit(stand, 'shop/switched', { metadata: { annotations: { nothing: 'of it' } } });
  });
}

function handled(object: { readonly [key: string]: unknown }): string | undefined {
  return (object['status'] as { lastHandledReconcileAt?: string } | undefined)?.lastHandledReconcileAt;
}
