// Which revision is applied, and when: chains without polling, rollbacks, commits in quick succession, waits that end.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '../../../lab/cluster/object.ts';
import { dataOf, hear, request, untilData, welcome, writesSince } from './acts.ts';
import { configMap, gitRepository, kustomization, type Running, Stand, tenant, yaml } from './stand.ts';

const links = Array.from({ length: 10 }, (_, index) => `link-${index}`);
const pollMs = 30_000;

let stand: Stand;
let running: Running;

const link = (name: string, index: number): object =>
  kustomization('chain', name, {
    path: `./${name}`,
    sourceRef: { kind: 'GitRepository', name: 'chain' },
    serviceAccountName: 'deployer',
    wait: true,
    interval: '1h',
    ...(index > 0 && { dependsOn: [{ name: links[index - 1] }] }),
  });
const chainFiles = (version: string): Record<string, string> =>
  Object.fromEntries(links.map((name) => [`${name}/a.yaml`, yaml(configMap('chain', name, { version }))]));
const late = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'shop', name: 'late' },
  spec: {
    selector: { matchLabels: { app: 'late' } },
    template: {
      metadata: { labels: { app: 'late' } },
      spec: { containers: [{ name: 'web', image: 'ghcr.io/acme/web:1.0.0' }] },
    },
  },
};

const wait = kustomization('shop', 'wait', {
  path: './wait',
  sourceRef: { kind: 'GitRepository', name: 'shop' },
  serviceAccountName: 'deployer',
  wait: true,
});

async function push(files: Readonly<Record<string, string | null>>): Promise<string> {
  const commit = await stand.push('shop', files);
  await hear(running, stand, 'shop');
  return commit;
}

const colour = (value: string): Record<string, string> => ({
  'deploy/a.yaml': yaml(configMap('shop', 'web', { colour: value })),
});

beforeAll(async () => {
  stand = await Stand.start();
  for (const name of ['platform', 'shop', 'chain']) await stand.repository(name);
  await stand.push('shop', { ...colour('blue'), 'wait/a.yaml': yaml(configMap('shop', 'waited', { at: '0' })) });
  await stand.push('chain', { 'deploy/a.yaml': yaml(configMap('chain', 'base', {})), ...chainFiles('1') });
  await welcome(stand, 'shop', 'chain');
  await stand.push('platform', {
    'clusters/eu/chain.yaml': yaml(...tenant('chain', stand.url('chain'))),
    'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop')), wait),
  });
  await stand.bootstrap();
  running = await stand.agent();
  await stand.ready('chain/chain');
  for (const name of ['shop', 'wait']) await stand.ready(`shop/${name}`);
}, 900_000);

afterAll(async () => {
  await running?.stop();
  await stand?.close();
});

test('a chain of ten is ready without a poll, in its order, when it is new and at each commit', async () => {
  for (const version of ['1', '2']) {
    const from = await stand.cluster.auditPosition();
    const startedMs = performance.now();
    const lines = stand.lines.length;
    const commit =
      version === '1'
        ? await stand.push('platform', { 'clusters/eu/links.yaml': yaml(...links.map(link)) })
        : await stand.push('chain', chainFiles(version));
    await hear(running, stand, version === '1' ? 'platform' : 'chain');
    await stand.ready('chain/link-9', version === '1' ? undefined : commit, 60_000);
    const tookMs = Math.round(performance.now() - startedMs);
    process.stdout.write(`    ten links, ${version === '1' ? 'new' : 'next commit'}: ${tookMs} ms\n`);
    // A single poll of a dependency would have taken longer than all of it.
    expect(tookMs).toBeLessThan(pollMs);
    const applied = (await writesSince(stand, from)).filter(
      ({ place, dry }) => place.startsWith('chain/link-') && !dry,
    );
    const order = applied.filter(({ resource }) => resource === 'configmaps').map(({ place }) => place.slice(6));
    expect(order).toEqual(links);
    expect(stand.lines.slice(lines).filter((line) => line.includes('retry after DependencyNotReady'))).toEqual([]);
    expect(await dataOf(stand, 'chain/link-9')).toEqual({ version });
  }
});

test('a force push is followed, and so is a way back to an older commit', async () => {
  const first = await push(colour('green'));
  await stand.ready('shop/shop', first);
  const second = await push(colour('red'));
  await stand.ready('shop/shop', second);
  const change = { branch: 'main', from: first, force: true, files: colour('white'), message: 'Rewrite' };
  const third = await stand.github.pushFiles('acme/shop', 'ada', change);
  await hear(running, stand, 'shop');
  await stand.ready('shop/shop', third);
  expect(await dataOf(stand, 'shop/web')).toEqual({ colour: 'white' });
  const { path } = stand.github.repository('acme/shop');
  await stand.github.push('acme/shop', 'ada', path, `+${first}:refs/heads/main`);
  await hear(running, stand, 'shop');
  const { attempted } = await stand.ready('shop/shop', first);
  expect(attempted).toBe(`main@sha1:${first}`);
  expect(await dataOf(stand, 'shop/web')).toEqual({ colour: 'green' });
});

