// The inventory is written ahead while objects are looked at, and no object is written before it stands. A status that was
// written counts, whatever became of the answer. Seen through a proxy that holds requests and breaks them.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ApiRequest, matches } from '../../../lab/cluster/api-request.ts';
import { type Faults, type Recorded, startFaults } from '../../../lab/cluster/faults.ts';
import type { KubeObject } from '../../../lab/cluster/object.ts';
import { edit, hear, untilData, welcome } from './acts.ts';
import { configMap, kustomization, type Running, Stand, type Status, tenant, yaml } from './stand.ts';

const names = ['held', 'failing', 'suspended', 'lied', 'unheard', 'leaving', 'beside'] as const;
type Name = (typeof names)[number];

let stand: Stand;
let faults: Faults;
let running: Running;
let version = 1;
let last: string | undefined;

const files = (): Record<string, string> =>
  Object.fromEntries(
    names.map((name) => [
      `${name}/all.yaml`,
      yaml(...['a', 'b'].map((letter) => configMap('shop', `${name}-${letter}`, { version: String(version) }))),
    ]),
  );

function documents(some: readonly Name[]): string {
  const parts = some.map((name) =>
    kustomization('shop', name, {
      path: `./${name}`,
      sourceRef: { kind: 'GitRepository', name: 'shop' },
      serviceAccountName: 'deployer',
      prune: true,
    }),
  );
  return yaml(...tenant('shop', stand.url('shop')), ...parts);
}

/** Pushes a new version of everything, and lets the agent hear of it. */
async function change(commit?: string): Promise<string> {
  version += 1;
  const pushed = await stand.push('shop', files());
  last = pushed;
  await hear(running, stand, 'shop', commit);
  return pushed;
}

beforeAll(async () => {
  stand = await Stand.start();
  for (const name of ['platform', 'shop']) await stand.repository(name);
  await stand.push('shop', { ...files(), 'deploy/a.yaml': yaml(configMap('shop', 'base', {})) });
  await stand.push('platform', { 'clusters/eu/shop.yaml': documents(names) });
  await welcome(stand, 'shop');
  await stand.bootstrap();
  faults = await startFaults(stand.cluster);
  running = await stand.agent({ server: faults.url });
  for (const name of names) await stand.ready(`shop/${name}`);
}, 900_000);

afterAll(async () => {
  await stand?.close();
  await faults?.stop();
});

beforeEach(async () => {
  faults.clear();
  // What a test left on its way is not counted in the next.
  await Promise.all(names.map((name) => stand.until(`shop/${name}`, (status) => arrived(status))));
  faults.forget();
});

const arrived = ({ ready, applied, object }: Status): boolean =>
  (ready?.status === 'True' && (last === undefined || applied.endsWith(last))) || isSuspended(object);
const isSuspended = ({ spec }: KubeObject): boolean => (spec as { suspend?: boolean }).suspend === true;

const status = (name: Name) => ({ verb: 'patch', resource: 'kustomizations', subresource: 'status', name }) as const;
const appliesOf = (name: Name): readonly Recorded[] =>
  faults.requests.filter((one) => one.verb === 'apply' && one.name?.startsWith(`${name}-`) === true);

async function lookedAt(name: Name): Promise<void> {
  for (const letter of ['a', 'b']) await faults.seen({ verb: 'apply-dry-run', name: `${name}-${letter}` });
}

test('objects are looked at while the status is on its way, and written once it has arrived', async () => {
  const held = faults.hold(status('held'));
  const commit = await change();
  await held.reached;
  await lookedAt('held');
  // Another one goes all the way, and once more, from here.
  await stand.ready('shop/beside', commit);
  await stand.cluster.admin.apply(configMap('shop', 'beside-a', { version: 'by hand' }) as KubeObject);
  await untilData(stand, 'shop/beside-a', (data) => data?.['version'] === String(version));
  expect(appliesOf('held')).toEqual([]);
  held.release();
  await stand.ready('shop/held', commit);
  expect(appliesOf('held')).toHaveLength(2);
});

