// One cluster's agent with many Kustomizations: created, at a new revision, looked at again, meddled with; and how much it holds.
import { availableParallelism } from 'node:os';
import type { Count } from '../gate.ts';
import { measureDrift } from './deploy-drift.ts';
import { appName, appObjects, objectsEach, tenantName } from './deploy-fleet.ts';
import { measureLatency } from './deploy-latency.ts';
import { type Paced, paceCounts, paced } from './deploy-pace.ts';
import { peakMebibytes, residentMebibytes } from './deploy-processes.ts';
import { type Requests, requestsSince } from './deploy-requests.ts';
import { clusterName, createApps, type DeployStand, deployStand, tellAgent } from './deploy-stand.ts';
import { type Bench, type Measured, sameAnswer } from './measure.ts';

/** Kustomizations that come at once. */
const batch = 200;
const revisions = { quick: 3, full: 7 };
const longMs = 180_000;
/** What kustomize-controller 1.9.6 was measured at is 10 and 10. */
const promised = { createdPerSecond: 30, revisedPerSecond: 150, mebibytes: 300 };

export async function measureDeploy(bench: Bench): Promise<Measured> {
  const all = bench.quick ? batch : 1_000;
  bench.say(`deploy: starting a cluster and its agent, ${all} Kustomizations in Git`);
  const stand = await deployStand(bench.directory, all, bench.say);
  try {
    const counts: Count[] = [];
    const created: Paced[] = [];
    // The first batch, then new revisions of just these, then the others.
    bench.say(`deploy: ${batch} Kustomizations are created`);
    counts.push(...(await createBatch(stand, 0, created)));
    bench.say('deploy: new revisions that touch none of them');
    counts.push(...(await reviseAll(stand, bench.quick ? revisions.quick : revisions.full)));
    for (let from = batch; from < all; from += batch) {
      bench.say(`deploy: ${from + batch} Kustomizations`);
      counts.push(...(await createBatch(stand, from, created)));
    }
    counts.unshift(...paceCounts(`deploy: created, ${objectsEach} objects each`, created, promised.createdPerSecond));
    await sameObjects(stand, all);
    bench.say('deploy: all are looked at again');
    counts.push(...(await sweep(stand, all)));
    counts.push(...memory(stand, all));
    bench.say('deploy: fields changed by hand');
    counts.push(...(await measureDrift(stand, all)));
    const latency = await measureLatency(bench, stand);
    return { timings: latency.timings, counts: [...counts, ...latency.counts] };
  } finally {
    await stand.close();
  }
}

/** Only from the webhook to the first request of an apply, beside a batch of Kustomizations that are left alone. */
export async function measureDeployLatency(bench: Bench): Promise<Measured> {
  bench.say(`latency: starting a cluster and its agent, ${batch} Kustomizations in Git`);
  const stand = await deployStand(bench.directory, batch, bench.say);
  try {
    await createApps(stand, 0, batch);
    await stand.seen.ready(batch, stand.commit, longMs);
    await settled(stand);
    return await measureLatency(bench, stand);
  } finally {
    await stand.close();
  }
}

async function createBatch(stand: DeployStand, from: number, into: Paced[]): Promise<readonly Count[]> {
  const position = await stand.cluster.auditPosition();
  into.push(
    await paced(
      batch,
      () => stand.pids(),
      availableParallelism(),
      async () => {
        await createApps(stand, from, from + batch);
        return stand.seen.ready(from + batch, stand.commit, longMs);
      },
    ),
  );
  await settled(stand);
  if (from > 0) return [];
  const told = await requestsSince(stand.cluster, position);
  const each = (verb: keyof Requests): number => told[verb] / batch;
  const name = 'deploy: one Kustomization created';
  return [
    { name: `${name}: dry runs`, counted: each('dryRun'), expected: objectsEach },
    { name: `${name}: applies`, counted: each('apply'), expected: objectsEach },
    // Two of its own; the source's may fall into this.
    { name: `${name}: status writes`, counted: each('status'), expected: undefined, most: 2.02 },
    { name: `${name}: finalizers`, counted: each('patch'), expected: 1 },
    { name: `${name}: events`, counted: each('create'), expected: undefined, most: 2 },
    { name: `${name}: reads`, counted: each('get'), expected: undefined, most: 0.05 },
  ];
}

