// An agent is frozen in the middle of an apply, another one takes its job over and is done with a newer revision, and the
// first one thaws: it must see that it is not the one any more before it writes anything.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApiRequest } from '../../../../lab/cluster/api-request.ts';
import { type Faults, startFaults } from '../../../../lab/cluster/faults.ts';
import type { KubeObject } from '../../../../lab/cluster/object.ts';
import { configMap, yaml } from '../stand.ts';
import type { Agents } from './agents.ts';
import { custom, definition, namespaceOf } from './life.ts';
import { labelOf } from './points.ts';
import { Scenario } from './scenario.ts';

let scenario: Scenario;
let otherFaults: Faults;
let other: Agents;

beforeAll(async () => {
  scenario = await Scenario.start();
  otherFaults = await startFaults(scenario.stand.cluster);
  other = await scenario.another(otherFaults);
}, 900_000);

afterAll(async () => {
  await other?.close();
  await otherFaults?.stop();
  await scenario?.close();
});

/** What the frozen one has just done; the answer waits for it. */
const places = [
  ['once it has looked at everything, before its first apply', 'get configmaps NAME/kept', 'ice0'],
  ['between apply and prune, as it is about to delete', 'get configmaps NAME/old', 'ice1'],
  ['once it has deleted, before it writes the status', 'delete configmaps NAME/old', 'ice2'],
] as const;

test.each(places)(
  'an agent that is frozen %s goes nowhere when it thaws',
  { timeout: 300_000 },
  async (_when, label, name) => {
    const { stand, faults, agents } = scenario;
    await scenario.live('create', name);
    const held = faults.hold((one) => labelOf(one, name) === label, 'after');
    await push({
      [`apps/${name}/b.yaml`]: yaml(configMap(name, 'kept', { colour: 'green' }), configMap(name, 'new', {})),
    });
    await held.reached;
    agents.signal('SIGSTOP');
    // What the frozen one would delete is back, what it would create is not wanted any more, and it has other colours.
    await other.start();
    const files = [namespaceOf(name), definition(name), custom(name)];
    const commit = await push({
      [`apps/${name}/a.yaml`]: yaml(...files),
      [`apps/${name}/b.yaml`]: yaml(
        configMap(name, 'kept', { colour: 'red' }),
        configMap(name, 'old', { back: 'yes' }),
      ),
    });
    await stand.ready(`flux-system/${name}`, commit);
    await stand.ready('flux-system/flux-system', commit);
    // Nor has the other one anything left to do.
    const queue = await scenario.queue();
    await expect.poll(() => queue.counts()).toEqual({ waiting: 0, active: 0 });
    const before = await everything(name);
    const from = faults.requests.length;
    const said = agents.lines.length;
    // The answer is there before the process goes on, so that it comes before any timer of its own.
    held.release();
    agents.signal('SIGCONT');
    const ended = (line: string): boolean =>
      /"message":"(?:reconciled|a reconcile broke off)"/.test(line) && line.includes(`"flux-system/${name}"`);
    await expect.poll(() => agents.lines.slice(said).some(ended)).toBe(true);
    expect(await everything(name)).toEqual(before);
    // Of its status it may ask, naming the version that it knew.
    const concerns = scenario.concerns(name);
    const writes = faults.requests.slice(from).filter((one) => concerns(one) && one.method !== 'GET');
    const done = writes.filter(({ status, subresource }) => !(subresource === 'status' && status === 409));
    expect(done.map((one) => labelOf(one, name))).toEqual([]);
    const { inventory, applied } = await stand.ready(`flux-system/${name}`);
    expect(applied).toContain(commit);
    expect(inventory.toSorted()).toEqual(before.objects.map(({ id }) => id).toSorted());
    expect(await dataOf(name)).toEqual({ kept: { colour: 'red' }, old: { back: 'yes' } });
    await other.kill();
  },
);

test('a run that another one gave way to, and that was told to stop itself, is taken up again', {
  timeout: 300_000,
}, async () => {
  const { faults, agents } = scenario;
  const name = 'ice3';
  const progress = (one: ApiRequest): boolean => labelOf(one, name) === 'patch kustomizations/status flux-system/NAME';
  const [first, taken] = [faults.hold(progress), Promise.withResolvers<void>()];
  const created = scenario.live('create', name);
  const { id } = await first.reached;
  faults.onRequest((one) => (one.id === id ? taken.resolve() : undefined), 'after');
  // Frozen for longer than its lock lasts, so that the queue gives the job out once more, to the same process.
  agents.signal('SIGSTOP');
  await expect.poll(() => scenario.locks()).toEqual([]);
  const second = faults.hold(progress);
  agents.signal('SIGCONT');
  await second.reached;
  // What the first one wrote comes first: the second sees another attempt, and the first one may not go on.
  first.release();
  await taken.promise;
  second.release();
  const [end] = await created;
  expect(end?.objects).toHaveLength(5);
});

async function push(files: Record<string, string>): Promise<string> {
  const commit = await scenario.stand.push('platform', files);
  await scenario.hear();
  return commit;
}

async function dataOf(name: string): Promise<Record<string, unknown>> {
  const all = await scenario.stand.cluster.admin.list('v1', 'ConfigMap', { namespace: name });
  return Object.fromEntries(all.map((one) => [one.metadata.name, one['data']]));
}

interface Everything {
  readonly objects: readonly { readonly id: string; readonly version: unknown }[];
  readonly kustomization: KubeObject | undefined;
}

async function everything(name: string): Promise<Everything> {
  const owned = await scenario.owned(name);
  const objects = [...owned].map(([id, { metadata }]) => ({ id, version: metadata['resourceVersion'] }));
  return { objects, kustomization: await scenario.stand.kustomization(`flux-system/${name}`) };
}