test('a status that cannot be written ahead leaves every object as it was, until one could', async () => {
  const held = faults.hold(status('failing'));
  const refusal = faults.add({ match: status('failing'), fault: { kind: 'status', status: 500 } });
  const commit = await change();
  await held.reached;
  await lookedAt('failing');
  held.release();
  await stand.ready('shop/failing', commit);
  expect(refusal.struck).toBe(1);
  const [first] = appliesOf('failing');
  const before = faults.requests.filter(
    (one) => one.name === 'failing' && one.subresource === 'status' && one.id < (first?.id ?? 0),
  );
  expect(before[0]?.status).toBe(500);
  const ahead = before.filter(({ body }) => body.includes('"Progressing"') && body.includes('inventory'));
  expect(ahead.at(-1)?.status).toBe(200);
  expect(appliesOf('failing')).toHaveLength(2);
});

test('whoever suspends it while the status is on its way finds nothing written', async () => {
  const held = faults.hold(status('suspended'));
  const before = String(version);
  await change();
  await held.reached;
  await lookedAt('suspended');
  await edit(stand, 'shop/suspended', { spec: { suspend: true } });
  const lines = stand.lines.length;
  held.release();
  await expect
    .poll(() => stand.lines.slice(lines).some((line) => /shop\/suspended.*stops: its spec has changed/.test(line)))
    .toBe(true);
  await expect
    .poll(() => stand.lines.slice(lines).some((line) => /shop\/suspended.*"outcome":"suspended"/.test(line)))
    .toBe(true);
  expect(appliesOf('suspended')).toEqual([]);
  await untilData(stand, 'shop/suspended-a', (data) => data?.['version'] === before);
});

test.each(['Progressing', 'ReconciliationSucceeded'])(
  'a status (%s) that was written though its answer says otherwise is not somebody else’s: the end is told',
  async (reason) => {
    const match = (one: ApiRequest): boolean => matches(status('unheard'), one) && one.body.includes(`"${reason}"`);
    const lost = faults.add({ match, fault: { kind: 'status', status: 500, when: 'after' } });
    const commit = await change();
    await stand.ready('shop/unheard', commit);
    const told = (one: Recorded): boolean =>
      one.resource === 'events' &&
      ['"unheard"', commit, '"ReconciliationSucceeded"'].every((part) => one.body.includes(part));
    await expect.poll(() => faults.requests.filter(told).length).toBe(1);
    expect(lost.struck).toBe(1);
    expect(appliesOf('unheard')).toHaveLength(2);
  },
);

test('a push that names another commit is followed to where the branch is', async () => {
  const other = await stand.github.pushFiles('acme/shop', 'ada', {
    branch: 'topic',
    files: { 'lied/all.yaml': yaml(configMap('shop', 'lied-a', { version: 'topic' })) },
  });
  const commit = await change(other);
  await stand.ready('shop/lied', commit);
  await untilData(stand, 'shop/lied-a', (data) => data?.['version'] === String(version));
});

test('objects that go with their Kustomization are no drift, for which it would be tried again at once', async () => {
  const refused = { match: { verb: 'delete', name: 'leaving-a' }, fault: { kind: 'status', status: 500 } } as const;
  const refusal = faults.add(refused);
  const lines = stand.lines.length;
  await stand.push('platform', { 'clusters/eu/shop.yaml': documents(names.filter((name) => name !== 'leaving')) });
  await hear(running, stand, 'platform');
  await stand.gone('shop/leaving');
  expect(refusal.struck).toBe(1);
  const jobs = stand.lines.slice(lines).filter((line) => line.includes('"shop/leaving"'));
  expect(jobs.filter((line) => line.includes('PruneFailed'))).not.toEqual([]);
  expect(jobs.filter((line) => line.includes('"drift of'))).toEqual([]);
});
