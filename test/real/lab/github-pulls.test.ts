import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { runGit, tryGit } from '../../../lab/github/git/run.ts';
import { setStage, type Stage } from './stage.ts';

let stage: Stage;
let dir: string;
beforeAll(async () => {
  stage = await setStage();
  dir = await mkdtemp(join(tmpdir(), 'lab-test-'));
});
beforeEach(async () => {
  await stage.lab.delivered();
  stage.receiver.received.length = 0;
});
afterAll(async () => {
  await stage.close();
  expect(stage.lab.contract?.violations).toEqual([]);
  await rm(dir, { recursive: true });
});

const web = 'acme/web';
const push = (branch: string, files: Record<string, string | null>, more: { from?: string; force?: boolean } = {}) =>
  stage.lab.pushFiles(web, 'bob', { branch, files, ...more });
const open = (head: string) => stage.lab.openPullRequest(web, 'bob', { head, base: 'main' });
const token = (): string => stage.lab.tokenOf(stage.installation).token;

/** What a Git client sees of a reference. */
async function seen(ref: string): Promise<string | undefined> {
  const url = stage.lab.address.replace('//', `//x-access-token:${token()}@`);
  const out = await runGit(dir, ['ls-remote', `${url}/${web}.git`, ref]);
  return out.split('\t', 1)[0] || undefined;
}

describe('references of a pull request', () => {
  test('head and trial merge are there for Git to fetch', async () => {
    const head = await push('refs', { 'refs.yaml': 'a' });
    const pull = await open('refs');
    expect(await seen(`refs/pull/${pull.number}/head`)).toBe(head);
    const merge = await seen(`refs/pull/${pull.number}/merge`);
    expect(merge).toBe(pull.pull.mergeCommit);
    await runGit(dir, ['init', '--quiet', '--bare', '.']);
    const url = stage.lab.cloneUrl(web, 'bob');
    await runGit(dir, ['fetch', '--quiet', '--depth=1', url, `refs/pull/${pull.number}/merge`]);
    await runGit(dir, ['fetch', '--quiet', url, merge ?? '']);
    expect(await runGit(dir, ['cat-file', 'commit', merge ?? ''])).toContain(`parent ${head}\n`);
  });

  test('nobody can push to them', async () => {
    const pull = await open('refs').catch(() => stage.lab.pull(web, 1));
    const tip = stage.lab.repository(web).refs.get('refs/heads/main') ?? '';
    const forced = stage.lab.push(web, 'ada', stage.lab.repository(web).path, `+${tip}:refs/pull/${pull.number}/head`);
    await expect(forced).rejects.toThrow(/deny updating a hidden ref/);
  });

  test('on a conflict the trial merge stays as it was, and comes back with the base', async () => {
    await push('conflict', { 'README.md': 'mine\n' });
    const pull = await open('conflict');
    const before = await seen(`refs/pull/${pull.number}/merge`);
    await push('main', { 'README.md': 'theirs\n' });
    const { body } = await stage.call(`GET /repos/acme/web/pulls/${pull.number}`);
    expect(body).toMatchObject({ mergeable: false, mergeable_state: 'dirty' });
    expect(await seen(`refs/pull/${pull.number}/merge`)).toBe(before);
    await push('main', { 'README.md': 'hello\n' });
    expect((await stage.call(`GET /repos/acme/web/pulls/${pull.number}`)).body.mergeable).toBe(true);
    expect(await seen(`refs/pull/${pull.number}/merge`)).not.toBe(before);
  });
});

