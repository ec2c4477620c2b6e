import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { permissions, setStage, type Stage } from './stage.ts';

let stage: Stage;
let head: string;
let number: number;
beforeAll(async () => {
  stage = await setStage();
  head = await stage.lab.pushFiles('acme/web', 'bob', { branch: 'change', files: { 'a.yaml': 'a: 1\n' } });
  number = (await stage.lab.openPullRequest('acme/web', 'bob', { head: 'change', base: 'main' })).number;
});
beforeEach(async () => {
  await stage.lab.delivered();
  stage.receiver.received.length = 0;
});
afterAll(async () => {
  await stage.close();
  expect(stage.lab.contract?.violations).toEqual([]);
});

const annotation = { path: 'a.yaml', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'no' };
const create = (body: Record<string, unknown>) =>
  stage.call('POST /repos/acme/web/check-runs', { name: 'sluice', head_sha: head, ...body });

describe('check runs', () => {
  test.each<[string, Record<string, unknown>]>([
    ['51 annotations', { output: { title: 't', summary: 's', annotations: Array(51).fill(annotation) } }],
    ['a summary of 65,536 characters', { output: { title: 't', summary: 's'.repeat(65_536) } }],
    ['a text of 65,536 characters', { output: { title: 't', summary: 's', text: 's'.repeat(65_536) } }],
    ['no summary', { output: { title: 't' } }],
    ['completion without conclusion', { status: 'completed' }],
    ['an unknown conclusion', { conclusion: 'fine' }],
    ['an unknown commit', { head_sha: '0'.repeat(40) }],
    ['four actions', { actions: Array(4).fill({ label: 'a', description: 'b', identifier: 'c' }) }],
    ['an annotation outside', { output: { title: 't', summary: 's', annotations: [{ ...annotation, path: '../x' }] } }],
    [
      'an annotation above line 0',
      { output: { title: 't', summary: 's', annotations: [{ ...annotation, start_line: -1 }] } },
    ],
  ])('are refused with %s', async (_name, body) => {
    expect((await create(body)).status).toBe(422);
  });

  test('gather annotations over several updates', async () => {
    const annotations = Array(50).fill(annotation);
    const { body } = await create({ status: 'in_progress', output: { title: 't', summary: 's', annotations } });
    const more = await stage.call(`PATCH /repos/acme/web/check-runs/${body.id}`, {
      conclusion: 'failure',
      output: { title: 't', summary: 's', annotations: [annotation] },
    });
    expect(more.body.output.annotations_count).toBe(51);
    const listed = await stage.call(`GET /repos/acme/web/check-runs/${body.id}/annotations?per_page=100`);
    expect(listed.body).toHaveLength(51);
    const paged = await stage.call(`GET /repos/acme/web/check-runs/${body.id}/annotations?per_page=50`);
    expect(paged.headers.get('link')).toMatch(/annotations\?per_page=50&page=2>; rel="next"/);
  });

  test('are listed by App and name, the newest first', async () => {
    const { lab, call, app } = stage;
    const other = lab.registerApp({ name: 'Other', owner: 'acme', permissions, events: [] });
    const { token } = lab.tokenOf(lab.installApp(other, 'acme'));
    const foreign = await call(
      'POST /repos/acme/web/check-runs',
      { name: 'sluice', head_sha: head, conclusion: 'success' },
      token,
    );
    const mine = await create({ conclusion: 'failure' });
    const both = await call(`GET /repos/acme/web/commits/${head}/check-runs?check_name=sluice`);
    expect(both.body.check_runs.map((run: { id: number }) => run.id)).toEqual([mine.body.id, foreign.body.id]);
    const own = await call(`GET /repos/acme/web/commits/${head}/check-runs?app_id=${app.id}&filter=latest`);
    expect(own.body).toMatchObject({ total_count: 1, check_runs: [{ id: mine.body.id, app: { id: app.id } }] });
    expect((await call(`PATCH /repos/acme/web/check-runs/${foreign.body.id}`, { conclusion: 'failure' })).status).toBe(
      403,
    );
    const suites = await call(`GET /repos/acme/web/commits/${head}/check-suites?app_id=${app.id}`);
    expect(suites.body.check_suites).toMatchObject([{ conclusion: 'failure', app: { id: app.id } }]);
    const suite = suites.body.check_suites[0].id as number;
    expect((await call(`GET /repos/acme/web/check-suites/${suite}/check-runs`)).body.check_runs).toHaveLength(1);
  });

  test('are asked for again, by button, suite and action', async () => {
    const { lab, receiver, app, call } = stage;
    await create({ conclusion: 'failure', actions: [{ label: 'Ask', description: 'Asks', identifier: 'ask' }] });
    const run = lab.checkRunsOf('acme/web', head).findLast((one) => one.app.id === app.id);
    if (run === undefined) throw new Error('no run');
    lab.rerequestCheck('acme/web', run, 'bob');
    await lab.rerequestSuite('acme/web', run, 'bob');
    lab.requestAction('acme/web', run, 'eve', 'ask');
    expect((await call(`POST /repos/acme/web/check-runs/${run.id}/rerequest`)).status).toBe(201);
    await lab.delivered();
    const asked = receiver.received.filter(({ body }) => String(body['action']).startsWith('re'));
    expect(asked.map(({ body }) => String(body['action'])).toSorted()).toEqual([
      'requested_action',
      'rerequested',
      'rerequested',
      'rerequested',
    ]);
    const action = asked.find(({ body }) => body['action'] === 'requested_action');
    expect(action?.body).toMatchObject({ requested_action: { identifier: 'ask' }, sender: { login: 'eve' } });
  });
});

