// Attacks by way of the pull request: the group "F: Via PR workflow" of the list, as far as reviews go.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CheckRun } from '../../../../lab/github/check.ts';
import { configMap, yaml } from '../../check/fleet.ts';
import { platformName, RunningApp } from '../app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await RunningApp.start();
});
afterAll(() => app.stop());

const good = (name: string): string => yaml(configMap(name, 'a-dev'));
const bad = (name: string): string => yaml(configMap(name, 'kube-system'));
const headOf = (number: number, repository = 'acme/a'): string => app.github.pull(repository, number).pull.head.sha;

/** What the head's newest check of ours says, once it says that. */
function concludes(head: string, conclusion: string, repository = 'acme/a'): Promise<CheckRun> {
  return app.github.waitFor(
    `a check of ${head.slice(0, 7)} that ends with ${conclusion}`,
    () => {
      const run = app.github.checkRunsOf(repository, head).findLast(({ app: by }) => by.id === app.app.id);
      return run?.status === 'completed' && run.conclusion === conclusion ? run : undefined;
    },
    90_000,
  );
}

it('137 a commit pushed after the review has no check until it is reviewed itself', async () => {
  const number = await app.open('acme/a', 'swap', { 'deploy/more.yaml': good('swap') });
  await app.reviewed('acme/a', number);
  const before = headOf(number);
  await app.github.pushFiles('acme/a', 'ada', { branch: 'swap', files: { 'deploy/more.yaml': bad('swap') } });
  expect(app.github.checkRunsOf('acme/a', headOf(number)).every(({ conclusion }) => conclusion !== 'success')).toBe(
    true,
  );
  await concludes(headOf(number), 'failure');
  expect(headOf(number)).not.toBe(before);
});

it("139 a tenant's own copy of the fleet and of policy decides nothing", async () => {
  const number = await app.open('acme/a', 'own-fleet', {
    'deploy/more.yaml': bad('own'),
    'sluice.yaml': 'clusters: []\n',
    'policies/allow.rego': 'package sluice\nallow := true\n',
    'clusters/prod/tenants.yaml': yaml({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }),
  });
  expect((await app.reviewed('acme/a', number)).conclusion).toBe('failure');
});

it('141 a fork whose head branch is called main is a pull request like any other', async () => {
  app.github.createUser('mallory');
  app.github.setCollaborator('acme/a', 'mallory', 'read');
  await app.github.forkRepository('acme/a', 'mallory');
  await app.github.pushFiles('mallory/a', 'mallory', { branch: 'main', files: { 'deploy/more.yaml': bad('fork') } });
  const pull = await app.github.openPullRequest('acme/a', 'mallory', { head: 'mallory:main', base: 'main' });
  expect((await app.reviewed('acme/a', pull.number)).conclusion).toBe('failure');
  await app.github.close('acme/a', pull.number, 'mallory');
});

it('141 a pull request that passed towards a branch nobody follows is judged again when it is pointed at main', async () => {
  await app.github.pushFiles('acme/a', 'ada', { branch: 'feature', files: { 'README.md': 'a feature' } });
  await app.github.pushFiles('acme/a', 'ada', {
    branch: 'harm',
    from: 'main',
    files: { 'deploy/more.yaml': bad('harm') },
  });
  const { number } = await app.github.openPullRequest('acme/a', 'ada', { head: 'harm', base: 'feature' });
  expect((await app.reviewed('acme/a', number)).conclusion).not.toBe('failure');
  await app.github.retarget('acme/a', number, 'ada', 'main');
  await concludes(headOf(number), 'failure');
  await app.github.close('acme/a', number, 'ada');
});

it('141 a second pull request of the same commit, towards a branch nobody follows, does not turn the check green', async () => {
  await app.github.pushFiles('acme/a', 'ada', { branch: 'quiet', files: { 'README.md': 'quiet' } });
  const number = await app.open('acme/a', 'twin', { 'deploy/more.yaml': bad('twin') });
  await concludes(headOf(number), 'failure');
  const { number: second } = await app.github.openPullRequest('acme/a', 'ada', { head: 'twin', base: 'quiet' });
  await app.github
    .waitFor('the second review', () => app.comments('acme/a', second).length > 0 || undefined, 10_000)
    .catch(() => undefined);
  await app.github.delivered();
  await concludes(headOf(number), 'failure');
});

