import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap, yaml } from '../check/fleet.ts';
import { RunningApp } from './app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await RunningApp.start();
});
afterAll(() => app.stop());

it('reviews a pull request: one comment, one check on the head', async () => {
  const number = await app.open('acme/a', 'good', { 'deploy/more.yaml': yaml(configMap('more', 'a-dev')) });
  const check = await app.reviewed('acme/a', number);
  expect(check).toMatchObject({ name: 'sluice', conclusion: 'success' });
  const comments = app.comments('acme/a', number);
  expect(comments).toHaveLength(1);
  expect(comments[0]?.body).toContain('ConfigMap/a-dev/more');
});

it('edits the same comment at the next push, and says in a short one that the verdict flipped', async () => {
  const number = await app.open('acme/a', 'flip', { 'deploy/more.yaml': yaml(configMap('more', 'a-dev')) });
  await app.reviewed('acme/a', number);
  const [first] = app.comments('acme/a', number);
  await app.github.pushFiles('acme/a', 'ada', {
    branch: 'flip',
    files: { 'deploy/more.yaml': yaml(configMap('more', 'kube-system')) },
  });
  const check = await app.reviewed('acme/a', number);
  expect(check.conclusion).toBe('failure');
  expect(check.annotations).toMatchObject([{ path: 'deploy/more.yaml' }]);
  const comments = app.comments('acme/a', number);
  expect(comments.map(({ id }) => id)).toContain(first?.id);
  expect(comments).toHaveLength(2);
  expect(comments[1]?.body).toContain('may not be merged any more');
});
