// What an agent's process holds after ten thousand runs, broken watches and new commits: as much as before. The program
// itself is run here.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type Faults, startFaults } from '../../../../lab/cluster/faults.ts';
import { openQueues } from '../../../../src/adapters/queue/open.ts';
import type { Queues } from '../../../../src/ports/queue.ts';
import { freePort, redisServer, type Server } from '../../queue/servers.ts';
import { welcome } from '../acts.ts';
import { clusterName, Stand, tenant, yaml } from '../stand.ts';
import { map, partOf } from './arena.ts';

const parts = Array.from({ length: 50 }, (_, at) => `part-${at}`);
const [warm, rounds] = [40, 200];
/** How often, in rounds, there is a commit and every watch is broken off. */
const every = 10;

interface Held {
  /** Bytes. */
  readonly heap: number;
  readonly handles: number;
  readonly timers: number;
}

let stand: Stand;
let redis: Server;
let faults: Faults;
let queues: Queues;
let folder: string;
let child: ChildProcess;
let probe: number;
let runs = 0;

beforeAll(async () => {
  [stand, redis] = await Promise.all([Stand.start(), redisServer(['--maxmemory-policy', 'noeviction'])]);
  faults = await startFaults(stand.cluster);
  folder = await mkdtemp(join(tmpdir(), 'sluice-creep-'));
  queues = await openQueues(redis.address, {});
  for (const name of ['platform', 'shop']) await stand.repository(name);
  await push('shop', 0, parts);
  await stand.push('platform', {
    'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop'), { path: './part-0' })),
    'clusters/eu/parts.yaml': yaml(...parts.map((name) => partOf(name))),
  });
  await welcome(stand, 'shop');
  await stand.bootstrap();
  await start();
  for (const name of parts.slice(1)) await stand.ready(`shop/${name}`);
}, 900_000);

afterAll(async () => {
  if (child !== undefined && child.exitCode === null) {
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
  await queues?.close(1_000);
  await faults?.stop();
  await redis?.remove();
  await stand?.close();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<void> {
  const token = await stand.cluster.serviceAccountToken('sluice-system', 'sluice-agent');
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, faults.kubeconfig(token));
  probe = await freePort();
  const flags = ['--expose-gc', '--import', new URL('creep-probe.ts', import.meta.url).href];
  const program = fileURLToPath(new URL('../../../../bin/sluice.js', import.meta.url));
  child = spawn(process.execPath, [...flags, program, 'agent', '--cluster', clusterName], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PROBE_PORT: String(probe),
      SLUICE_QUEUE: redis.address,
      SLUICE_KUBECONFIG: kubeconfig,
      SLUICE_DATA: join(folder, 'data'),
      SLUICE_RENDERER: inject('renderer'),
      SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers<void>();
  if (child.stdout === null) throw new Error('no output');
  createInterface(child.stdout).on('line', (line) => {
    if (line.includes('"message":"reconciled"')) runs += 1;
    else if (line.includes('"message":"ready"')) ready.resolve();
  });
  child.once('exit', (code, signal) => ready.reject(new Error(`the agent ended (${code ?? signal})`)));
  await ready.promise;
}

async function push(name: string, version: number, those: readonly string[]): Promise<string> {
  const files = those.map((part) => [`${part}/a.yaml`, yaml(map(part, { version: String(version) }))] as const);
  return stand.push(name, Object.fromEntries(files));
}

async function held(): Promise<Held> {
  return (await (await fetch(`http://127.0.0.1:${probe}`)).json()) as Held;
}

/** Lets every Kustomization run once for each round, with a commit for some and broken watches now and then. */
async function live(count: number): Promise<void> {
  const queue = await queues.open(`reconcile-${clusterName}`);
  for (let round = 1; round <= count; round += 1) {
    const from = runs;
    if (round % every === 0) {
      const those = parts.slice(1, 6);
      const commit = await push('shop', runs, those);
      const url = stand.url('shop').replace(/\.git$/, '');
      await queue.add({ kind: 'pushed', version: 1, cluster: clusterName, url, branch: 'main', cause: 'test' });
      await Promise.all(those.map((name) => stand.ready(`shop/${name}`, commit)));
      faults.dropWatches(round % (2 * every) === 0);
    }
    for (const name of parts)
      await queue.add({ kind: 'reconcile', version: 1, cluster: clusterName, namespace: 'shop', name, cause: 'test' });
    await expect
      .poll(async () => ({ ...(await queue.counts()), enough: runs - from >= parts.length }), {
        interval: 10,
        timeout: 60_000,
      })
      .toEqual({ waiting: 0, active: 0, enough: true });
    faults.forget();
  }
}

/** The least of what it holds while nothing is to be done, since what was opened for a moment closes after one. */
async function atRest(isSo: (now: Held) => boolean): Promise<Held> {
  const until = performance.now() + 30_000;
  for (;;) {
    const now = await held();
    if (isSo(now) || performance.now() > until) return now;
  }
}

test('327: ten thousand runs, broken watches and new commits leave an agent with what it had: heap, handles, timers', {
  timeout: 900_000,
}, async () => {
  await live(warm);
  const before = await atRest(() => false);
  const from = runs;
  await live(rounds);
  expect(runs - from).toBeGreaterThanOrEqual(10_000);
  const isFlat = (now: Held): boolean =>
    now.heap < before.heap * 1.05 && now.handles <= before.handles && now.timers <= before.timers;
  const after = await atRest(isFlat);
  const show = ({ heap, handles, timers }: Held): string =>
    `${(heap / 1024 / 1024).toFixed(1)} MiB, ${handles} handles, ${timers} timers`;
  process.stderr.write(`${runs - from} runs: ${show(before)} before, ${show(after)} after\n`);
  expect({ before, after, flat: isFlat(after) }).toEqual({ before, after, flat: true });
});
