// From the merge to the clusters' queue and back, through the App's own processes.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openQueues } from '../../../src/adapters/queue/open.ts';
import { deployedJob } from '../../../src/job/deployed.ts';
import type { Queues } from '../../../src/ports/queue.ts';
import { configMap, yaml } from '../check/fleet.ts';
import { Hands } from '../queue/hands.ts';
import { redisServer, type Server } from '../queue/servers.ts';
import { RunningApp } from './app.ts';

let app: RunningApp;
let redis: Server;
let queues: Queues;

beforeAll(async () => {
  redis = await redisServer();
  app = await RunningApp.start({ queue: redis.address });
  queues = await openQueues(redis.address);
});
afterAll(async () => {
  await queues.close(0);
  await app.stop();
  await redis.remove();
});

it('tells the cluster of the push, and the pull request of what the cluster said', async () => {
  const cluster = 'prod';
  await queues.announce(cluster);
  const hands = new Hands();
  await (await queues.open('reconcile-prod')).work(hands.pass(), { concurrency: 1 });
  const number = await app.open('acme/a', 'goes-live', { 'deploy/more.yaml': yaml(configMap('more', 'a-dev')) });
  await app.reviewed('acme/a', number);
  const commit = await app.github.merge('acme/a', number, 'ada');
  const url = `${app.github.address}/acme/a`;
  // The pull request's own branch was pushed before.
  let job = (await hands.next()).job;
  while (!('ref' in job) || job.ref !== 'refs/heads/main') job = (await hands.next()).job;
  expect(job).toMatchObject({ kind: 'pushed', cluster, url });
  const report = await queues.open('report');
  const merged = Date.parse(app.github.pull('acme/a', number).pull.mergedAt ?? '');
  const facts = { cluster, url, branch: 'main', commit, kustomizations: [], cause: 'test' };
  const startedAt = new Date(merged + 1_000).toISOString();
  await report.add(deployedJob({ ...facts, state: 'in_progress', startedAt }));
  const endedAt = new Date(merged + 12_000).toISOString();
  await report.add(deployedJob({ ...facts, state: 'success', startedAt, endedAt }));
  await app.github.waitFor('the end of the comment', () =>
    app
      .comments('acme/a', number)
      .some(({ body }) => body.includes('### ✅ Live on 1 of 1 cluster, 12 s after the merge')),
  );
  const [comment] = app.comments('acme/a', number);
  expect(comment?.body).toContain('ConfigMap/a-dev/more');
  const deployments = [...app.github.repository('acme/a').deployments.values()];
  expect(deployments.map(({ sha, environment }) => ({ sha, environment }))).toEqual([
    { sha: commit, environment: cluster },
  ]);
});
