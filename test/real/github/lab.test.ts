// The adapter against the lab's GitHub, which is held to GitHub's own description of its API. The App has just the
// permissions of app.yml.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { App, Installation } from '../../../lab/github/app.ts';
import { type LabGitHub, startGitHub } from '../../../lab/github/github.ts';
import type { Clock } from '../../../src/adapters/github/clock.ts';
import { createGitHub } from '../../../src/adapters/github/github.ts';
import type { CheckAnnotation, GitHub, RepositoryId } from '../../../src/ports/github.ts';
import { type Hooked, hooked, secret } from '../server/hook.ts';

const level = z.enum(['read', 'write']);
const manifest = z
  .object({ default_permissions: z.record(z.string(), level), default_events: z.array(z.string()) })
  .parse(parse(readFileSync(new URL('../../../app.yml', import.meta.url), 'utf8')));
const marker = '<!-- sluice -->';
const output = { title: 'Reviewing', summary: 's', annotations: [] };

let lab: LabGitHub;
let app: App;
let installation: Installation;
let hub: GitHub;
let at: RepositoryId;
let pull: number;
let head: string;
let hook: Hooked;

/** The lab's time, so that its clock can be moved. */
const clock: Clock = { now: () => lab.clock.now(), sleep: async (ms) => lab.clock.advance(ms) };

beforeAll(async () => {
  lab = await startGitHub({ contract: true });
  lab.createOrganisation('acme');
  for (const login of ['ada', 'bob']) lab.createUser(login);
  lab.addMember('acme', 'ada', 'admin');
  const repository = await lab.createRepository('acme/shop');
  lab.setCollaborator('acme/shop', 'bob', 'write');
  await lab.pushFiles('acme/shop', 'ada', { branch: 'main', files: { 'a.yaml': 'a: 1\n' }, message: 'Start' });
  app = lab.registerApp({
    name: 'Sluice',
    owner: 'acme',
    permissions: manifest.default_permissions,
    events: manifest.default_events,
  });
  hook = await hooked({ appId: app.id });
  lab.setWebhook(app, { url: hook.server.webhookUrl, secret });
  installation = lab.installApp(app, 'acme');
  at = { installation: installation.id, repository: repository.id };
  head = await lab.pushFiles('acme/shop', 'bob', { branch: 'topic', files: { 'a.yaml': 'a: 2\n' } });
  pull = (await lab.openPullRequest('acme/shop', 'bob', { head: 'topic', base: 'main', title: 'Two' })).number;
  await lab.delivered();
});
beforeEach(() => {
  hub = createGitHub({ appId: app.id, privateKey: app.privateKey, apiUrl: lab.apiUrl, clock });
});
afterEach(() => {
  lab.faults.clear();
  expect(lab.contract?.violations).toEqual([]);
});
afterAll(async () => {
  await lab.stop();
  await hook.server.close(0);
});

test('reads the pull request and its repository by number, whatever they are called', async () => {
  const found = await hub.pullRequest(at, pull);
  expect(found).toMatchObject({ number: pull, state: 'open', head: { sha: head, fork: false }, mergeable: true });
  lab.rename('acme/shop', 'store', 'ada');
  expect(await hub.pullRequest(at, pull)).toMatchObject({ repository: { fullName: 'acme/store' } });
  expect(await hub.repository(at)).toEqual({
    ...at,
    fullName: 'acme/store',
    cloneUrl: `${lab.address}/acme/store.git`,
    archived: false,
  });
  lab.rename('acme/store', 'shop', 'ada');
  const open: number[] = [];
  for await (const one of hub.openPullRequests(at)) open.push(one.number);
  expect(open).toEqual([pull]);
  const visible: string[] = [];
  for await (const one of hub.repositories()) visible.push(one.fullName);
  expect(visible).toEqual(['acme/shop']);
});

test('a review in four calls: read, start, comment, complete', async () => {
  await hub.pullRequest(at, pull);
  const before = lab.counters.log.length;
  await hub.pullRequest(at, pull);
  const check = await hub.startCheck(at, head, output, `pull/${pull}`);
  const comment = await hub.createComment(at, pull, `${marker}\nAll well`);
  await hub.updateCheck(at, check.id, { ...output, title: 'Passed' }, 'success');
  expect(lab.counters.log).toHaveLength(before + 4);
  expect(await hub.checkRuns(at, head)).toEqual([{ id: check.id, head, completed: true }]);
  expect(await hub.comments(at, pull, marker)).toEqual([{ id: comment.id, body: `${marker}\nAll well` }]);
  await hub.updateComment(at, comment.id, `${marker}\nBetter`);
  // A person's copy of our marker is not ours.
  lab.comment('acme/shop', pull, 'bob', `${marker}\nApproved!`);
  expect(await hub.comments(at, pull, marker)).toEqual([{ id: comment.id, body: `${marker}\nBetter` }]);
  await hub.deleteComment(at, comment.id);
  await hub.deleteComment(at, comment.id);
  expect(await hub.comments(at, pull, marker)).toEqual([]);
  await expect(hub.updateComment(at, comment.id, 'x')).rejects.toMatchObject({ code: 'github.gone' });
});

