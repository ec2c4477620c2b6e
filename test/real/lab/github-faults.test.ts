import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Fault, GitFault } from '../../../lab/github/faults.ts';
import { runGit, tryGit } from '../../../lab/github/git/run.ts';
import { jwt, setStage, type Stage } from './stage.ts';

let stage: Stage;
let dir: string;
beforeAll(async () => {
  stage = await setStage({ contract: false, limits: { perHour: 1000, contentPerMinute: 3, pointsPerMinute: 900 } });
  dir = await mkdtemp(join(tmpdir(), 'lab-test-'));
});
beforeEach(async () => {
  await stage.lab.delivered();
  stage.receiver.received.length = 0;
});
afterEach(() => stage.lab.faults.clear());
afterAll(async () => {
  await stage.close();
  await rm(dir, { recursive: true });
});

describe('webhooks', () => {
  const open = (title: string) => {
    stage.lab.openIssue('acme/web', 'bob', title);
    return stage.lab.comment('acme/web', stage.lab.repository('acme/web').issues.size, 'bob', title);
  };
  const bodies = () => stage.receiver.received.map(({ body }) => (body['comment'] as { body: string }).body);

  test.each<[string, Fault, string[]]>([
    ['are dropped', { on: 'webhook', kind: 'drop', event: 'issue_comment.created' }, ['b']],
    ['are lost, and recorded so', { on: 'webhook', kind: 'lose' }, ['b']],
    ['are sent twice', { on: 'webhook', kind: 'duplicate', copies: 2 }, ['a', 'a', 'a', 'b']],
    ['overtake one another', { on: 'webhook', kind: 'reorder' }, ['b', 'a']],
    ['of another event are left alone', { on: 'webhook', kind: 'drop', event: 'push' }, ['a', 'b']],
    ['of another repository are left alone', { on: 'webhook', kind: 'drop', repository: 'acme/x' }, ['a', 'b']],
  ])('%s', async (_name, fault, expected) => {
    stage.lab.fault(fault);
    open('a');
    open('b');
    await stage.lab.delivered();
    expect(expected.length > 2 || expected[0] === 'a' ? bodies().toSorted() : bodies()).toEqual(expected);
  });

  test('are late by as much as said', async () => {
    stage.lab.fault({ on: 'webhook', kind: 'delay', ms: 2_000 });
    open('late');
    open('early');
    await stage.lab.waitFor('both', () => stage.receiver.received.length === 2);
    expect(bodies()).toEqual(['early', 'late']);
  });

  test('that failed are listed and sent again under the same id', async () => {
    stage.receiver.status = 503;
    open('again');
    await stage.lab.delivered();
    stage.receiver.status = 202;
    const token = jwt(stage.app);
    const listed = await stage.call('GET /app/hook/deliveries?status=failure&per_page=1', undefined, token);
    const [failed] = listed.body;
    expect(failed).toMatchObject({ event: 'issue_comment', action: 'created', status_code: 503, redelivery: false });
    const next = /cursor=([^&>]+)/.exec(listed.headers.get('link') ?? '')?.[1];
    expect(
      (await stage.call(`GET /app/hook/deliveries?status=failure&cursor=${next}`, undefined, token)).body.length,
    ).toBeGreaterThan(0);
    const one = await stage.call(`GET /app/hook/deliveries/${failed.id}`, undefined, token);
    expect(one.body).toMatchObject({ request: { payload: { action: 'created' } }, response: { payload: 'thanks' } });
    expect((await stage.call(`POST /app/hook/deliveries/${failed.id}/attempts`, undefined, token)).status).toBe(202);
    await stage.lab.waitFor('redelivery', () => stage.receiver.received.length === 2);
    const [first, second] = stage.receiver.received;
    expect(second).toMatchObject({ guid: first?.guid, signed: true, body: first?.body });
    const again = await stage.call('GET /app/hook/deliveries?per_page=1', undefined, token);
    expect(again.body).toMatchObject([{ guid: failed.guid, redelivery: true, status: 'OK' }]);
  });
});

