// The apply engine alone on a real API server, next to `kubectl apply --server-side`: objects a second, requests an object.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../../lab/cluster/cluster.ts';
import { connectCluster } from '../../src/adapters/kube/cluster.ts';
import { readKubeconfig } from '../../src/adapters/kube/kubeconfig.ts';
import { createLog } from '../../src/adapters/log/log.ts';
import type { ApplyContext } from '../../src/apply/context.ts';
import { ignoreNothing } from '../../src/apply/ignore.ts';
import { stagesOf } from '../../src/apply/order.ts';
import { entriesOf, type Prepared, prepare } from '../../src/apply/prepare.ts';
import { pruneStale } from '../../src/apply/prune.ts';
import { applyStage } from '../../src/apply/stage.ts';
import { secretValues } from '../../src/diff/secret-values.ts';
import type { KubeObject } from '../../src/object/object.ts';
import type { KubeCluster, KubeCounters } from '../../src/ports/kube.ts';
import { type Count, type Timing, timingOf } from '../gate.ts';
import { type Paired, runPaired } from '../pairing/rounds.ts';
import { ensureKubectl } from '../peers/binaries.ts';
import { runProcess } from '../peers/process.ts';
import { objectCount, objectsIn, writeManifests } from './apply-objects.ts';
import { familyOf } from './deploy-processes.ts';
import { type Bench, type Measured, sameAnswer } from './measure.ts';

const effort = { rounds: 15, seconds: 40, fewest: 5 };
const quickEffort = { rounds: 4, seconds: 10, fewest: 3 };
const account = { namespace: 'default', name: 'deployer' };
const owner = { namespace: 'default', name: 'bench' };

type Act = 'create' | 'no change' | 'one field' | 'conflict' | 'prune';

/** Requests for each object, by counter: never more, never fewer. */
const requests: Readonly<Record<Act, Partial<KubeCounters>>> = {
  create: { dryRun: 1, apply: 1 },
  'no change': { dryRun: 1, get: 1 },
  'one field': { dryRun: 1, get: 1, apply: 1 },
  // Refused once, looked at, tried with force, written.
  conflict: { dryRun: 2, get: 1, apply: 1 },
  prune: { get: 1, delete: 1 },
};
/** Part of kubectl's time. kubectl reads and writes and never tries first, so what differs may take a request or two more. */
const targets: Readonly<Record<Act, number>> = { create: 1, 'no change': 1, 'one field': 1.5, conflict: 2, prune: 1 };
const counted = ['get', 'list', 'dryRun', 'apply', 'patch', 'delete'] as const;

export async function measureApply(bench: Bench): Promise<Measured> {
  const kubectl = await ensureKubectl(bench.say);
  const cluster = await startCluster({ name: 'eu', folder: join(bench.directory, 'cluster'), progress: bench.say });
  const log = createLog({ level: 'error', secrets: [] });
  const kube = connectCluster(readKubeconfig(cluster.kubeconfig()), { log });
  try {
    await allow(cluster);
    await kube.kinds();
    const setting = { bench, cluster, kube, kubectl: kubectlOf(kubectl, cluster, bench.directory) };
    const timings: Timing[] = [];
    const counts: Count[] = [];
    for (const act of Object.keys(requests) as Act[]) {
      const measured = await measureAct(act, setting);
      timings.push(timingOf(measured.paired, targets[act]));
      counts.push(...measured.counts);
    }
    return { timings, counts };
  } finally {
    kube.close();
    await cluster.stop();
  }
}

interface Setting {
  readonly bench: Bench;
  readonly cluster: Cluster;
  readonly kube: KubeCluster;
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
}

async function measureAct(
  act: Act,
  setting: Setting,
): Promise<{ readonly paired: Paired; readonly counts: readonly Count[] }> {
  const { bench, kube } = setting;
  const name = `apply ${objectCount} objects: ${act}`;
  bench.say(name);
  const place = (round: number, side: string): string => `${act.replace(' ', '-')}-${round}-${side}`;
  const folder = (round: number): string => join(bench.directory, place(round, 'theirs'));
  const spent: KubeCounters[] = [];
  const pids = (): readonly number[] => familyOf(process.pid).slice(1);
  const paired = await runPaired(
    {
      name,
      prepare: (round) =>
        prepareRound(act, { ours: place(round, 'ours'), theirs: place(round, 'theirs') }, folder(round), setting),
      product: {
        name: 'the engine',
        times: 1,
        pids,
        run: async (round) => {
          const before = { ...kube.counters };
          await (act === 'prune'
            ? pruneAll(kube, place(round, 'ours'))
            : applyAll(kube, wanted(act, place(round, 'ours'))));
          spent.push(difference(before, kube.counters));
          sameAnswer(name, await isThere(act, place(round, 'ours'), setting));
          return undefined;
        },
      },
      peer: {
        name: act === 'prune' ? 'kubectl delete' : 'kubectl apply --server-side',
        times: 1,
        pids,
        run: async (round) => {
          if (act === 'prune') await setting.kubectl('delete', '--wait=false', '-f', folder(round));
          else await serverSide(setting, folder(round), act === 'conflict');
          sameAnswer(name, await isThere(act, place(round, 'theirs'), setting));
          return undefined;
        },
      },
    },
    bench.quick ? quickEffort : effort,
    bench.journal,
  );
  const counts = counted.flatMap((verb): Count[] => {
    const all = spent.map((one) => one[verb] / objectCount);
    const expected = requests[act][verb] ?? 0;
    if (expected === 0 && all.every((one) => one === 0)) return [];
    const off = all.find((one) => one !== expected);
    return [{ name: `${name}: ${verb} each`, counted: off ?? expected, expected }];
  });
  return { paired, counts };
}

