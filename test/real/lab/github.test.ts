import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { setStage, type Stage } from './stage.ts';

describe('a pull request from push to merge', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage();
  });
  afterAll(() => stage.close());

  test('everything that happens is announced, signed and as GitHub describes it', async () => {
    const { lab, receiver, call } = stage;
    const first = await lab.pushFiles('acme/web', 'bob', { branch: 'change', files: { 'a.yaml': 'a: 1\n' } });
    const pull = await lab.openPullRequest('acme/web', 'bob', { head: 'change', base: 'main', title: 'Change a' });
    expect(pull.pull).toMatchObject({ mergeable: true, head: { sha: first } });
    const second = await lab.pushFiles('acme/web', 'bob', { branch: 'change', files: { 'a.yaml': 'a: 2\n' } });
    const read = await call(`GET /repos/acme/web/pulls/${pull.number}`);
    expect(read.body).toMatchObject({
      head: { sha: second },
      mergeable: true,
      changed_files: 1,
      additions: 1,
      commits: 2,
    });

    const run = await call('POST /repos/acme/web/check-runs', {
      name: 'sluice',
      head_sha: second,
      status: 'in_progress',
    });
    expect(run.status).toBe(201);
    const done = await call(`PATCH /repos/acme/web/check-runs/${run.body.id}`, {
      conclusion: 'success',
      output: { title: 'Passed', summary: 'All well' },
    });
    expect(done.body).toMatchObject({ status: 'completed', conclusion: 'success', app: { id: stage.app.id } });
    const comment = await call(`POST /repos/acme/web/issues/${pull.number}/comments`, { body: 'All well' });
    expect(comment.body).toMatchObject({
      user: { login: 'sluice[bot]' },
      performed_via_github_app: { slug: 'sluice' },
    });

    await lab.merge('acme/web', pull.number, 'ada');
    await lab.delivered();
    expect(lab.contract?.violations).toEqual([]);
    expect(receiver.received.every(({ signed }) => signed)).toBe(true);
    expect(receiver.names().toSorted()).toMatchInlineSnapshot(`
      [
        "check_run.completed",
        "check_run.created",
        "check_suite.completed",
        "check_suite.requested",
        "check_suite.requested",
        "check_suite.requested",
        "installation.created",
        "issue_comment.created",
        "ping",
        "pull_request.closed",
        "pull_request.opened",
        "pull_request.synchronize",
        "push",
        "push",
        "push",
      ]
    `);
  });
});