describe('branch protection', () => {
  test("counts only the required App's check, and merging waits for it", async () => {
    const { lab, app, call } = stage;
    await lab.protect('acme/web', 'main', { checks: [{ context: 'gate', app }], enforceAdmins: true });
    const other = lab.registerApp({ name: 'Imposter', owner: 'acme', permissions, events: [] });
    const { token } = lab.tokenOf(lab.installApp(other, 'acme'));
    await call('POST /repos/acme/web/check-runs', { name: 'gate', head_sha: head, conclusion: 'success' }, token);
    await call(`POST /repos/acme/web/statuses/${head}`, { state: 'success', context: 'gate' }, lab.user('bob').token);
    const merge = () => call(`PUT /repos/acme/web/pulls/${number}/merge`, { sha: head }, lab.user('bob').token);
    expect(await merge()).toMatchObject({
      status: 405,
      body: { message: 'Required status check "gate" is expected.' },
    });
    await create({ name: 'gate', conclusion: 'failure' });
    expect(await merge()).toMatchObject({ status: 405, body: { message: 'Required status check "gate" is failing.' } });
    const rules = await call('GET /repos/acme/web/branches/main/protection');
    expect(rules.body.required_status_checks.checks).toEqual([{ context: 'gate', app_id: app.id }]);
    expect((await call('GET /repos/acme/web/branches/main')).body).toMatchObject({ protected: true });
    expect((await call('GET /repos/acme/web/branches/main/protection/required_status_checks')).body.contexts).toEqual([
      'gate',
    ]);
    expect((await call('GET /repos/acme/web/rules/branches/main')).body).toHaveLength(1);
    await expect(lab.pushFiles('acme/web', 'ada', { branch: 'main', files: { x: 'x' } })).rejects.toThrow(/GH006/);
    expect((await call(`PUT /repos/acme/web/pulls/${number}/merge`, { sha: '1'.repeat(40) })).status).toBe(409);
    await create({ name: 'gate', conclusion: 'success' });
    expect(await merge()).toMatchObject({ status: 200, body: { merged: true } });
    await lab.protect('acme/web', 'main', undefined);
  });

  test('a merge queue tries groups, merges in order and takes out what fails', async () => {
    const { lab, app, call, receiver } = stage;
    await lab.protect('acme/web', 'main', { checks: [{ context: 'queue', app }], mergeQueue: true });
    const pulls = [];
    for (const name of ['one', 'two', 'three']) {
      await lab.pushFiles('acme/web', 'bob', { branch: name, files: { [name]: name } });
      pulls.push(await lab.openPullRequest('acme/web', 'bob', { head: name, base: 'main' }));
    }
    const [one, two, three] = pulls;
    if (one === undefined || two === undefined || three === undefined) throw new Error('no pulls');
    expect((await call(`PUT /repos/acme/web/pulls/${one.number}/merge`, {})).status).toBe(405);
    for (const { number: each } of pulls) await lab.enqueue('acme/web', each, 'bob');
    const groups = [...lab.repository('acme/web').queue];
    expect(groups[1]?.base).toBe(groups[0]?.head);
    const say = (at: number, conclusion: string) =>
      create({ name: 'queue', head_sha: lab.repository('acme/web').queue[at]?.head, conclusion });
    await say(1, 'success');
    expect(one.state).toBe('open');
    await say(0, 'success');
    await lab.waitFor('one and two are merged', () => two.state === 'closed');
    expect([one, two].map(({ pull }) => pull.mergedAt !== null)).toEqual([true, true]);
    await say(0, 'failure');
    await lab.waitFor('three is out', () => lab.repository('acme/web').queue.length === 0);
    expect(three.state).toBe('open');
    const groupsTold = () => receiver.received.filter(({ event }) => event === 'merge_group');
    await lab.waitFor('six events', () => groupsTold().length >= 6);
    const told = groupsTold().map(({ body }) => String(body['reason'] ?? body['action']));
    expect(told.toSorted()).toEqual([...Array(3).fill('checks_requested'), 'dequeued', 'merged', 'merged']);
    await lab.protect('acme/web', 'main', undefined);
  });
});

