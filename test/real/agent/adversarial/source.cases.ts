// What becomes of a push that is forced, cut on its way, or told to a GitHub that takes nothing: what D, F, P and Q leave to the
// apply.
import { rm } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { dataOf, hear, writesSince } from '../acts.ts';
import { yaml } from '../stand.ts';
import { type Arena, map } from './arena.ts';

export function sourceCases(at: () => Arena): void {
  test('142, 314: a force push is followed and told on its source, also where it came while nobody looked', async () => {
    const { stand } = at();
    const told = async (): Promise<readonly unknown[]> => {
      const events = await stand.cluster.admin.list('v1', 'Event', { namespace: 'shop' });
      return events.flatMap((one) => (one['reason'] === 'BranchRewritten' ? [one['message']] : []));
    };
    const force = (from: string, version: string): Promise<string> =>
      stand.github.pushFiles('acme/shop', 'ada', {
        branch: 'main',
        from,
        force: true,
        files: { 'rewritten/a.yaml': yaml(map('rewritten', { at: version })) },
        message: 'Rewrite',
      });
    await at().add('rewritten', [map('rewritten', { at: '1' })]);
    const first = await at().commit('rewritten', map('rewritten', { at: '2' }));
    const second = await at().commit('rewritten', map('rewritten', { at: '3' }), map('lost'));
    await stand.ready('shop/rewritten', second);
    expect(await told()).toEqual([]);
    const third = await force(first, '4');
    await hear(at().running, stand, 'shop');
    // Held against what was applied, not against a commit's parent: what only the lost commit had goes.
    const { inventory } = await stand.ready('shop/rewritten', third);
    expect(inventory).toEqual(['shop_rewritten__ConfigMap']);
    expect(await dataOf(stand, 'shop/lost')).toBeUndefined();
    await expect
      .poll(told)
      .toEqual([
        expect.stringContaining(`main was rewritten: main@sha1:${third} does not contain main@sha1:${second}`),
      ]);
    // An agent that begins knows it by the source's status, and has no copy of what was there before.
    await at().stopAgent();
    await rm(at().data, { recursive: true });
    const fourth = await force(first, '5');
    await at().startAgent();
    await stand.ready('shop/rewritten', fourth);
    await expect.poll(told).toHaveLength(2);
    const fifth = await at().commit('rewritten', map('rewritten', { at: '6' }));
    await stand.ready('shop/rewritten', fifth);
    expect(await told()).toHaveLength(2);
  });

  test('111: a pack that is cut, damaged or broken off changes nothing, and is asked for again from its beginning', async () => {
    const { stand } = at();
    await at().add('cut', [map('cut', { at: '0' }), map('beside', { at: '0' })]);
    const said = stand.lines.length;
    for (const kind of ['truncate', 'corrupt', 'reset'] as const) {
      stand.github.fault({ on: 'git', kind, packOnly: true, service: 'upload-pack', times: 2 });
      const from = await stand.cluster.auditPosition();
      const commit = await at().commit('cut', map('cut', { at: kind }));
      const { inventory } = await stand.ready('shop/cut', commit);
      expect(inventory).toEqual(['shop_cut__ConfigMap']);
      expect(await dataOf(stand, 'shop/cut')).toEqual({ at: kind });
      const writes = (await writesSince(stand, from)).filter(
        ({ resource, place, dry }) => resource === 'configmaps' && place === 'shop/cut' && !dry,
      );
      expect(writes).toHaveLength(1);
      await stand.ready('shop/cut', await at().commit('cut', map('cut', { at: '0' }), map('beside', { at: kind })));
    }
    const failed = stand.lines.slice(said).filter((line) => line.includes('a source cannot be fetched'));
    expect(failed.length).toBeGreaterThanOrEqual(3);
  });

  test('307: what is merged is applied while GitHub’s API takes nothing from anybody', async () => {
    const { stand } = at();
    await at().add('merged', [map('merged', { at: '1' })]);
    const before = { ...stand.github.counters.calls };
    const clear = stand.github.fault({ on: 'api', kind: 'status', status: 403, times: null });
    await stand.ready('shop/merged', await at().commit('merged', map('merged', { at: '2' })));
    expect(await dataOf(stand, 'shop/merged')).toEqual({ at: '2' });
    // It asks the API for nothing, and what is to be told there waits for a worker.
    expect(stand.github.counters.calls).toEqual(before);
    const reports = await at().running.queues.open('report');
    expect((await reports.counts()).waiting).toBeGreaterThan(0);
    clear();
  });
}
