// Values of Secrets while they are applied: they stand in the cluster, and nowhere else.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataOf, liveOf, untilData } from '../acts.ts';
import { clusterName } from '../stand.ts';
import { type Arena, map } from './arena.ts';

const postBuild = { substituteFrom: [{ kind: 'Secret', name: 'vars' }] };

/** Everything that the agent said, wrote into documents, put into the store or left on its disk. */
async function sinks({ stand, redis, data }: Arena): Promise<readonly string[]> {
  const { admin } = stand.cluster;
  const documents = await Promise.all([
    admin.list('kustomize.toolkit.fluxcd.io/v1', 'Kustomization'),
    admin.list('source.toolkit.fluxcd.io/v1', 'GitRepository'),
    admin.list('v1', 'Event'),
    admin.list('events.k8s.io/v1', 'Event'),
  ]);
  await redis.command('CONFIG', 'SET', 'rdbcompression', 'no');
  const keys = (await redis.command('KEYS', '*')) as readonly string[];
  const kept = await Promise.all(keys.map(async (key) => `${key} ${String(await redis.command('DUMP', key))}`));
  expect(kept.length).toBeGreaterThan(1);
  const files = (await readdir(data, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  expect(files.length).toBeGreaterThan(1);
  const bytes = await Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), 'latin1')));
  return [JSON.stringify(documents), ...stand.lines, ...kept, ...bytes];
}

export function secretCases(at: () => Arena): void {
  test('171, 239: a Secret’s value that is refused, and one that is rotated while it is applied, is told and kept nowhere', async () => {
    const { stand, faults } = at();
    const [old, fresh] = ['OLD_hunter2_OLD', 'NEW_hunter2_NEW'];
    const secret = (TOKEN: string): object => ({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { namespace: 'shop', name: 'vars' },
      stringData: { TOKEN },
    });
    await stand.cluster.admin.apply(secret(old) as never);
    // The API server repeats what it does not like.
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace: 'shop', name: 'secretive' },
      spec: { ports: [{ port: 80, name: '${TOKEN}' }] },
    };
    await at().begin('secretive', [service, map('secretive')], { postBuild });
    const { ready } = await stand.until('shop/secretive', (now) => now.ready?.status === 'False');
    expect(ready?.message).toContain('spec.ports[0].name');
    expect(ready?.message).not.toContain(old);
    const held = faults.hold(({ verb, name, dryRun }) => verb === 'apply' && name === 'secretive' && !dryRun);
    await at().commit(
      'secretive',
      map('secretive', { token: '${TOKEN}', encoded: Buffer.from('x').toString('base64') }),
    );
    expect((await held.reached).body).toContain(old);
    await stand.cluster.admin.apply(secret(fresh) as never);
    held.release();
    // Without a commit: what was applied with the old one is applied again.
    await untilData(stand, 'shop/secretive', (data) => data?.['token'] === fresh);
    await stand.ready('shop/secretive');
    expect(await dataOf(stand, 'shop/secretive')).toMatchObject({ token: fresh });
    expect(await liveOf(stand, ['v1', 'Service'], 'shop/secretive')).toBeUndefined();
    const queue = await at().running.queues.open(`reconcile-${clusterName}`);
    await expect.poll(() => queue.counts()).toEqual({ waiting: 0, active: 0 });
    const forms = [old, fresh].flatMap((value) => [value, Buffer.from(value).toString('base64')]);
    const found = (await sinks(at())).filter((text) => forms.some((form) => text.includes(form)));
    expect(found.map((text) => text.slice(0, 200))).toEqual([]);
  });
}