describe('comments', () => {
  const path = () => `/repos/acme/web/issues/${number}/comments`;

  test('of 65,536 characters and blank ones are refused', async () => {
    const long = await stage.call(`POST ${path()}`, { body: 'a'.repeat(65_536) });
    expect(long).toMatchObject({
      status: 422,
      body: { errors: [{ message: expect.stringMatching(/maximum is 65536/) }] },
    });
    expect((await stage.call(`POST ${path()}`, { body: ' ' })).status).toBe(422);
    expect((await stage.call(`POST ${path()}`, {})).status).toBe(422);
    expect((await stage.call(`POST ${path()}`, { body: 'a'.repeat(65_535) })).status).toBe(201);
  });

  test('are edited, reacted to, listed and deleted', async () => {
    const { call, lab } = stage;
    const { body } = await call(`POST ${path()}`, { body: 'first' });
    const at = `/repos/acme/web/issues/comments/${body.id}`;
    expect((await call(`PATCH ${at}`, { body: 'second' })).body.body).toBe('second');
    expect((await call(`POST ${at}/reactions`, { content: 'eyes' })).status).toBe(201);
    expect((await call(`POST ${at}/reactions`, { content: 'eyes' })).status).toBe(200);
    expect((await call(`POST ${at}/reactions`, { content: 'shrug' })).status).toBe(422);
    expect((await call(`GET ${at}`)).body.reactions).toMatchObject({ eyes: 1, total_count: 1 });
    expect((await call(`GET ${at}/reactions`)).body).toHaveLength(1);
    expect((await call(`DELETE ${at}`, undefined, lab.user('eve').token)).status).toBe(404);
    expect((await call(`DELETE ${at}`)).status).toBe(204);
    expect((await call(`GET ${at}`)).status).toBe(404);
    const edited = lab.comment('acme/web', number, 'bob', 'hello');
    lab.editComment(edited, 'ada', '/approve');
    await lab.delivered();
    const event = stage.receiver.received.find(
      ({ body: sent }) =>
        sent['action'] === 'edited' &&
        'changes' in sent &&
        'comment' in sent &&
        (sent['sender'] as { login: string }).login === 'ada',
    );
    expect(event?.body).toMatchObject({ changes: { body: { from: 'hello' } }, issue: { pull_request: {} } });
  });

  test('on a locked conversation are for members only', async () => {
    const { lab } = stage;
    lab.lock('acme/web', number);
    expect(() => lab.comment('acme/web', number, 'bob', 'hm')).toThrow(/locked/);
    expect(lab.comment('acme/web', number, 'ada', 'hm').body).toBe('hm');
    lab.lock('acme/web', number, false);
  });

  test('on a plain issue are no pull request', async () => {
    const { lab, receiver } = stage;
    const issue = lab.openIssue('acme/web', 'bob', 'A question');
    lab.comment('acme/web', issue.number, 'bob', '/plan');
    await lab.delivered();
    expect(receiver.received.at(-1)?.body['issue']).not.toHaveProperty('pull_request');
    expect((await stage.call(`GET /repos/acme/web/pulls/${issue.number}`)).status).toBe(404);
  });
});
