// From a push to the cluster, by real parts.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMap, type Running, Stand, tenant, yaml } from './stand.ts';

let stand: Stand;
let running: Running;

beforeAll(async () => {
  stand = await Stand.start();
  await stand.repository('platform');
  await stand.repository('shop');
  await stand.push('shop', { 'deploy/app.yaml': yaml(configMap('shop', 'web', { colour: 'blue' })) });
  await stand.push('platform', { 'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop'))) });
  await stand.bootstrap();
  running = await stand.agent();
  await stand.ready('flux-system/flux-system');
  await stand.cluster.admin.apply(stand.credentials('shop'));
}, 900_000);

afterAll(async () => {
  await running?.stop();
  await stand?.close();
});

test('a tenant is deployed as its own service account', async () => {
  const { inventory } = await stand.ready('shop/shop', undefined, 40_000);
  expect(inventory).toEqual(['shop_web__ConfigMap']);
  const web = await stand.cluster.admin.get({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'web' });
  expect(web).toMatchObject({ data: { colour: 'blue' } });
  const writes = (await stand.cluster.audit()).filter(
    ({ verb, objectRef }) => verb === 'patch' && objectRef?.namespace === 'shop' && objectRef?.name === 'web',
  );
  expect(writes.length).toBeGreaterThan(0);
  for (const { impersonatedUser } of writes)
    expect(impersonatedUser?.username).toBe('system:serviceaccount:shop:deployer');
});
