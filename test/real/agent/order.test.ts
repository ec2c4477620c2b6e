// Many Kustomizations read one source: those whose own folder changed do not wait for the others.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hear, welcome } from './acts.ts';
import { clusterName, configMap, kustomization, type Running, Stand, tenant, yaml } from './stand.ts';

const names = Array.from({ length: 24 }, (_, index) => `part-${String(index).padStart(2, '0')}`);
let stand: Stand;
let running: Running;

const fileOf = (name: string, version: string): Record<string, string> => ({
  [`parts/${name}/all.yaml`]: yaml(configMap('shop', name, { version })),
});

beforeAll(async () => {
  stand = await Stand.start();
  for (const name of ['platform', 'shop']) await stand.repository(name);
  const files = names.map((name) => fileOf(name, '1'));
  await stand.push('shop', Object.assign({ 'deploy/a.yaml': yaml(configMap('shop', 'base', {})) }, ...files));
  const parts = names.map((name, index) =>
    kustomization('shop', name, {
      path: `./parts/${name}`,
      sourceRef: { kind: 'GitRepository', name: 'shop' },
      serviceAccountName: 'deployer',
      ...(index % 2 === 1 && { postBuild: { substitute: { part: name } } }),
    }),
  );
  await stand.push('platform', { 'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop')), ...parts) });
  await welcome(stand, 'shop');
  await stand.bootstrap();
  running = await stand.agent({ concurrency: 1 });
  for (const key of ['flux-system/flux-system', 'shop/shop', ...names.map((name) => `shop/${name}`)])
    await stand.ready(key);
}, 900_000);

afterAll(async () => {
  await stand?.close();
});

/** Until nothing is under way, which would be built in between. */
async function idle(): Promise<void> {
  const queue = await running.queues.open(`reconcile-${clusterName}`);
  await expect.poll(() => queue.counts()).toEqual({ waiting: 0, active: 0 });
}

/** Keys in the order in which they were reconciled for a commit. */
function reconciled(commit: string): readonly string[] {
  return stand.lines.flatMap((line) => {
    const { message, kustomization: key, cause } = JSON.parse(line) as Record<string, unknown>;
    return message === 'reconciled' && cause === `source main@sha1:${commit}` ? [String(key)] : [];
  });
}

test.each([[['part-23', 'part-20']], [['part-11']]])('%s changed, and are the first', async (changed) => {
  await idle();
  const { renderer } = await stand.toolbox.tools(() => {});
  const { builds } = renderer.counters;
  const commit = await stand.push(
    'shop',
    Object.assign({}, ...changed.map((name) => fileOf(name, `${changed.length} new`))),
  );
  await hear(running, stand, 'shop');
  for (const name of ['shop', ...names]) await stand.ready(`shop/${name}`, commit);
  await idle();
  const order = reconciled(commit);
  expect(order).toHaveLength(names.length + 1);
  expect(order.slice(0, changed.length).toSorted()).toEqual(changed.map((name) => `shop/${name}`).toSorted());
  // The others are looked up, not built.
  expect(renderer.counters.builds - builds).toBe(changed.length);
});
