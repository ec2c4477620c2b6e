// What the loss of the store, or somebody with access to it, comes to in a cluster: the group N, and floods.
import { Queue } from 'bullmq';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openQueues } from '../../../../src/adapters/queue/open.ts';
import type { Job } from '../../../../src/ports/queue.ts';
import { configMaps, dataOf, hear, liveOf, request, untilData, writesSince } from '../acts.ts';
import { clusterName } from '../stand.ts';
import { type Arena, lostAfterMs, map, partOf } from './arena.ts';

const reconcile = (namespace: string, name: string, cluster = clusterName): Job => ({
  kind: 'reconcile',
  version: 1,
  cluster,
  namespace,
  name,
  cause: 'test',
});

/** Writes of a ConfigMap of the tenant since a position of the log, those without effect left out. */
async function effects({ stand }: Arena, from: number, name: string): Promise<readonly string[]> {
  const writes = await writesSince(stand, from);
  const own = writes.filter(({ resource, place }) => resource === 'configmaps' && place === `shop/${name}`);
  return own.filter(({ dry, code }) => !dry && code < 300).map(({ verb }) => verb);
}

export function storeCases(at: () => Arena): void {
  test('269: the store is emptied while idle, and the next push is applied', async () => {
    const { stand, redis } = at();
    await at().add('idle', [map('idle', { at: '1' })]);
    await redis.command('FLUSHALL');
    await stand.ready('shop/idle', await at().commit('idle', map('idle', { at: '2' })));
    expect(await dataOf(stand, 'shop/idle')).toEqual({ at: '2' });
  });

  test('269: the store is emptied in the middle of an apply, and nothing is written twice', async () => {
    const { stand, redis, faults } = at();
    await at().add('amid', [map('amid', { at: '1' })]);
    const from = await stand.cluster.auditPosition();
    const held = faults.hold(({ verb, name, dryRun }) => verb === 'apply' && name === 'amid' && !dryRun);
    const commit = await at().commit('amid', map('amid', { at: '2' }), map('amid-more'));
    await held.reached;
    await redis.command('FLUSHALL');
    held.release();
    const { inventory } = await stand.ready('shop/amid', commit);
    expect(inventory.toSorted()).toEqual(['shop_amid-more__ConfigMap', 'shop_amid__ConfigMap']);
    const written = await effects(at(), from, 'amid');
    // Whatever was done again has found it as it should be.
    expect(written).toEqual(['patch']);
  });

  test('269: the store is emptied while a new Kustomization waits, which nobody would tell of again', async () => {
    const { stand, redis, faults } = at();
    await at().add('slow', [map('slow', { at: '1' })]);
    await at().stopAgent();
    await at().startAgent(1);
    await stand.ready('shop/slow');
    const queue = await at().running.queues.open(`reconcile-${clusterName}`);
    await expect.poll(() => queue.counts()).toEqual({ waiting: 0, active: 0 });
    await at().stand.push('shop', { 'late/a.yaml': JSON.stringify(map('late')) });
    const held = faults.hold(({ verb, name, dryRun }) => verb === 'apply' && name === 'slow' && !dryRun);
    await at().commit('slow', map('slow', { at: '2' }));
    await held.reached;
    await stand.cluster.admin.apply(partOf('late') as never);
    await expect.poll(async () => (await queue.counts()).waiting).toBeGreaterThan(0);
    await redis.command('FLUSHALL');
    held.release();
    await stand.ready('shop/late', undefined, lostAfterMs + 60_000);
    await at().stopAgent();
    await at().startAgent();
  });

  test('271: the store dies in the middle of an apply and comes back without anything, and what it forgot comes again', async () => {
    const { stand, redis, faults } = at();
    await at().add('dies', [map('dies', { at: '1' })]);
    const from = await stand.cluster.auditPosition();
    const held = faults.hold(({ verb, name, dryRun }) => verb === 'apply' && name === 'dies' && !dryRun);
    const commit = await at().commit('dies', map('dies', { at: '2' }));
    await held.reached;
    await redis.kill();
    held.release();
    await redis.start();
    await stand.ready('shop/dies', commit);
    expect(await dataOf(stand, 'shop/dies')).toEqual({ at: '2' });
    expect(await effects(at(), from, 'dies')).toEqual(['patch']);
    // A job that was done, and is there again.
    const again = await stand.cluster.auditPosition();
    const queue = await at().running.queues.open(`reconcile-${clusterName}`);
    // Its producer may still be finding the store again.
    await expect
      .poll(() =>
        queue.add(reconcile('shop', 'dies')).then(
          () => 'added',
          () => 'away',
        ),
      )
      .toBe('added');
    for (let copy = 0; copy < 20; copy += 1) await queue.add(reconcile('shop', 'dies'));
    await hear(at().running, stand, 'shop');
    await expect.poll(() => queue.counts()).toEqual({ waiting: 0, active: 0 });
    expect(await effects(at(), again, 'dies')).toEqual([]);
  });

  test('272: the store is full, which is said, and what could not be queued is queued once it can', async () => {
    const { stand, redis } = at();
    await at().add('full', [map('full', { at: '1' })]);
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    const said = stand.lines.length;
    await expect(hear(at().running, stand, 'shop')).rejects.toMatchObject({
      code: 'queue.unavailable',
      kind: 'transient',
    });
    const at1 = new Date().toISOString();
    await request(stand, 'shop/full', at1);
    await expect.poll(() => stand.lines.slice(said).join('')).toContain('"not queued"');
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    const { object } = await stand.until('shop/full', ({ object: now }) => handled(now) === at1);
    expect(handled(object)).toBe(at1);
  });

  test('274: jobs that somebody put into the store by hand do nothing but what is due anyway', async () => {
    const { stand, redis } = at();
    await at().add('trusted', [map('trusted', { at: '1' })]);
    const asked: string[] = [];
    const canary = createServer((incoming, response) => {
      asked.push(incoming.url ?? '');
      response.end();
    });
    await new Promise<void>((resolve) => canary.listen(0, '127.0.0.1', resolve));
    const evil = `http://127.0.0.1:${(canary.address() as AddressInfo).port}/acme/evil`;
    // Of nobody: another cluster's, one that is not there, and a name that would be a path.
    const { port } = new URL(redis.address);
    const raw = new Queue(`reconcile-${clusterName}`, {
      prefix: 'sluice',
      connection: { host: '127.0.0.1', port: Number(port) },
    });
    const from = await stand.cluster.auditPosition();
    const good = reconcile('shop', 'trusted');
    const jobs: readonly object[] = [
      reconcile('kube-system', 'coredns'),
      reconcile('shop', 'trusted', 'us'),
      { ...good, namespace: '../kube-system' },
      { ...good, revision: `main@sha1:${'0'.repeat(40)}` },
      { ...good, spec: { path: './evil', serviceAccountName: 'sluice-platform' } },
      { kind: 'pushed', version: 1, cluster: clusterName, url: evil, ref: 'refs/heads/main', cause: 'test' },
      { kind: 'review', version: 1, installation: 1, repository: 1, fullName: 'a/b', pull: 1, cause: 'test' },
    ];
    for (const [priority, data] of jobs.entries()) await raw.add('job', data, { priority: priority + 1 });
    await expect.poll(() => raw.getJobCountByTypes('prioritized', 'wait', 'active', 'delayed')).toBe(0);
    await raw.close();
    expect((await writesSince(stand, from)).filter(({ resource, dry }) => resource === 'configmaps' && !dry)).toEqual(
      [],
    );
    expect(asked).toEqual([]);
    canary.close();
    // And the agent does what it is for.
    await stand.ready('shop/trusted', await at().commit('trusted', map('trusted', { at: '2' })));
  });

  test('219: a hundred thousand jobs of one tenant are as many as it has Kustomizations, and nobody waits for them', async () => {
    const { stand, redis } = at();
    await at().add('flooded', [map('flooded', { at: '1' })]);
    // Of somebody who floods: a thousand at once may take their time.
    const queues = await openQueues(redis.address, { addMs: 60_000 });
    onTestFinished(() => queues.close(1_000));
    const queue = await queues.open(`reconcile-${clusterName}`);
    const used = async (): Promise<number> =>
      Number(/used_memory_dataset:(\d+)/.exec(String(await redis.command('INFO', 'memory')))?.[1]);
    const before = await used();
    let most = 0;
    for (let round = 0; round < 100; round += 1) {
      await Promise.all(Array.from({ length: 1_000 }, (_, index) => queue.add(reconcile('shop', `none-${index % 3}`))));
      const { waiting, active } = await queue.counts();
      most = Math.max(most, waiting + active);
    }
    // Three subjects: each has one at most under way and one that waits, beside what is due anyway.
    expect(most).toBeLessThan(20);
    expect((await used()) - before).toBeLessThan(4 * 1024 * 1024);
    await at().commit('flooded', map('flooded', { at: '2' }));
    await untilData(stand, 'shop/flooded', (data) => data?.['at'] === '2');
    expect(await liveOf(stand, configMaps, 'shop/flooded')).toBeDefined();
  });
}

function handled(object: { readonly [key: string]: unknown }): string | undefined {
  return (object['status'] as { lastHandledReconcileAt?: string } | undefined)?.lastHandledReconcileAt;
}