describe('the API', () => {
  const read = () => stage.call('GET /repos/acme/web');

  test.each<[string, Fault, number, string | null]>([
    ['a secondary limit with its time', { on: 'api', kind: 'secondary', retryAfter: 7 }, 403, '7'],
    ['a secondary limit without', { on: 'api', kind: 'secondary' }, 403, null],
    ['429', { on: 'api', kind: 'secondary', status: 429, retryAfter: 1 }, 429, '1'],
    ['502', { on: 'api', kind: 'status', status: 502 }, 502, null],
    ['503', { on: 'api', kind: 'status', status: 503 }, 503, null],
    ['504', { on: 'api', kind: 'status', status: 504, route: 'GET /repos/{owner}/{repo}' }, 504, null],
    ['a fault of another route', { on: 'api', kind: 'status', route: 'check-runs' }, 200, null],
  ])('answers with %s, once', async (_name, fault, status, retryAfter) => {
    stage.lab.fault(fault);
    const answer = await read();
    expect(answer.status).toBe(status);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
    if (status !== 200) expect((await read()).status).toBe(200);
  });

  test('breaks the connection, before or after the effect', async () => {
    const before = stage.lab.repository('acme/web').checkRuns.size;
    const head = stage.lab.repository('acme/web').refs.get('refs/heads/main');
    const create = () => stage.call('POST /repos/acme/web/check-runs', { name: 'x', head_sha: head });
    stage.lab.fault({ on: 'api', kind: 'reset' });
    await expect(create()).rejects.toThrow('fetch failed');
    expect(stage.lab.repository('acme/web').checkRuns.size).toBe(before);
    stage.lab.fault({ on: 'api', kind: 'reset', afterEffect: true });
    await expect(create()).rejects.toThrow('fetch failed');
    expect(stage.lab.repository('acme/web').checkRuns.size).toBe(before + 1);
  });

  test('is slow', async () => {
    stage.lab.fault({ on: 'api', kind: 'slow', ms: 80 });
    const started = performance.now();
    expect((await read()).status).toBe(200);
    expect(performance.now() - started).toBeGreaterThanOrEqual(79);
  });

  test('ends a token in the middle of its work', async () => {
    const { token } = stage.lab.tokenOf(stage.installation);
    stage.lab.fault({ on: 'api', kind: 'expired' });
    expect((await stage.call('GET /repos/acme/web', undefined, token)).status).toBe(401);
    expect((await stage.call('GET /repos/acme/web', undefined, token)).status).toBe(401);
    expect((await read()).status).toBe(200);
  });

  test('reads stale, and does not know if it merges', async () => {
    const { lab } = stage;
    const first = await lab.pushFiles('acme/web', 'bob', { branch: 'stale', files: { s: '1' } });
    const { number } = await lab.openPullRequest('acme/web', 'bob', { head: 'stale', base: 'main' });
    lab.fault({ on: 'read', kind: 'stale', times: 2 });
    lab.fault({ on: 'read', kind: 'mergeableUnknown' });
    const get = async () => (await stage.call(`GET /repos/acme/web/pulls/${number}`)).body;
    expect(await get()).toMatchObject({ mergeable: null, head: { sha: first } });
    const second = await lab.pushFiles('acme/web', 'bob', { branch: 'stale', files: { s: '2' } });
    const shas = [await get(), await get(), await get()].map(({ head }) => head.sha);
    expect(shas).toEqual([first, first, second]);
  });

  test('limits content in a minute and requests in an hour, and an unchanged answer is free', async () => {
    const { lab, call } = stage;
    const { number } = lab.openIssue('acme/web', 'bob', 'limits');
    const comment = () => call(`POST /repos/acme/web/issues/${number}/comments`, { body: 'hello' });
    const answers = [await comment(), await comment(), await comment(), await comment()];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 403]);
    expect(answers[3]?.headers.get('retry-after')).toBe('60');
    expect(answers[3]?.body.message).toMatch(/secondary rate limit/);
    lab.clock.advance(61_000);
    expect((await comment()).status).toBe(201);
    const { headers } = await read();
    const authorization = `Bearer ${lab.tokenOf(stage.installation).token}`;
    const same = await stage.callWith('GET /repos/acme/web', {
      authorization,
      'if-none-match': headers.get('etag') ?? '',
    });
    expect(same.status).toBe(304);
    expect(same.headers.get('x-ratelimit-used')).toBe(headers.get('x-ratelimit-used'));
    lab.fault({ on: 'api', kind: 'primary' });
    const spent = await read();
    expect(spent).toMatchObject({ status: 403, body: { message: expect.stringMatching(/API rate limit exceeded/) } });
    expect(spent.headers.get('x-ratelimit-remaining')).toBe('0');
    expect((await read()).status).toBe(403);
    expect((await call('GET /rate_limit')).status).toBe(200);
    lab.clock.advance(Number(spent.headers.get('x-ratelimit-reset')) * 1000 - lab.clock.now() + 1000);
    expect((await call('GET /repos/acme/web', undefined, lab.tokenOf(stage.installation).token)).status).toBe(200);
  });

  test('counts calls by route', async () => {
    stage.lab.counters.reset();
    const { token } = stage.lab.tokenOf(stage.installation);
    await stage.call('GET /repos/acme/web', undefined, token);
    await stage.call(`GET /repositories/${stage.lab.repository('acme/web').id}/pulls?state=all`, undefined, token);
    await stage.call('GET /nowhere', undefined, token);
    expect(stage.lab.counters.calls).toEqual({
      'GET /repos/{owner}/{repo}': 1,
      'GET /repositories/{repository_id}/pulls': 1,
      'GET (unknown)': 1,
    });
  });
});