it('142 a force push of the base makes every open pull request be held against the new base', async () => {
  const number = await app.open('acme/b', 'late', { 'deploy/late.yaml': yaml(configMap('late', 'b-dev')) });
  await app.reviewed('acme/b', number);
  await app.github.pushFiles('acme/b', 'ada', {
    branch: 'main',
    force: true,
    files: { 'deploy/app.yaml': yaml(configMap('app', 'b-dev', { key: 'forced' })) },
  });
  const forced = app.github.repository('acme/b').refs.get('refs/heads/main') ?? '';
  await app.github.waitFor(
    'the review against the new base',
    () => app.comments('acme/b', number).some(({ body }) => body.includes(forced.slice(0, 7))),
    90_000,
  );
});

it('144 146 commands and our marker in the comments of others change nothing, and stay where they are', async () => {
  const number = await app.open('acme/a', 'marked', { 'deploy/more.yaml': good('marked') });
  const forged = `<!-- sluice:v1 head=${headOf(number)} verdict=pass -->\nAll good, signed by sluice\n/approve`;
  const theirs = app.github.comment('acme/a', number, 'ada', forged);
  await app.reviewed('acme/a', number);
  await app.github.pushFiles('acme/a', 'ada', { branch: 'marked', files: { 'deploy/more.yaml': bad('marked') } });
  app.github.editComment(theirs, 'ada', `${forged}\nedited`);
  await concludes(headOf(number), 'failure');
  expect(theirs.body).toBe(`${forged}\nedited`);
  expect(app.github.listComments('acme/a', number)).toContain(theirs);
  expect(app.comments('acme/a', number)[0]?.id).not.toBe(theirs.id);
});

it('146 our own comment, its verdict forged or the whole deleted, is written again', async () => {
  const number = await app.open('acme/a', 'forged', { 'deploy/more.yaml': bad('forged') });
  await concludes(headOf(number), 'failure');
  const [ours] = app.comments('acme/a', number);
  if (ours === undefined) throw new Error('no comment');
  app.github.editComment(ours, 'ada', ours.body.replace('verdict=blocked', 'verdict=pass'));
  await app.github.pushFiles('acme/a', 'ada', { branch: 'forged', files: { 'deploy/more.yaml': bad('forged-2') } });
  await concludes(headOf(number), 'failure');
  expect(ours.body).toContain(`head=${headOf(number)} verdict=blocked`);
  app.github.deleteComment(ours, 'ada');
  await app.github.pushFiles('acme/a', 'ada', { branch: 'forged', files: { 'deploy/more.yaml': bad('forged-3') } });
  await concludes(headOf(number), 'failure');
  expect(app.comments('acme/a', number).some(({ body }) => body.includes(`head=${headOf(number)}`))).toBe(true);
});

it("147 another App's check of our name is neither taken for ours nor changed", async () => {
  const other = app.github.registerApp({
    name: 'impostor',
    owner: 'acme',
    permissions: { checks: 'write', metadata: 'read' },
    events: [],
  });
  const token = app.github.tokenOf(app.github.installApp(other, 'acme')).token;
  await app.github.pushFiles('acme/a', 'ada', { branch: 'impostor', files: { 'deploy/more.yaml': bad('impostor') } });
  const sha = app.github.repository('acme/a').refs.get('refs/heads/impostor');
  const answer = await fetch(`${app.github.apiUrl}/repos/acme/a/check-runs`, {
    method: 'POST',
    headers: { authorization: `token ${token}` },
    body: JSON.stringify({ name: 'sluice', head_sha: sha, status: 'completed', conclusion: 'success' }),
  });
  expect(answer.status).toBe(201);
  const { number } = await app.github.openPullRequest('acme/a', 'ada', { head: 'impostor', base: 'main' });
  await concludes(headOf(number), 'failure');
  const theirs = app.github.checkRunsOf('acme/a', headOf(number)).find(({ app: by }) => by.id === other.id);
  expect(theirs?.conclusion).toBe('success');
});

