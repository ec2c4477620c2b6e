// What an agent holds does not grow with what it has done: memory, files, connections, threads.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clusterName, configMap, kustomization, yaml } from '../stand.ts';
import { Scenario } from './scenario.ts';

const parts = Array.from({ length: 100 }, (_, index) => `part-${String(index).padStart(2, '0')}`);
const sourceRef = { kind: 'GitRepository', name: 'flux-system' };
const rounds = 100;
/** Until then caches fill, and code is compiled. */
const warmRounds = 25;
/** The last ones, of which each is measured: what is seen once may be a request under way. */
const measuredRounds = 5;

let scenario: Scenario;

beforeAll(async () => {
  scenario = await Scenario.start();
}, 900_000);

afterAll(async () => {
  await scenario?.close();
});

/** Resolves when every part says that it has come to the commit. */
async function allAt(commit: string): Promise<void> {
  const path = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations';
  const behind = async (): Promise<number> => {
    const { body } = await scenario.stand.cluster.admin.request('GET', path);
    const { items = [] } = body as { items?: { status?: { lastAppliedRevision?: string } }[] };
    return (
      parts.length + 1 - items.filter(({ status }) => status?.lastAppliedRevision?.endsWith(commit) === true).length
    );
  };
  await expect.poll(behind, { timeout: 60_000, interval: 50 }).toBe(0);
}

async function round(version: number, more: Record<string, string> = {}): Promise<void> {
  const first = yaml(configMap('flux-system', 'part-00', { version: String(version) }));
  const commit = await scenario.stand.push('platform', { 'apps/part-00/a.yaml': first, ...more });
  await scenario.hear();
  await allAt(commit);
}

test('327: ten thousand reconciles and a hundred broken watches leave memory, files and threads as they were', {
  timeout: 900_000,
}, async () => {
  const { agents, faults } = scenario;
  const documents = parts.map((name) => kustomization('flux-system', name, { path: `./apps/${name}`, sourceRef }));
  const apps = parts.map((name) => [`apps/${name}/a.yaml`, yaml(configMap('flux-system', name, {}))] as const);
  await round(0, { ...Object.fromEntries(apps.slice(1)), [`clusters/${clusterName}/parts.yaml`]: yaml(...documents) });
  const seen = { early: [] as Held[], late: [] as Held[] };
  for (let version = 1; version <= rounds; version += 1) {
    faults.dropWatches(version % 2 === 0);
    await round(version);
    if (version > warmRounds && version <= warmRounds + measuredRounds) seen.early.push(await agents.held());
    if (version > rounds - measuredRounds) seen.late.push(await agents.held());
  }
  const reconciled = agents.lines.filter((line) => line.includes('"reconciled"')).length;
  const [early, late] = [least(seen.early), least(seen.late)];
  process.stderr.write(`${reconciled} reconciles: ${JSON.stringify({ early, late })}\n`);
  expect(reconciled).toBeGreaterThan(parts.length * rounds);
  for (const what of ['heapBytes', 'files', 'threads'] as const)
    expect({ what, grown: late[what] / early[what] > 1.05 }).toEqual({ what, grown: false });
});

type Held = Awaited<ReturnType<Scenario['agents']['held']>>;

function least(some: readonly Held[]): Held {
  const of = (what: keyof Held): number => Math.min(...some.map((one) => one[what]));
  return { heapBytes: of('heapBytes'), files: of('files'), threads: of('threads') };
}