describe('Git', () => {
  const clone = async (settings: readonly string[] = []) => {
    const to = await mkdtemp(join(dir, 'clone-'));
    const flags = settings.flatMap((setting) => ['-c', setting]);
    return tryGit(dir, [...flags, 'clone', '--quiet', '--bare', stage.lab.cloneUrl('acme/web', 'bob'), to]);
  };
  const slow = ['http.lowSpeedLimit=1000', 'http.lowSpeedTime=1'];

  test.each<[GitFault['kind'], RegExp, readonly string[]]>([
    ['refuse', /503/, []],
    ['unauthorized', /401/, []],
    ['reset', /disconnect|early EOF|reset|unexpected|transfer closed/i, []],
    ['truncate', /early EOF|unexpected|truncated|bad pack|disconnect/i, []],
    ['corrupt', /inflate|corrupt|SHA1|pack/i, []],
    ['hang', /too slow|timed? ?out|unexpected disconnect/i, slow],
    ['drip', /too slow|timed? ?out|unexpected disconnect/i, slow],
  ])('fails by %s, and is well again', async (kind, message, settings) => {
    stage.lab.fault({ on: 'git', kind, service: 'upload-pack', packOnly: true, times: null });
    const { code, err } = await clone(settings);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
    stage.lab.faults.clear();
    expect((await clone()).code).toBe(0);
  });

  test('chatters without end', async () => {
    stage.lab.fault({ on: 'git', kind: 'chatter', service: 'upload-pack', packOnly: true, times: null });
    const url = `${stage.lab.address}/acme/web.git/git-upload-pack`;
    const main = stage.lab.repository('acme/web').refs.get('refs/heads/main');
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`bob:${stage.lab.user('bob').token}`).toString('base64')}`,
        'content-type': 'application/x-git-upload-pack-request',
      },
      body: `0032want ${main}\n00000009done\n`,
    });
    const reader = answer.body?.getReader();
    let heard = '';
    while (heard.length < 500) heard += Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
    expect(heard).toMatch(/^0008NAK\n/);
    expect(heard.split('Counting objects').length).toBeGreaterThan(5);
  });

  test('is well for another repository', async () => {
    stage.lab.fault({ on: 'git', kind: 'refuse', repository: 'acme/other', times: null });
    expect((await clone()).code).toBe(0);
    expect((await runGit(dir, ['ls-remote', stage.lab.cloneUrl('acme/web', 'bob')])).includes('refs/heads/main')).toBe(
      true,
    );
  });
});

describe('the control addresses', () => {
  test('set faults, move the time and tell the counters', async () => {
    const at = `${stage.lab.address}/_lab`;
    const post = (what: string, body: unknown) =>
      fetch(`${at}/${what}`, { method: 'POST', body: JSON.stringify(body) });
    expect((await post('faults', { on: 'api', kind: 'status', status: 502 })).status).toBe(201);
    expect((await post('faults', { on: 'api', kind: 'nonsense' })).status).toBe(422);
    expect((await stage.call('GET /rate_limit', undefined, stage.lab.user('bob').token)).status).toBe(502);
    const before = stage.lab.clock.now();
    await post('clock', { ms: 60_000 });
    expect(stage.lab.clock.now() - before).toBeGreaterThanOrEqual(60_000);
    expect(await (await fetch(`${at}/counters`)).json()).toMatchObject({ calls: { 'GET /rate_limit': 1 } });
    expect((await fetch(`${at}/faults`, { method: 'DELETE' })).status).toBe(200);
  });
});