it('149 a change of 300 objects is cut, with what blocks first', async () => {
  const objects = Array.from({ length: 300 }, (_, at) => configMap(`many-${at}`, 'a-dev', { text: 'x'.repeat(400) }));
  const number = await app.open('acme/a', 'large', {
    'deploy/many.yaml': yaml(...objects),
    'deploy/zz.yaml': bad('the-bad-one'),
  });
  const run = await concludes(headOf(number), 'failure');
  const body = app.comments('acme/a', number)[0]?.body ?? '';
  for (const text of [body, run.summary ?? '']) {
    expect(text.length).toBeLessThanOrEqual(65_535);
    expect(text).toContain('the-bad-one');
    expect((text.match(/^```/gm) ?? []).length % 2).toBe(0);
  }
});

it('151 titles, branches and messages with Markdown, mentions and a megabyte are nowhere repeated', async () => {
  const title = '@acme/everyone $(touch /tmp/x) `id` <!-- --> [click](https://evil.example)\n# head';
  const branch = "x;$(id)`id`'@ada-&&";
  await app.github.pushFiles('acme/a', 'ada', {
    branch,
    message: `@acme/everyone ${'m'.repeat(1_000_000)}`,
    files: { 'deploy/more.yaml': good('odd') },
  });
  const { number } = await app.github.openPullRequest('acme/a', 'ada', { head: branch, base: 'main', title });
  const run = await app.reviewed('acme/a', number);
  expect(run.conclusion).toBe('success');
  const said = [...app.comments('acme/a', number).map(({ body }) => body), run.summary, run.title].join('\n');
  for (const part of ['@acme', 'evil.example', 'touch', 'mmmm', '$(id)']) expect(said).not.toContain(part);
});

it('152 closed while it is reviewed, deleted with its branch, converted and reopened: never stuck', async () => {
  app.github.fault({ on: 'api', route: 'POST /repos/{owner}/{repo}/check-runs', kind: 'slow', ms: 500 });
  const number = await app.open('acme/a', 'restless', { 'deploy/more.yaml': good('restless') });
  await app.github.close('acme/a', number, 'ada');
  await app.github.reopen('acme/a', number, 'ada');
  app.github.setDraft('acme/a', number, 'ada', true);
  app.github.setDraft('acme/a', number, 'ada', false);
  await concludes(headOf(number), 'success');
  expect(app.comments('acme/a', number)).toHaveLength(1);
  const head = headOf(number);
  await app.github.deleteBranch('acme/a', 'ada', 'restless');
  await app.github.delivered();
  await concludes(head, 'success');
});

it('159 a change to the shared file is judged for every tenant that reads it', async () => {
  const path = 'clusters/prod/tenants.yaml';
  const before = await fileOf(platformName, path);
  const number = await app.open(platformName, 'shared', { [path]: before.replaceAll('"prune":true', '"prune":false') });
  const run = await app.reviewed(platformName, number);
  const said = `${run.summary}`;
  expect(said).toContain('a-dev');
  expect(said).toContain('b-dev');
  await app.github.close(platformName, number, 'ada');
});

it('161 every annotation stands on a line of a file of the repository', async () => {
  const files = { 'deploy/odd name.yaml': `${'\n'.repeat(30)}${bad('odd-name')}`, 'deploy/more.yaml': bad('more') };
  const number = await app.open('acme/a', 'annotated', files);
  const run = await concludes(headOf(number), 'failure');
  expect(run.annotations.length).toBeGreaterThan(0);
  for (const { path, start_line: line } of run.annotations) {
    expect(Object.keys(files)).toContain(path);
    expect(line).toBeGreaterThanOrEqual(1);
  }
});

it('156 renamed: still the same repository, and still judged', async () => {
  const number = await app.open('acme/b', 'renamed', { 'deploy/more.yaml': yaml(configMap('more', 'kube-system')) });
  await concludes(headOf(number, 'acme/b'), 'failure', 'acme/b');
  app.github.rename('acme/b', 'b-new', 'ada');
  await app.github.pushFiles('acme/b-new', 'ada', {
    branch: 'renamed',
    files: { 'deploy/more.yaml': yaml(configMap('again', 'kube-system')) },
  });
  const run = await app.reviewed('acme/b-new', number);
  // GitHub leads the address that the fleet names to the new one, so clusters go on reading it.
  expect(run.conclusion).toBe('failure');
});

it('156 deleted and made again: what another repository of the name was told is not ours to say', async () => {
  await app.github.deleteRepository('acme/b-new', 'ada');
  await app.github.createRepository('acme/b');
  await app.github.pushFiles('acme/b', 'ada', {
    branch: 'main',
    files: { 'deploy/app.yaml': yaml(configMap('app', 'b-dev')) },
  });
  const number = await app.open('acme/b', 'fresh', { 'deploy/more.yaml': yaml(configMap('fresh', 'b-dev')) });
  await concludes(headOf(number, 'acme/b'), 'success', 'acme/b');
  const [comment, ...more] = app.comments('acme/b', number);
  expect(more).toEqual([]);
  expect(comment?.body).toContain('ConfigMap/b-dev/fresh');
});

async function fileOf(repository: string, path: string): Promise<string> {
  const { runGit } = await import('../../../../lab/github/git/run.ts');
  return runGit(app.github.repository(repository).path, ['show', `main:${path}`]);
}
