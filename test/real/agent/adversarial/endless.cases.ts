// What never ends: finalizers that nobody takes off, a namespace that stays Terminating, a rule that computes for ever.
import { expect, test } from 'vitest';
import { dataOf, liveOf, request, untilData, writesSince } from '../acts.ts';
import { configMap, kustomization, namespace, type Stand, yaml } from '../stand.ts';
import { type Arena, endlessMs, map } from './arena.ts';

const patience = 'deploy:\n  maxDeletions: 4\n';

async function eventsAbout(stand: Stand, name: string): Promise<readonly unknown[]> {
  const events = await stand.cluster.admin.list('v1', 'Event', { namespace: 'shop' });
  return events.flatMap((one) => ((one['involvedObject'] as { name?: string }).name === name ? [one['message']] : []));
}

export function endlessCases(at: () => Arena): void {
  test('292: what a finalizer holds is named with it and stays in the inventory, and all else goes on', async () => {
    const { stand } = at();
    const { admin } = stand.cluster;
    await at().add('pinned', [map('pinned-0'), map('pinned-1')], { deletionPolicy: 'WaitForTermination' });
    const pinned = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'pinned-1' };
    await admin.patch(pinned, { metadata: { finalizers: ['example.com/hold'] } });
    const ids = ['shop_pinned-0__ConfigMap', 'shop_pinned-1__ConfigMap'];
    for (const version of ['2', '3']) {
      const { inventory } = await stand.ready('shop/pinned', await at().commit('pinned', map('pinned-0', { version })));
      expect(inventory.toSorted()).toEqual(ids);
      expect(await dataOf(stand, 'shop/pinned-0')).toEqual({ version });
    }
    const told = /ConfigMap\/shop\/pinned-1 deleted \(not gone yet; its finalizers: example\.com\/hold\)/;
    await expect.poll(() => eventsAbout(stand, 'pinned')).toContainEqual(expect.stringMatching(told));
    // Deleted itself, it says what it waits for, and does not wait for ever.
    await at().platform({ 'clusters/eu/pinned.yaml': null });
    await stand.until('shop/pinned', ({ conditions }) =>
      conditions.some(
        ({ type, message }) =>
          type === 'Reconciling' && message.includes('pinned-1 (its finalizers: example.com/hold)'),
      ),
    );
    const elapsed = performance.now.bind(performance);
    performance.now = () => elapsed() + 20 * 60_000;
    await request(stand, 'shop/pinned');
    await stand.gone('shop/pinned');
    expect(await liveOf(stand, ['v1', 'ConfigMap'], 'shop/pinned-1')).toHaveProperty('metadata.deletionTimestamp');
    await admin.patch(pinned, { metadata: { finalizers: null } });
    await untilData(stand, 'shop/pinned-1', (data) => data === undefined);
  });

  test('292: a namespace that never ends holds up what is in it, and nothing else', async () => {
    const { stand } = at();
    const sourceRef = { kind: 'GitRepository', name: 'flux-system' };
    await at().platform({
      'clusters/eu/ending.yaml': yaml(kustomization('flux-system', 'ending', { path: './apps/ending', sourceRef })),
      'apps/ending/a.yaml': yaml(namespace('ending'), configMap('ending', 'first', {})),
    });
    const key = 'flux-system/ending';
    const document = { ...kustomization('flux-system', 'ending', {}), namespace: 'flux-system', name: 'ending' };
    await stand.cluster.admin.until(document, (one) => one !== undefined);
    await stand.ready(key);
    // There are no controllers here that would bring it to its end.
    await stand.cluster.admin.delete({ apiVersion: 'v1', kind: 'Namespace', name: 'ending' });
    const commit = await at().platform({ 'apps/ending/b.yaml': yaml(configMap('ending', 'second', {})) });
    const { ready, inventory } = await stand.until(
      key,
      (now) => now.ready?.status === 'False' && now.attempted.endsWith(commit),
    );
    expect(ready?.message).toContain('ConfigMap/ending/second');
    expect(ready?.message).toContain('being terminated');
    expect(inventory).toContain('_ending__Namespace');
    await stand.ready('shop/shop', await at().commit('deploy', map('base', { beside: 'ending' })));
    await at().platform({ 'clusters/eu/ending.yaml': null, 'apps/ending/a.yaml': null, 'apps/ending/b.yaml': null });
    await stand.gone(key);
  });

  test('216: a rule that computes for ever stops what it looks at, with nothing written, and nobody else', async () => {
    const { stand } = at();
    const turns = ['a', 'b', 'c', 'd', 'e'].map((one) => `  some ${one} in n`).join('\n');
    const rule = `# METADATA
# title: Endless
package sluice.acme.endless

n := numbers.range(1, 300)

deny contains {"msg": "x"} if {
  input.object.metadata.name == "looked-at-for-ever"
${turns}
  a + b + c + d + e < 0
}
`;
    await at().platform({
      'sluice.yaml': `policies: [policies]\n${patience}`,
      'policies/acme/endless/rule.rego': rule,
    });
    await stand.ready('shop/shop');
    const from = await stand.cluster.auditPosition();
    await at().begin('endless', [map('looked-at-for-ever'), map('beside-endless')]);
    const commit = await at().commit('deploy', map('base', { beside: 'endless' }));
    // Before that one has come to its end.
    await stand.ready('shop/shop', commit, endlessMs - 2_000);
    const { ready, inventory } = await stand.until('shop/endless', (now) => now.ready?.status === 'False');
    expect(ready?.message).toMatch(/policy took longer than|needs more memory than policy may take/);
    expect(ready?.message).toContain('ConfigMap/shop/looked-at-for-ever');
    expect(inventory).toEqual([]);
    const written = (await writesSince(stand, from)).filter(({ place, dry }) => place.endsWith('endless') && !dry);
    expect(written.filter(({ resource }) => resource === 'configmaps')).toEqual([]);
    await at().platform({ 'sluice.yaml': patience, 'policies/acme/endless/rule.rego': null });
    await stand.ready('shop/endless');
  });
}