async function reviseAll(stand: DeployStand, rounds: number): Promise<readonly Count[]> {
  const measured: Paced[] = [];
  const position = await stand.cluster.auditPosition();
  for (let round = 0; round < rounds; round += 1) {
    stand.commit = await stand.push({ 'README.md': `The shop, edition ${round}\n` });
    measured.push(
      await paced(
        batch,
        () => stand.pids(),
        availableParallelism(),
        async () => {
          await tellAgent(stand);
          return stand.seen.ready(batch, stand.commit, longMs);
        },
      ),
    );
    await settled(stand);
  }
  const told = await requestsSince(stand.cluster, position);
  const name = 'deploy: new revision that touches nothing';
  return [
    ...paceCounts(name, measured, promised.revisedPerSecond),
    { name: `${name}: dry runs and applies`, counted: told.dryRun + told.apply, expected: 0 },
    // The source's own status besides, once a revision; a busy machine may bring a second look.
    { name: `${name}: status writes each`, counted: told.status / rounds / batch, expected: undefined, most: 1.02 },
    { name: `${name}: reads each`, counted: told.get / rounds / batch, expected: undefined, most: 0.05 },
  ];
}

/** Everybody is due, and nothing is to be done. */
async function sweep(stand: DeployStand, all: number): Promise<readonly Count[]> {
  const { queue } = stand;
  // All at the newest revision first.
  stand.commit = await stand.push({ 'README.md': 'The shop, swept\n' });
  await tellAgent(stand);
  await stand.seen.ready(all, stand.commit, longMs);
  await settled(stand);
  const position = await stand.cluster.auditPosition();
  const swept = await paced(
    all,
    () => stand.pids(),
    availableParallelism(),
    async () => {
      const names = Array.from({ length: all }, (_, index) => appName(index));
      const jobs = names.map((name) => ({ namespace: tenantName, name, cluster: clusterName }) as const);
      for (const job of jobs) await queue.add({ kind: 'reconcile', version: 1, ...job, cause: 'bench' });
      await settled(stand);
      return performance.now();
    },
  );
  const { dryRun, apply, status, get, list } = await requestsSince(stand.cluster, position);
  const name = `deploy: ${all} looked at again, nothing differs`;
  return [
    { name: `${name}: dry runs`, counted: dryRun, expected: 0 },
    { name: `${name}: applies`, counted: apply, expected: 0 },
    { name: `${name}: status writes`, counted: status, expected: 0 },
    { name: `${name}: reads and lists`, counted: get + list, expected: 0 },
    { name, counted: swept.perSecond, unit: '/s', expected: undefined },
  ];
}

function memory({ agent }: DeployStand, all: number): readonly Count[] {
  const pids = agent.pids();
  const name = `deploy: agent and renderer with ${all} Kustomizations`;
  return [
    { name, counted: residentMebibytes(pids), unit: 'MiB', expected: undefined, most: promised.mebibytes },
    { name: `${name}, at their greatest`, counted: peakMebibytes(pids), unit: 'MiB', expected: undefined },
  ];
}

/** Nothing waits, nothing is under way. */
async function settled({ queue }: DeployStand): Promise<void> {
  for (let calm = 0; calm < 3; ) {
    const { waiting, active } = await queue.counts();
    calm = waiting + active === 0 ? calm + 1 : 0;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What is in the cluster is what Git says, object by object. */
async function sameObjects({ cluster }: DeployStand, all: number): Promise<void> {
  const labels = `kustomize.toolkit.fluxcd.io/namespace=${tenantName}`;
  const expected = Array.from({ length: all }, (_, index) => appObjects(index)).flat();
  const kinds = new Map(expected.map((one) => [`${one.apiVersion}/${one.kind}`, one]));
  for (const { apiVersion, kind } of kinds.values()) {
    const there = await cluster.admin.list(apiVersion, kind, { namespace: tenantName, labelSelector: labels });
    const names = new Set(there.map(({ metadata }) => metadata.name));
    const wanted = expected.filter((one) => one.kind === kind);
    const complete = names.size === wanted.length && wanted.every(({ name }) => names.has(name));
    const right = kind !== 'ConfigMap' || there.every(({ data }) => (data as { colour?: string }).colour === 'blue');
    sameAnswer(`deploy, ${kind}`, complete && right);
  }
}
