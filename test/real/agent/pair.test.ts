// Two agents for one cluster that know nothing of each other, each with a queue of its own: the status alone decides between them.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMaps, dataOf, hear, liveOf, untilData, welcome, writesSince } from './acts.ts';
import { configMap, kustomization, type Running, Stand, tenant, yaml } from './stand.ts';

let stand: Stand;
let one: Running;
let other: Running;

const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const files = (version: string, objects = 4): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => [
      `${name}/all.yaml`,
      yaml(...Array.from({ length: objects }, (_, index) => configMap('shop', `${name}-${index}`, { version }))),
    ]),
  );

async function push(change: Record<string, string>): Promise<string> {
  const commit = await stand.push('shop', change);
  await Promise.all([hear(one, stand, 'shop'), hear(other, stand, 'shop')]);
  return commit;
}

beforeAll(async () => {
  stand = await Stand.start();
  for (const name of ['platform', 'shop']) await stand.repository(name);
  await stand.push('shop', { ...files('1'), 'deploy/a.yaml': yaml(configMap('shop', 'base', { version: '1' })) });
  const parts = names.map((name, index) =>
    kustomization('shop', name, {
      path: `./${name}`,
      sourceRef: { kind: 'GitRepository', name: 'shop' },
      serviceAccountName: 'deployer',
      wait: index % 2 === 0,
      ...(index > 2 && { dependsOn: [{ name: names[index - 1] }] }),
    }),
  );
  await stand.push('platform', { 'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop')), ...parts) });
  await welcome(stand, 'shop');
  await stand.bootstrap();
  [one, other] = await Promise.all([stand.agent(), stand.agent()]);
}, 900_000);

afterAll(async () => {
  await stand?.close();
});

async function allAt(commit: string | undefined): Promise<void> {
  for (const name of ['shop', ...names]) await stand.ready(`shop/${name}`, commit);
}

/** Every Kustomization is at this commit, and nobody writes anything any more. */
async function atRest(commit: string | undefined): Promise<void> {
  await allAt(commit);
  let quiet = 0;
  for (const until = Date.now() + 60_000; quiet < 3 && Date.now() < until; ) {
    const from = await stand.cluster.auditPosition();
    await sleep(500);
    const writes = (await writesSince(stand, from)).filter(({ dry }) => !dry);
    quiet = writes.length === 0 ? quiet + 1 : 0;
  }
  expect(quiet).toBe(3);
}

test('they come to the same end, and to rest', async () => {
  await atRest(undefined);
  let commit = '';
  for (const version of ['2', '3']) commit = await push(files(version));
  await atRest(commit);
  for (const name of names)
    for (const index of [0, 3]) expect(await dataOf(stand, `shop/${name}-${index}`)).toEqual({ version: '3' });
  for (const name of names) {
    const { inventory } = await stand.ready(`shop/${name}`);
    expect(inventory.toSorted()).toEqual([0, 1, 2, 3].map((index) => `shop_${name}-${index}__ConfigMap`));
  }
});

test('what is deleted is deleted once, and what drifts is put right, without the two undoing each other', async () => {
  const from = await stand.cluster.auditPosition();
  const commit = await push(files('4', 2));
  await atRest(commit);
  for (const name of names) {
    expect(await dataOf(stand, `shop/${name}-1`)).toEqual({ version: '4' });
    expect(await dataOf(stand, `shop/${name}-2`)).toBeUndefined();
  }
  const deletions = (await writesSince(stand, from)).filter(({ verb, code }) => verb === 'delete' && code === 200);
  expect(deletions.map(({ place }) => place).toSorted()).toEqual(
    names.flatMap((name) => [`shop/${name}-2`, `shop/${name}-3`]),
  );
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'shop', name: 'a-0' };
  await stand.cluster.admin.patch(ref, { data: { version: 'mine' } });
  await untilData(stand, 'shop/a-0', (data) => data?.['version'] === '4');
  await atRest(commit);
  expect(await dataOf(stand, 'shop/a-0')).toEqual({ version: '4' });
});

test('when one of them is stopped amid a commit, the other brings it about', async () => {
  const commit = await push(files('5', 3));
  await one.stop();
  await allAt(commit);
  expect(await liveOf(stand, configMaps, 'shop/f-2')).toMatchObject({ data: { version: '5' } });
});