test('where branches were moved away from: pushed to, forced and deleted, not made', async () => {
  const files = { 'a.yaml': 'a: moved\n' };
  const first = await lab.pushFiles('acme/shop', 'bob', { branch: 'moving', files });
  const second = await lab.pushFiles('acme/shop', 'bob', { branch: 'moving', files: { 'a.yaml': 'a: again\n' } });
  const third = await lab.pushFiles('acme/shop', 'bob', { branch: 'moving', from: 'main', files, force: true });
  await lab.deleteBranch('acme/shop', 'bob', 'moving');
  const moves = await hub.branchMoves(at);
  expect(moves.slice(0, 3).map(({ left }) => left)).toEqual([third, second, first]);
  expect(new Set(moves.map(({ id }) => id)).size).toBe(moves.length);
  for (const { ageMs } of moves) expect(ageMs).toBeLessThan(10 * 60_000);
});

test('120 annotations arrive, and none twice', async () => {
  const annotations: CheckAnnotation[] = Array.from({ length: 120 }, (_, index) => ({
    path: 'a.yaml',
    startLine: index + 1,
    endLine: index + 1,
    level: 'warning',
    title: `rule ${index}`,
    message: 'because',
  }));
  const check = await hub.startCheck(at, head, output);
  await hub.updateCheck(at, check.id, { title: 't', summary: '€'.repeat(40_000), annotations }, 'failure');
  const run = lab.checkRunsOf('acme/shop', head).at(-1);
  expect(run).toMatchObject({ status: 'completed', conclusion: 'failure' });
  const lines = run?.annotations.map((one) => one.start_line);
  expect(lines).toEqual(annotations.map(({ startLine }) => startLine));
});

describe('webhooks of the lab', () => {
  test('become jobs by the server, and "Re-run" finds its pull request', async () => {
    expect(hook.jobs.filter(({ kind }) => kind === 'review')).toEqual([
      expect.objectContaining({ ...at, fullName: 'acme/shop', pull }),
    ]);
    const check = await hub.startCheck(at, head, output, `pull/${pull}`);
    await hub.updateCheck(at, check.id, output, 'neutral');
    await lab.delivered();
    hook.jobs.length = 0;
    const run = lab.checkRunsOf('acme/shop', head).find(({ id }) => id === check.id);
    if (run === undefined) throw new Error('no run');
    lab.rerequestCheck('acme/shop', run, 'bob');
    await lab.delivered();
    expect(hook.jobs).toEqual([expect.objectContaining({ kind: 'review', pull })]);
  });

  test('a lost delivery is asked for again, and once is enough', async () => {
    hook.jobs.length = 0;
    hook.add = () => Promise.reject(new Error('down'));
    head = await lab.pushFiles('acme/shop', 'bob', { branch: 'topic', files: { 'a.yaml': 'a: 3\n' } });
    await lab.delivered();
    expect(hook.jobs).toEqual([]);
    hook.add = async () => {};
    const since = new Date(lab.clock.now() - 3_600_000);
    expect(await hub.redeliverFailed(since)).toBe(1);
    await lab.delivered();
    expect(hook.jobs).toEqual([expect.objectContaining({ kind: 'review', pull })]);
    expect(await hub.redeliverFailed(since)).toBe(0);
  });
});