describe('a push', () => {
  test('says what it forced, made and removed', async () => {
    const first = await push('pushed', { p: '1' });
    await stage.lab.delivered();
    const forced = await push('pushed', { p: '2' }, { from: 'main', force: true });
    await stage.lab.delivered();
    await stage.lab.deleteBranch(web, 'bob', 'pushed');
    await stage.lab.delivered();
    const pushes = stage.receiver.received.filter(({ event }) => event === 'push').map(({ body }) => body);
    expect(pushes).toMatchObject([
      { created: true, before: '0'.repeat(40), after: first, commits: [{ added: ['p'] }], sender: { login: 'bob' } },
      { forced: true, before: first, after: forced },
      { deleted: true, after: '0'.repeat(40), head_commit: null, commits: [] },
    ]);
  });

  test('moves its pull request before the webhook says so', async () => {
    await push('moved', { m: '1' });
    const pull = await open('moved');
    const before = pull.pull.head.sha;
    const after = await push('moved', { m: '2' }, { from: 'main', force: true });
    expect(pull.pull.head.sha).toBe(after);
    await stage.lab.delivered();
    const told = stage.receiver.received.find(({ body }) => body['action'] === 'synchronize');
    expect(told?.body).toMatchObject({ before, after, number: pull.number, pull_request: { head: { sha: after } } });
  });

  test('of a branch away closes its pull request', async () => {
    await push('gone', { g: '1' });
    const pull = await open('gone');
    await stage.lab.deleteBranch(web, 'bob', 'gone');
    expect(pull).toMatchObject({ state: 'closed', pull: { mergedAt: null } });
    await expect(stage.lab.reopen(web, pull.number, 'bob')).rejects.toThrow('Validation Failed');
  });

  test('to the base that holds the head merges it', async () => {
    const head = await push('direct', { d: '1' });
    const pull = await open('direct');
    await stage.lab.push(web, 'ada', stage.lab.repository(web).path, `${head}:refs/heads/main`);
    expect(pull).toMatchObject({ state: 'closed', pull: { mergeCommit: head } });
  });

  test.each([
    ['without credentials', '', /Authentication|could not read Username/],
    ['by a stranger', 'eve', /not found/],
  ])('%s is refused', async (_name, login, message) => {
    const url = login === '' ? `${stage.lab.address}/${web}.git` : stage.lab.cloneUrl(web, login);
    const { code, err } = await tryGit(stage.lab.repository(web).path, ['push', url, 'main:refs/heads/x']);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
  });

  test('that is not forward to a protected branch is refused', async () => {
    await push('release', { r: '1' });
    await push('release', { r: '2' });
    await stage.lab.protect(web, 'release', { enforceAdmins: true });
    await expect(push('release', { r: '3' }, { from: 'main', force: true })).rejects.toThrow(/GH006.*force-push/s);
    await expect(stage.lab.deleteBranch(web, 'ada', 'release')).rejects.toThrow(/GH006.*delete/s);
    await push('release', { r: '3' });
    await stage.lab.protect(web, 'release', undefined);
  });
});

