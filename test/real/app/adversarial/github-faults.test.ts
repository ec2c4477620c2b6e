// What GitHub's API may do to a review: the group "P: GitHub API faults" of the list, and of H what needs the whole App.
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { CheckRun } from '../../../../lab/github/check.ts';
import { configMap, yaml } from '../../check/fleet.ts';
import { RunningApp } from '../app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await RunningApp.start({ keepLog: true });
});
afterAll(() => app.stop());
beforeEach(() => app.github.faults.clear());

const newComment = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments';
const good = (name: string) => ({ 'deploy/more.yaml': yaml(configMap(name, 'a-dev')) });
const bad = (name: string) => ({ 'deploy/more.yaml': yaml(configMap(name, 'kube-system')) });

function concludes(number: number, conclusion: string): Promise<CheckRun> {
  return app.github.waitFor(
    `a check that ends with ${conclusion}`,
    () =>
      app.github
        .checkRunsOf('acme/a', app.github.pull('acme/a', number).pull.head.sha)
        .findLast((run) => run.status === 'completed' && run.conclusion === conclusion),
    90_000,
  );
}

it('306 a secondary limit on comments: tried again when it ends, and commented once', async () => {
  app.github.fault({ on: 'api', route: newComment, kind: 'secondary', retryAfter: 2 });
  const number = await app.open('acme/a', 'limited', good('limited'));
  await app.github.waitFor('the comment', () => app.comments('acme/a', number).length > 0);
  await concludes(number, 'success');
  expect(app.comments('acme/a', number)).toHaveLength(1);
});

it('307 tokens that expire in the middle are replaced', async () => {
  app.github.expireTokens();
  const number = await app.open('acme/a', 'expired', good('expired'));
  await concludes(number, 'success');
  app.github.expireTokens();
  await app.github.pushFiles('acme/a', 'ada', { branch: 'expired', files: bad('expired') });
  await concludes(number, 'failure');
});

it('309 a read of the pull request as it was before the push decides nothing', async () => {
  const number = await app.open('acme/a', 'stale', bad('stale'));
  await concludes(number, 'failure');
  app.github.fault({ on: 'read', kind: 'stale', repository: 'acme/a', times: 2 });
  await app.github.pushFiles('acme/a', 'ada', { branch: 'stale', files: good('stale') });
  const run = await concludes(number, 'success');
  expect(run.head).toBe(app.github.pull('acme/a', number).pull.head.sha);
  // The old head is as it was.
  expect(app.github.checkRunsOf('acme/a', run.head)).toHaveLength(1);
});

it('309 while GitHub does not know if it merges, the refs say which merge is current', async () => {
  app.github.fault({ on: 'read', kind: 'mergeableUnknown', repository: 'acme/a', times: 3 });
  const number = await app.open('acme/a', 'unknown', good('unknown'));
  await concludes(number, 'success');
});

it.each([
  ['422', { kind: 'status', status: 422 }],
  ['403 of a locked conversation', { kind: 'status', status: 403 }],
] as const)('312 a comment that is rejected (%s) leaves the report in the check', async (title, fault) => {
  app.github.fault({ on: 'api', route: newComment, ...fault, times: null });
  const number = await app.open('acme/a', `rejected-${title.slice(0, 3)}`, bad('rejected'));
  const run = await concludes(number, 'failure');
  expect(run.summary).toContain('ConfigMap/kube-system/rejected');
  expect(app.comments('acme/a', number)).toEqual([]);
  await app.github.waitFor('the log', () => app.log.some((line) => line.includes('without a comment')));
});

it('307 189 permissions reduced, then the App suspended: the report is in the check, and the review comes when it is back', async () => {
  const { installation } = app;
  const all = { ...installation.permissions };
  app.github.setPermissions(installation, { ...all, pull_requests: 'read' });
  const number = await app.open('acme/a', 'reduced', bad('reduced'));
  expect((await concludes(number, 'failure')).summary).toContain('ConfigMap/kube-system/reduced');
  app.github.setPermissions(installation, all);
  await app.github.delivered();
  app.github.suspend(installation);
  app.log.length = 0;
  await app.github.pushFiles('acme/a', 'ada', { branch: 'reduced', files: good('reduced') });
  await app.github.delivered();
  app.github.suspend(installation, false);
  await concludes(number, 'success');
});

it('187 pushes whose events come in reverse end with the newest head', async () => {
  const number = await app.open('acme/a', 'reverse', good('reverse'));
  await concludes(number, 'success');
  app.github.fault({ on: 'webhook', event: 'pull_request.synchronize', kind: 'reorder' });
  await app.github.pushFiles('acme/a', 'ada', { branch: 'reverse', files: good('reverse-2') });
  await app.github.pushFiles('acme/a', 'ada', { branch: 'reverse', files: bad('reverse-3') });
  await concludes(number, 'failure');
  await app.github.delivered();
  await concludes(number, 'failure');
  expect(app.comments('acme/a', number)[0]?.body).toContain('reverse-3');
});

it('316 a pack that is cut is fetched again, and never a part of it reviewed', async () => {
  app.github.fault({ on: 'git', kind: 'truncate', packOnly: true, service: 'upload-pack', repository: 'acme/a' });
  const number = await app.open('acme/a', 'cut', bad('cut'));
  await concludes(number, 'failure');
  expect(app.log.some((line) => line.includes('will be tried again') && line.includes('fleet.source'))).toBe(true);
});