describe('faults', () => {
  const failing = (act: () => Promise<unknown>): Promise<unknown> =>
    act().then(
      () => 'went through',
      (error: unknown) => error,
    );

  test('a secondary limit: a time to come back, no call until then', async () => {
    await hub.pullRequest(at, pull);
    lab.fault({ on: 'api', kind: 'secondary', retryAfter: 30 });
    const before = lab.counters.log.length;
    for (let call = 0; call < 20; call += 1)
      expect(await failing(() => hub.pullRequest(at, pull))).toMatchObject({ code: 'github.limit', kind: 'transient' });
    expect(lab.counters.log.length - before).toBeLessThanOrEqual(1);
    lab.clock.advance(32_000);
    expect(await hub.pullRequest(at, pull)).toBeDefined();
  });

  test('the primary limit: until the hour is over', async () => {
    await hub.pullRequest(at, pull);
    lab.fault({ on: 'api', kind: 'primary' });
    const error = await failing(() => hub.pullRequest(at, pull));
    expect(error).toMatchObject({ code: 'github.limit', kind: 'transient', retryAt: expect.any(Date) });
    const { retryAt } = error as { retryAt: Date };
    expect(retryAt.getTime() - lab.clock.now()).toBeLessThanOrEqual(3_602_000);
    lab.clock.advance(retryAt.getTime() - lab.clock.now());
    expect(await hub.pullRequest(at, pull)).toBeDefined();
  });

  test.each([[500], [502], [503], [504]])('%s is transient, once', async (status) => {
    await hub.pullRequest(at, pull);
    lab.fault({ on: 'api', kind: 'status', status });
    expect(await failing(() => hub.pullRequest(at, pull))).toMatchObject({ code: 'github.unavailable' });
    expect(await hub.pullRequest(at, pull)).toBeDefined();
  });

  test('a connection that breaks after the effect is transient: whoever tries again looks first', async () => {
    await hub.pullRequest(at, pull);
    lab.fault({ on: 'api', kind: 'reset', route: 'comments', afterEffect: true });
    expect(await failing(() => hub.createComment(at, pull, `${marker} x`))).toMatchObject({ kind: 'transient' });
    const made = await hub.comments(at, pull, marker);
    expect(made).toHaveLength(1);
    for (const { id } of made) await hub.deleteComment(at, id);
  });

  test('tokens that end in the middle are replaced', async () => {
    await hub.pullRequest(at, pull);
    lab.expireTokens();
    const check = await hub.startCheck(at, head, output);
    lab.expireTokens();
    await hub.updateCheck(at, check.id, output, 'neutral');
    expect(hub.calls['POST /app/installations/{installation_id}/access_tokens']).toBe(3);
  });

  test.each([
    ['ahead', 10],
    ['behind', -10],
  ])('our clock is minutes %s', async (_, minutes) => {
    const off: Clock = { ...clock, now: () => lab.clock.now() + minutes * 60_000 };
    const skewed = createGitHub({ appId: app.id, privateKey: app.privateKey, apiUrl: lab.apiUrl, clock: off });
    expect(await skewed.pullRequest(at, pull)).toBeDefined();
    expect(skewed.calls['POST /app/installations/{installation_id}/access_tokens']).toBe(2);
  });

  test('a permission that is taken away ends it, and says which', async () => {
    await hub.pullRequest(at, pull);
    lab.setPermissions(installation, { ...manifest.default_permissions, checks: 'read' });
    expect(await failing(() => hub.startCheck(at, head, output))).toMatchObject({
      code: 'github.denied',
      kind: 'terminal',
    });
    lab.setPermissions(installation, manifest.default_permissions);
  });

  test('a locked conversation, to an App that may write, is open', async () => {
    lab.lock('acme/shop', pull);
    expect(await failing(() => hub.createComment(at, pull, `${marker} y`))).toBe('went through');
    lab.lock('acme/shop', pull, false);
    for (const { id } of await hub.comments(at, pull, marker)) await hub.deleteComment(at, id);
  });

  test('suspended, unselected, archived', async () => {
    lab.suspend(installation);
    const fresh = createGitHub({ appId: app.id, privateKey: app.privateKey, apiUrl: lab.apiUrl, clock });
    expect(await fresh.pullRequest(at, pull)).toBeUndefined();
    expect(await failing(() => fresh.createComment(at, pull, 'x'))).toMatchObject({ code: 'github.gone' });
    const seen: unknown[] = [];
    for await (const one of fresh.repositories()) seen.push(one);
    expect(seen).toEqual([]);
    lab.suspend(installation, false);
    lab.archive('acme/shop', 'ada');
    expect(await hub.repository(at)).toMatchObject({ archived: true });
    expect(await failing(() => hub.createComment(at, pull, 'x'))).toMatchObject({
      code: 'github.denied',
      kind: 'terminal',
    });
    lab.archive('acme/shop', 'ada', false);
    lab.selectRepository(installation, 'acme/shop', false);
    expect(await hub.pullRequest(at, pull)).toBeUndefined();
    expect(await failing(() => hub.fetchToken(at))).toMatchObject({ code: 'github.gone', kind: 'terminal' });
    lab.selectRepository(installation, 'acme/shop', true);
  });

  test('Git takes the token of a fetch, which reads and does not write', async () => {
    const token = await hub.fetchToken(at);
    const authorization = `Basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
    const ask = (service: string): Promise<Response> =>
      fetch(`${lab.address}/acme/shop.git/info/refs?service=git-${service}`, { headers: { authorization } });
    expect((await ask('upload-pack')).status).toBe(200);
    expect((await ask('receive-pack')).status).toBeGreaterThanOrEqual(401);
  });
});