test('a tag is followed as soon as it is pushed, by who follows it, a range that it is in, or its full name', async () => {
  const following = { fixed: { tag: 'v1' }, range: { semver: '1.x' }, full: { name: 'refs/tags/v1' } };
  const sources = Object.entries(following).flatMap(([name, ref]) => [
    gitRepository('shop', name, stand.url('shop'), { ref, interval: '1h' }),
    kustomization('shop', name, {
      path: `./tagged/${name}`,
      sourceRef: { kind: 'GitRepository', name },
      serviceAccountName: 'deployer',
      interval: '1h',
    }),
  ]);
  const tag = async (version: string, ...tags: readonly string[]): Promise<string> => {
    const files = Object.keys(following).map((name) => [
      `tagged/${name}/a.yaml`,
      yaml(configMap('shop', `tagged-${name}`, { version })),
    ]);
    const commit = await stand.push('shop', Object.fromEntries(files) as Record<string, string>);
    const { path } = stand.github.repository('acme/shop');
    for (const one of tags) {
      await stand.github.push('acme/shop', 'ada', path, `+${commit}:refs/tags/${one}`);
      await hear(running, stand, 'shop', undefined, `refs/tags/${one}`);
    }
    return commit;
  };
  const first = await tag('1', 'v1', 'v1.0.0');
  await stand.push('platform', {
    'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop')), wait, ...sources),
  });
  await hear(running, stand, 'platform');
  for (const name of Object.keys(following)) await stand.ready(`shop/${name}`, first);
  const second = await tag('2', 'v1', 'v1.1.0');
  const applied = await Promise.all(Object.keys(following).map((name) => stand.ready(`shop/${name}`, second)));
  expect(applied.map((status) => status.applied)).toEqual(
    ['v1', 'v1.1.0', 'refs/tags/v1'].map((ref) => `${ref}@sha1:${second}`),
  );
  expect(await dataOf(stand, 'shop/tagged-range')).toEqual({ version: '2' });
});

test('of commits in quick succession the newest stands in the end', async () => {
  let last = '';
  for (const value of ['1', '2', '3', '4', '5']) last = await push(colour(value));
  await stand.ready('shop/shop', last);
  expect(await dataOf(stand, 'shop/web')).toEqual({ colour: '5' });
  await stand.ready('shop/wait', last);
});

/** Until everything is applied, and its health is waited for. */
async function waitingAt(commit: string): Promise<void> {
  await stand.until('shop/wait', ({ attempted, conditions }) => {
    const message = conditions.find(({ type }) => type === 'Reconciling')?.message ?? '';
    return attempted.endsWith(commit) && message.startsWith('Running health checks');
  });
}

test('a new revision ends a wait for health', async () => {
  const broken = await push({ 'wait/a.yaml': yaml(configMap('shop', 'waited', { at: '1' }), late) });
  await waitingAt(broken);
  // Others do not wait with it.
  await stand.ready('shop/shop', broken);
  const startedMs = performance.now();
  const commit = await push({ 'wait/a.yaml': yaml(configMap('shop', 'waited', { at: '2' })) });
  const { inventory } = await stand.ready('shop/wait', commit);
  expect(performance.now() - startedMs).toBeLessThan(pollMs);
  expect(inventory).toEqual(['shop_waited__ConfigMap']);
  const { applied } = await stand.ready('shop/wait');
  expect(applied).not.toContain(broken);
});

test('a health failure names the object and why, and the next commit is not kept waiting', async () => {
  const broken = await push({ 'wait/a.yaml': yaml(late) });
  await waitingAt(broken);
  const conditions = [
    { type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'it took too long' },
  ];
  const ref = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'late' };
  await stand.cluster.admin.patch(ref, { status: { observedGeneration: 1, conditions } }, { subresource: 'status' });
  const failed = await stand.until('shop/wait', ({ ready }) => ready?.reason === 'HealthCheckFailed');
  expect(failed.ready?.message).toContain('Deployment/shop/late');
  expect(failed.conditions.find(({ type }) => type === 'Healthy')).toMatchObject({ status: 'False' });
  expect(failed.applied).not.toContain(broken);
  expect(failed.inventory).toEqual(['shop_late_apps_Deployment']);
  const commit = await push({ 'wait/a.yaml': yaml(configMap('shop', 'waited', { at: '3' })) });
  await stand.ready('shop/wait', commit);
  await untilData(stand, 'shop/waited', (data) => data?.['at'] === '3');
});

test('what somebody asks for is answered, and the answer is where Flux puts it', async () => {
  await request(stand, 'shop/shop', '2026-01-01T00:00:00Z');
  const handled = ({ object }: { readonly object: KubeObject }): unknown =>
    (object['status'] as { lastHandledReconcileAt?: string }).lastHandledReconcileAt;
  await stand.until('shop/shop', (now) => handled(now) === '2026-01-01T00:00:00Z');
  // Also where the answer is a failure.
  await push({ 'deploy/a.yaml': null });
  await stand.until('shop/shop', ({ ready }) => ready?.reason === 'ArtifactFailed');
  await request(stand, 'shop/shop', 'again');
  const { ready } = await stand.until('shop/shop', (now) => handled(now) === 'again');
  expect(ready?.reason).toBe('ArtifactFailed');
});
