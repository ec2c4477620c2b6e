// What GitHub, its webhooks and the queue's store do wrong, and the same end all the same: one report, one check on the
// head, and no more calls than it takes. A case that names a number is one of the list of adversarial cases (groups M, N).
// adversarial/coverage.test.ts says where the others of those groups are met.
import { afterAll, afterEach, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Fault } from '../../../lab/github/faults.ts';
import { configMap, yaml } from '../check/fleet.ts';
import { redisServer, type Server } from '../queue/servers.ts';
import { expectPeace } from './chaos.ts';
import { Children } from './children.ts';

/** Two reviews make 14 calls; each sweep (every two seconds here) may ask for one more of what is not finished yet. */
const mostCalls = 60;
/** A lock lasts longer than a busy machine keeps a worker from renewing it: who loses one is reviewed again. */
const settings = { SLUICE_SWEEP_SECONDS: '2', SLUICE_LOCK_SECONDS: '6' };
// Each test waits for peace, and for two sweeps after it, twice.
vi.setConfig({ testTimeout: 600_000 });

let app: Children;
let redis: Server;
let change = 0;

beforeAll(async () => {
  redis = await redisServer();
  const roles = [
    { role: 'serve', name: 'server' },
    { role: 'worker', name: 'worker-1' },
    { role: 'worker', name: 'worker-2' },
  ] as const;
  app = await Children.start(inject('renderer'), roles, { ...settings, SLUICE_QUEUE: redis.address });
});
afterAll(async () => {
  await app.stop();
  await redis.remove();
});
afterEach(async () => {
  app.github.world.faults.clear();
  // What is over asks for no more sweeps' calls.
  for (const issue of app.github.repository('acme/a').issues.values())
    if (issue.state === 'open') await app.github.close('acme/a', issue.number, 'ada');
});

async function open(): Promise<number> {
  change += 1;
  const branch = `change-${change}`;
  await push(branch);
  return (await app.github.openPullRequest('acme/a', 'ada', { head: branch, base: 'main' })).number;
}

async function push(branch: string): Promise<void> {
  change += 1;
  await app.github.pushFiles('acme/a', 'ada', {
    branch,
    force: true,
    files: { 'deploy/more.yaml': yaml(configMap(`more-${change}`, 'a-dev')) },
  });
}

/** Calls about the repository's reviews; what a sweep reads every two seconds is left out. */
function calls(): number {
  const swept = /^GET .*\/(?:pulls|check-runs|activity)$/;
  return app.github.counters.log.filter(({ route, repository }) => repository === 'acme/a' && !swept.test(route))
    .length;
}

const api = (fault: Omit<Extract<Fault, { on: 'api' }>, 'on'>): Fault => ({
  on: 'api',
  repository: 'acme/a',
  ...fault,
});
const hook = (fault: Omit<Extract<Fault, { on: 'webhook' }>, 'on'>): Fault => ({
  on: 'webhook',
  event: 'pull_request',
  ...fault,
});
const checks = '/check-runs';
const comments = '/comments';

describe('faults of GitHub', () => {
  const table: readonly (readonly [string, readonly Fault[]])[] = [
    ['each webhook comes five times', [hook({ kind: 'duplicate', copies: 4, times: null })]],
    ['webhooks come in another order', [hook({ kind: 'reorder' })]],
    ['webhooks are dropped', [hook({ kind: 'drop', times: null })]],
    ['webhooks fail, and are asked for again', [hook({ kind: 'lose', times: 2 })]],
    ['webhooks come late', [hook({ kind: 'delay', ms: 1_500, times: null })]],
    [
      'the secondary limit with a time',
      [api({ kind: 'secondary', route: `POST /repos/{owner}/{repo}${checks}`, retryAfter: 2 })],
    ],
    ['the secondary limit at the comment', [api({ kind: 'secondary', route: comments, retryAfter: 1 })]],
    ['502 before the effect, of three calls', [api({ kind: 'status', status: 502, times: 3 })]],
    [
      '502 after the check was made',
      [api({ kind: 'status', status: 502, route: `POST /repos/{owner}/{repo}${checks}`, afterEffect: true })],
    ],
    [
      '502 after the comment was made',
      [api({ kind: 'status', status: 502, route: 'POST /repos/{owner}/{repo}/issues', afterEffect: true })],
    ],
    ['the connection breaks after the verdict', [api({ kind: 'reset', route: 'PATCH ', afterEffect: true })]],
    ['the token expires before the check', [api({ kind: 'expired', route: checks })]],
    ['the token expires before the comment', [api({ kind: 'expired', route: comments })]],
    ['the pull request is read as it was before the push', [{ on: 'read', kind: 'stale', times: 2 }]],
    ['Git does not answer', [{ on: 'git', kind: 'reset', service: 'upload-pack', repository: 'acme/a', times: 2 }]],
    [
      'Git sends half a pack',
      [{ on: 'git', kind: 'truncate', service: 'upload-pack', packOnly: true, repository: 'acme/a' }],
    ],
  ];
  it.each(table)('%s', async (_, faults) => {
    const number = await open();
    await expectPeace(app, []);
    const before = calls();
    for (const fault of faults) app.github.fault(fault);
    await push(`change-${change - 1}`);
    const second = await open();
    await expectPeace(app, [`#${number} was pushed and #${second} opened`]);
    expect(calls() - before).toBeLessThanOrEqual(mostCalls);
  });
});

describe('faults of the worker and the store', () => {
  // 256, 257: a worker that is frozen while another does its job, and newer ones, must not write when it thaws.
  it('256, 257: a frozen worker that thaws after another has reviewed a newer head', async () => {
    const number = await open();
    await expectPeace(app, []);
    const [, first, second] = app.children;
    const seen = app.github.counters.log.length;
    await push(`change-${change - 1}`);
    await app.github.waitFor('the announcement', () =>
      app.github.counters.log.slice(seen).some(({ route }) => route.startsWith('POST ') && route.endsWith(checks)),
    );
    for (const worker of [first, second]) worker?.signal('SIGSTOP');
    await push(`change-${change - 1}`);
    second?.signal('SIGCONT');
    await app.github.waitFor(
      'the newer head',
      () => app.wrong().filter((one) => one.includes(`#${number} `)).length === 0,
      120_000,
    );
    first?.signal('SIGCONT');
    await expectPeace(app, []);
  });

  // 269: all that waits and all that is under way is forgotten.
  it('269: the store is emptied while idle, while jobs wait and while a review is under way', async () => {
    await redis.command('FLUSHALL');
    const before = calls();
    await open();
    await open();
    await redis.command('FLUSHALL');
    await app.github.waitFor('a review', () => calls() > before);
    await redis.command('FLUSHALL');
    await expectPeace(app, []);
  });

  // 272: what cannot be kept is not taken; GitHub remembers that it failed.
  it('272: the store is full', async () => {
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    await open();
    await app.github.waitFor('a refused delivery', () =>
      app.github.world.deliveries.some(({ event, statusCode }) => event === 'pull_request' && statusCode === 503),
    );
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    await expectPeace(app, []);
  });

  // 271: the store is away, with all it had, and comes back empty.
  it('271: the store dies with jobs in hand and comes back without them', async () => {
    await open();
    await redis.kill();
    await open();
    await redis.start();
    await expectPeace(app, []);
  });
});