describe('a pull request', () => {
  test('is closed, reopened, retargeted, retitled and made a draft', async () => {
    const { lab } = stage;
    await push('life', { l: '1' });
    await push('target', { t: '1' });
    const { number } = await open('life');
    await lab.close(web, number, 'bob');
    await lab.reopen(web, number, 'bob');
    await lab.retarget(web, number, 'bob', 'target');
    await lab.editTitle(web, number, 'bob', '@ada `rm -rf`\n<b>');
    lab.setDraft(web, number, 'bob', true);
    lab.setDraft(web, number, 'bob', false);
    await lab.delivered();
    const pulls = stage.receiver.received.filter(({ event }) => event === 'pull_request');
    expect(pulls.map(({ body }) => String(body['action'])).toSorted()).toEqual(
      ['closed', 'converted_to_draft', 'edited', 'edited', 'opened', 'ready_for_review', 'reopened'].toSorted(),
    );
    const retargeted = pulls.find(({ body }) => 'base' in ((body['changes'] as object | undefined) ?? {}));
    expect(retargeted?.body).toMatchObject({ changes: { base: { ref: { from: 'main' } } } });
    expect((await stage.call('GET /repos/acme/web/pulls?base=target&head=acme:life')).body).toHaveLength(1);
  });

  test('comes from a fork, and outlives it', async () => {
    const { lab, call } = stage;
    await lab.forkRepository(web, 'eve');
    const head = await lab.pushFiles('eve/web', 'eve', { branch: 'main', files: { 'fork.yaml': 'f: 1\n' } });
    const pull = await lab.openPullRequest(web, 'eve', { head: 'eve:main', base: 'main' });
    const { body } = await call(`GET /repos/acme/web/pulls/${pull.number}`);
    expect(body).toMatchObject({
      head: { sha: head, ref: 'main', label: 'eve:main', repo: { full_name: 'eve/web', fork: true } },
    });
    expect(await seen(`refs/pull/${pull.number}/head`)).toBe(head);
    const next = await lab.pushFiles('eve/web', 'eve', { branch: 'main', files: { 'fork.yaml': 'f: 2\n' } });
    expect(await seen(`refs/pull/${pull.number}/head`)).toBe(next);
    const run = await call('POST /repos/acme/web/check-runs', { name: 'sluice', head_sha: next });
    expect(run.body.pull_requests).toEqual([]);
    await lab.deleteRepository('eve/web', 'eve');
    expect((await call(`GET /repos/acme/web/pulls/${pull.number}`)).body.head).toMatchObject({ sha: next, repo: null });
  });

  test('is opened and merged through the API by the App', async () => {
    const { lab, call } = stage;
    const tip = lab.repository(web).refs.get('refs/heads/main');
    expect((await call('POST /repos/acme/web/git/refs', { ref: 'refs/heads/bump', sha: tip })).status).toBe(201);
    const read = await call('GET /repos/acme/web/contents/README.md?ref=bump');
    expect(Buffer.from(read.body.content, 'base64').toString()).toBe('hello\n');
    const content = Buffer.from('bumped\n').toString('base64');
    const write = { message: 'Bump', content, branch: 'bump' };
    expect((await call('PUT /repos/acme/web/contents/README.md', write)).status).toBe(422);
    expect((await call('PUT /repos/acme/web/contents/README.md', { ...write, sha: '1'.repeat(40) })).status).toBe(409);
    const written = await call('PUT /repos/acme/web/contents/README.md', { ...write, sha: read.body.sha });
    expect(written.status).toBe(200);
    const opened = await call('POST /repos/acme/web/pulls', { title: 'Bump', head: 'bump', base: 'main' });
    expect(opened.body).toMatchObject({ user: { login: 'sluice[bot]', type: 'Bot' }, changed_files: 1 });
    const at = `/repos/acme/web/pulls/${opened.body.number}`;
    expect((await call('POST /repos/acme/web/pulls', { title: 'Bump', head: 'bump', base: 'main' })).status).toBe(422);
    expect((await call(`GET ${at}/files`)).body).toMatchObject([
      { filename: 'README.md', status: 'modified', changes: 2 },
    ]);
    expect((await call(`POST ${at}/reviews`, { event: 'APPROVE' })).status).toBe(422);
    stage.lab.review(web, opened.body.number, 'ada', 'APPROVED');
    expect((await call(`GET ${at}/reviews`)).body).toMatchObject([{ state: 'APPROVED', user: { login: 'ada' } }]);
    const merged = await call(`PUT ${at}/merge`, { sha: opened.body.head.sha, merge_method: 'squash' });
    expect(merged.body.merged).toBe(true);
    expect(lab.repository(web).refs.get('refs/heads/main')).toBe(merged.body.sha);
    expect((await call(`GET ${at}`)).body).toMatchObject({ merged: true, state: 'closed' });
    expect((await call(`GET /repos/acme/web/commits/${merged.body.sha}/pulls`)).body[0].number).toBe(
      opened.body.number,
    );
    expect((await call(`GET /repos/acme/web/compare/main...bump`)).body).toMatchObject({ status: 'diverged' });
    expect((await call('DELETE /repos/acme/web/git/refs/heads/bump')).status).toBe(204);
    expect((await call('GET /repos/acme/web/git/ref/heads/bump')).status).toBe(404);
    expect((await call('GET /repos/acme/web/branches')).body.length).toBeGreaterThan(2);
    expect((await call('GET /repos/acme/web/commits?per_page=2')).body).toHaveLength(2);
    expect((await call('GET /repos/acme/web/contents/')).body[0]).toMatchObject({ type: 'file' });
  });

  test('many pushes at once lose nothing', async () => {
    const { lab, receiver } = stage;
    const branches = Array.from({ length: 8 }, (_, at) => `many-${at}`);
    await Promise.all(branches.map((branch) => push(branch, { [branch]: branch })));
    const pulls = await Promise.all(branches.map(open));
    expect(new Set(pulls.map(({ number }) => number)).size).toBe(8);
    await lab.delivered();
    expect(receiver.names().filter((name) => name === 'push')).toHaveLength(8);
    expect(receiver.names().filter((name) => name === 'pull_request.opened')).toHaveLength(8);
  });
});