/** What is in the cluster before a round: nothing, or what was applied by the same side before. */
async function prepareRound(
  act: Act,
  { ours, theirs }: { readonly ours: string; readonly theirs: string },
  folder: string,
  { cluster, kube, kubectl }: Setting,
): Promise<void> {
  await cluster.admin.apply(
    [ours, theirs].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  );
  if (act !== 'create') {
    await writeManifests(folder, objectsIn(theirs, 'blue'));
    await applyAll(kube, objectsIn(ours, 'blue'));
    await kubectl('apply', '--server-side', '-f', folder);
  }
  if (act === 'conflict') {
    for (const place of [ours, theirs])
      await cluster.admin.apply(objectsIn(place, 'red') as never, { manager: 'somebody', force: true });
  }
  await writeManifests(folder, wanted(act, theirs));
}

function wanted(act: Act, namespace: string): readonly KubeObject[] {
  return objectsIn(namespace, act === 'one field' ? 'green' : 'blue');
}

async function isThere(act: Act, namespace: string, { cluster }: Setting): Promise<boolean> {
  const there = await cluster.admin.list('v1', 'ConfigMap', { namespace });
  const ours = there.filter(({ metadata }) => (metadata.name as string).startsWith('part-'));
  if (act === 'prune') return ours.length === 0;
  const colour = act === 'one field' ? 'green' : 'blue';
  return ours.length === objectCount / 2 && ours.every(({ data }) => (data as { colour: string }).colour === colour);
}

async function applyAll(kube: KubeCluster, objects: readonly KubeObject[]): Promise<void> {
  const context = await contextOf(kube);
  for (const stage of stagesOf(preparedOf(objects))) {
    const { failure } = await applyStage(stage, context);
    if (failure !== undefined) throw failure;
  }
}

async function pruneAll(kube: KubeCluster, namespace: string): Promise<void> {
  const context = { ...(await contextOf(kube)), freshKinds: () => kube.kinds(true) };
  const { failure } = await pruneStale(entriesOf(preparedOf(objectsIn(namespace, 'blue'))), context);
  if (failure !== undefined) throw failure;
}

function preparedOf(objects: readonly KubeObject[]): readonly Prepared[] {
  return prepare(
    objects.map((object) => ({ object, sources: [] })),
    { owner },
  );
}

async function contextOf(kube: KubeCluster): Promise<ApplyContext> {
  return {
    owner,
    writer: kube.as(account),
    kinds: await kube.kinds(),
    authorise: () => undefined,
    stillMine: () => Promise.resolve(true),
    elapsed: () => performance.now(),
    force: false,
    ignore: ignoreNothing,
    values: secretValues([], { copiesSecrets: false }),
    ownerStands: () => Promise.resolve(false),
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

function difference(before: KubeCounters, after: KubeCounters): KubeCounters {
  const verbs = Object.keys(after) as (keyof KubeCounters)[];
  return Object.fromEntries(verbs.map((verb) => [verb, after[verb] - before[verb]])) as unknown as KubeCounters;
}

async function serverSide({ kubectl }: Setting, folder: string, force: boolean): Promise<void> {
  await kubectl('apply', '--server-side', ...(force ? ['--force-conflicts'] : []), '-f', folder);
}

/** Its cache of discovery is kept in a folder of the bench's. */
function kubectlOf(program: string, cluster: Cluster, directory: string): Setting['kubectl'] {
  const cache = join(directory, 'kubectl');
  return async (...args) => {
    await mkdir(cache, { recursive: true });
    return runProcess(program, [`--kubeconfig=${cluster.kubeconfigFile}`, `--cache-dir=${cache}`, ...args]);
  };
}

async function allow({ admin }: Cluster): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  await admin.apply([
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account },
    {
      apiVersion: `${group}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'bench' },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', ...account }],
    },
  ]);
}
