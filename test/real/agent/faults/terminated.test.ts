// An agent is asked to end in the middle of an apply that takes longer than it has time. The program itself is run here.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { configMap, kustomization, yaml } from '../stand.ts';
import { namespaceOf } from './life.ts';
import { Scenario } from './scenario.ts';

let scenario: Scenario;

beforeAll(async () => {
  scenario = await Scenario.start();
}, 900_000);

afterAll(async () => {
  await scenario?.close();
});

const program = fileURLToPath(new URL('../../../../bin/sluice.js', import.meta.url));
/** What Kubernetes gives a pod. */
const graceMs = 30_000;
/** Eight at a time and three seconds each: the writes alone take more than the agent's own grace of twenty seconds. */
const objects = 72;
const lateMs = 3_000;

test('322: an agent that is asked to end in the middle of a long apply stops within its grace, and gives the job back', {
  timeout: 180_000,
}, async () => {
  const { stand, faults } = scenario;
  await scenario.kill();
  const folder = await mkdtemp(join(tmpdir(), 'sluice-terminated-'));
  const child = spawn(process.execPath, [program, 'agent', '--cluster', 'eu'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      SLUICE_QUEUE: scenario.store.address,
      SLUICE_KUBECONFIG: scenario.kubeconfig,
      SLUICE_DATA: folder,
      SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
      // As long as usual: nobody may have to wait for it.
      SLUICE_LOCK_SECONDS: '30',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => void stand.lines.push(chunk.toString()));
  const exit = once(child, 'exit');
  const writes = { verb: 'apply', resource: 'configmaps', namespace: 'long' } as const;
  const rule = faults.add({ match: writes, times: null, fault: { kind: 'delay', ms: lateMs } });
  const names = Array.from({ length: objects }, (_, at) => `one-${at}`);
  const commit = await stand.push('platform', {
    'clusters/eu/long.yaml': yaml(
      kustomization('flux-system', 'long', {
        path: './apps/long',
        sourceRef: { kind: 'GitRepository', name: 'flux-system' },
      }),
    ),
    'apps/long/all.yaml': yaml(namespaceOf('long'), ...names.map((name) => configMap('long', name, {}))),
  });
  await scenario.hear();
  await faults.seen(writes);
  const askedMs = performance.now();
  child.kill('SIGTERM');
  expect(await exit).toEqual([0, null]);
  expect(performance.now() - askedMs).toBeLessThan(graceMs);
  // It stopped where it stood, and everything that it may have written is known.
  const there = (await stand.cluster.admin.list('v1', 'ConfigMap', { namespace: 'long' })).length;
  expect(there).toBeGreaterThan(8);
  expect(there).toBeLessThan(objects);
  const ids = names.map((name) => `long_${name}__ConfigMap`);
  const { inventory, attempted } = await stand.until('flux-system/long', () => true);
  expect(new Set(inventory)).toEqual(new Set(['_long__Namespace', ...ids]));
  expect(attempted).toContain(commit);
  const counts = await (await scenario.queue()).counts();
  expect(counts).toMatchObject({ active: 0 });
  expect(counts.waiting).toBeGreaterThan(0);
  // Whoever comes next has the job at once, and no lock to wait for.
  rule.remove();
  const from = faults.requests.length;
  await scenario.agents.start();
  const end = await stand.ready('flux-system/long', commit);
  expect(new Set(end.inventory)).toEqual(new Set(inventory));
  expect(await stand.cluster.admin.list('v1', 'ConfigMap', { namespace: 'long' })).toHaveLength(objects);
  const after = faults.requests.slice(from);
  expect(after.filter(({ verb }) => verb === 'delete')).toEqual([]);
  expect(after.filter(({ verb, namespace }) => verb === 'apply' && namespace === 'long')).toHaveLength(objects - there);
  await rm(folder, { recursive: true, force: true });
});