describe('statuses and deployments', () => {
  test('are made, listed and limited', async () => {
    const { call } = stage;
    const sha = stage.lab.repository(web).refs.get('refs/heads/main');
    const status = { state: 'success', context: 'ci', description: 'd'.repeat(140) };
    expect((await call(`POST /repos/acme/web/statuses/${sha}`, status)).status).toBe(201);
    expect(
      (await call(`POST /repos/acme/web/statuses/${sha}`, { ...status, description: 'd'.repeat(141) })).status,
    ).toBe(422);
    expect((await call(`GET /repos/acme/web/commits/${sha}/status`)).body).toMatchObject({
      state: 'success',
      total_count: 1,
    });
    expect((await call(`GET /repos/acme/web/commits/main/statuses`)).body).toHaveLength(1);
    const asked = { ref: sha, environment: 'prod/checkout', auto_merge: false, required_contexts: [] };
    const first = await call('POST /repos/acme/web/deployments', asked);
    const second = await call('POST /repos/acme/web/deployments', asked);
    for (const { body } of [first, second]) {
      const said = await call(`POST /repos/acme/web/deployments/${body.id}/statuses`, {
        state: 'success',
        log_url: 'https://example.com',
      });
      expect(said.status).toBe(201);
    }
    const states = await call(`GET /repos/acme/web/deployments/${first.body.id}/statuses`);
    expect(states.body.map((one: { state: string }) => one.state)).toEqual(['inactive', 'success']);
    expect((await call('GET /repos/acme/web/deployments?environment=prod/checkout')).body).toHaveLength(2);
    expect((await call(`GET /repos/acme/web/deployments/${first.body.id}`)).status).toBe(200);
  });

  test('of production stay active beside later ones; what is active is not deleted', async () => {
    const { call } = stage;
    const asked = { ref: 'main', environment: 'production', auto_merge: false, required_contexts: [] };
    const ids: number[] = [];
    for (const state of ['success', 'success', 'in_progress']) {
      const { id } = (await call('POST /repos/acme/web/deployments', asked)).body;
      ids.push(id);
      expect((await call(`POST /repos/acme/web/deployments/${id}/statuses`, { state })).status).toBe(201);
    }
    const [first, , third] = ids;
    const states = (await call(`GET /repos/acme/web/deployments/${first}/statuses`)).body;
    expect(states.map(({ state }: { state: string }) => state)).toEqual(['success']);
    expect((await call(`DELETE /repos/acme/web/deployments/${first}`)).status).toBe(422);
    expect((await call(`DELETE /repos/acme/web/deployments/${third}`)).status).toBe(204);
    expect((await call(`GET /repos/acme/web/deployments/${third}`)).status).toBe(404);
  });

  test.each([
    ['a ref that is not there', { ref: 'nowhere' }],
    ['an environment without a name', { environment: '' }],
    ['an environment with too long a name', { environment: 'e'.repeat(256) }],
    ['contexts that are no list', { required_contexts: 'ci' }],
  ])('are refused for %s', async (_, wrong) => {
    const asked = { ref: 'main', environment: 'prod', auto_merge: false, required_contexts: [], ...wrong };
    expect((await stage.call('POST /repos/acme/web/deployments', asked)).status).toBe(422);
  });

  test.each([
    ['a description too long', { state: 'success', description: 'd'.repeat(141) }],
    ['a state of its own', { state: 'live' }],
  ])('take no status with %s', async (_, wrong) => {
    const { call } = stage;
    const asked = { ref: 'main', environment: 'prod', auto_merge: false, required_contexts: [] };
    const { id } = (await call('POST /repos/acme/web/deployments', asked)).body;
    expect((await call(`POST /repos/acme/web/deployments/${id}/statuses`, wrong)).status).toBe(422);
  });
});
