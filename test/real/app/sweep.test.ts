// What a sweep finds by itself, when no webhook comes and no job is left.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCheck } from '../../../lab/github/checks.ts';
import { configMap, yaml } from '../check/fleet.ts';
import { RunningApp } from './app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await RunningApp.start({ sweepSeconds: 1 });
  app.github.fault({ on: 'webhook', kind: 'drop', times: null });
});
afterAll(() => app.stop());

const file = (name: string, namespace: string): Record<string, string> => ({
  'deploy/more.yaml': yaml(configMap(name, namespace)),
});

/** What a worker that was killed leaves: a check that was announced, and nobody who knows of it. */
async function announced(head: string) {
  const repository = app.github.repository('acme/a');
  return createCheck(app.github.world, repository, app.app, { name: 'sluice', head, status: 'in_progress' });
}

it('ends the check that was left open on a commit, after a force push', async () => {
  const old = await app.github.pushFiles('acme/a', 'ada', { branch: 'left', files: file('old', 'a-dev') });
  const left = await announced(old);
  const force = { branch: 'left', force: true, from: 'main', files: file('new', 'a-dev') };
  const head = await app.github.pushFiles('acme/a', 'ada', force);
  const { number } = await app.github.openPullRequest('acme/a', 'ada', { head: 'left', base: 'main' });
  await app.github.waitFor('the end of the old check', () => left.status === 'completed');
  expect(left.conclusion).toBe('cancelled');
  expect(await app.reviewed('acme/a', number)).toMatchObject({ head, conclusion: 'success' });
});

it('ends the check that was left open on the last commit of a deleted branch', async () => {
  const head = await app.github.pushFiles('acme/a', 'ada', { branch: 'gone', files: file('gone', 'a-dev') });
  const left = await announced(head);
  await app.github.deleteBranch('acme/a', 'ada', 'gone');
  await app.github.waitFor('the end of the check', () => left.status === 'completed');
  expect(left.conclusion).toBe('cancelled');
});

it('reviews a merge group of which it never heard', async () => {
  await app.github.protect('acme/b', 'main', { checks: [{ context: 'sluice', app: app.app }], mergeQueue: true });
  const number = await app.open('acme/b', 'queued', { 'deploy/more.yaml': yaml(configMap('queued', 'b-dev')) });
  expect(await app.reviewed('acme/b', number)).toMatchObject({ conclusion: 'success' });
  await app.github.enqueue('acme/b', number, 'ada');
  await app.github.waitFor('the merge', () => app.github.pull('acme/b', number).state === 'closed');
});
