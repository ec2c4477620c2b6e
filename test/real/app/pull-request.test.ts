// What happens to a pull request, by real pushes and webhooks: the newest head is reviewed, on one comment.
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CheckRun } from '../../../lab/github/check.ts';
import { createCheck } from '../../../lab/github/checks.ts';
import { runGit } from '../../../lab/github/git/run.ts';
import { embeddedDoor } from '../../../src/adapters/queue/embedded.ts';
import { openQueue } from '../../../src/adapters/queue/open.ts';
import { configMap, platformFiles, yaml } from '../check/fleet.ts';
import { platformName, RunningApp, sendWebhook } from './app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await RunningApp.start();
});
afterAll(() => app.stop());
beforeEach(async () => {
  // What a test left under way is not counted in the next.
  await idle();
  app.github.counters.reset();
});

const good = (name: string): string => yaml(configMap(name, 'a-dev'));
const bad = (name: string): string => yaml(configMap(name, 'kube-system'));

async function push(branch: string, text: string, more: { readonly force?: boolean; readonly from?: string } = {}) {
  return app.github.pushFiles('acme/a', 'ada', { branch, files: { 'deploy/more.yaml': text }, ...more });
}

/** The run of that head that ended as wanted. */
function ended(head: string, conclusion: string): Promise<CheckRun> {
  return app.github.waitFor(
    `a check of ${head.slice(0, 7)} that ends with ${conclusion}`,
    () => app.github.checkRunsOf('acme/a', head).find((run) => run.conclusion === conclusion),
    90_000,
  );
}

const head = (number: number): string => app.github.pull('acme/a', number).pull.head.sha;
/** Calls that create or change something of `acme/a`. */
const calls = (method: string, path: RegExp): number =>
  app.github.counters.log.filter(({ route }) => route.startsWith(`${method} `) && path.test(route)).length;
const newComments = (): number => calls('POST', /\/comments$/);
const editedComments = (): number => calls('PATCH', /\/comments\//);
const newChecks = (): number => calls('POST', /\/check-runs$/);

describe('pushes', () => {
  it('edits the same comment, and says nothing more while the verdict stays', async () => {
    const number = await app.open('acme/a', 'again', { 'deploy/more.yaml': good('one') });
    await app.reviewed('acme/a', number);
    const [first] = app.comments('acme/a', number);
    await ended(await push('again', good('two')), 'success');
    const comments = app.comments('acme/a', number);
    expect(comments.map(({ id }) => id)).toEqual([first?.id]);
    expect(comments[0]?.body).toContain('ConfigMap/a-dev/two');
    expect(comments[0]?.body).not.toContain('ConfigMap/a-dev/one');
  });

  it('replies once for each time that the verdict flips', async () => {
    const number = await app.open('acme/a', 'flips', { 'deploy/more.yaml': good('flips') });
    await app.reviewed('acme/a', number);
    await ended(await push('flips', bad('flips')), 'failure');
    await ended(await push('flips', bad('flips-again')), 'failure');
    await ended(await push('flips', good('flips')), 'success');
    const [report, ...replies] = app.comments('acme/a', number).map(({ body }) => body);
    expect(report).toContain('Pass');
    expect(replies.map((body) => body.split('\n')[1])).toEqual([
      expect.stringContaining('may not be merged any more'),
      expect.stringContaining('passes now'),
    ]);
  });

  it('ends with the newest head alone after a force push while it renders', async () => {
    await push('forced', good('old'));
    const [forced = ''] = await commitsOn('again', 1);
    // The pack of the first review arrives byte by byte, so that the force push finds it at work.
    app.github.fault({ on: 'git', kind: 'drip', packOnly: true, repository: 'acme/a', bytesPerSecond: 200 });
    const { number } = await app.github.openPullRequest('acme/a', 'ada', { head: 'forced', base: 'main' });
    const old = head(number);
    await app.github.waitFor('the first review', () => app.github.checkRunsOf('acme/a', old).length > 0);
    await app.github.push('acme/a', 'ada', workFolder(), `+${forced}:refs/heads/forced`);
    await ended(forced, 'success');
    const [stale] = app.github.checkRunsOf('acme/a', old);
    expect(stale).toMatchObject({ status: 'completed', conclusion: 'cancelled' });
    const comments = app.comments('acme/a', number);
    expect(comments).toHaveLength(1);
    expect(comments[0]?.body).toContain(`head=${forced}`);
    // Never written for the old head, not even for a moment.
    expect(newComments()).toBe(1);
    expect(editedComments()).toBe(0);
  });

  it('renders twenty pushes in two seconds three times at most, and comments once', async () => {
    const number = await app.open('acme/a', 'many', { 'deploy/more.yaml': good('many') });
    await app.reviewed('acme/a', number);
    const commits = await commitsOn('many', 20);
    await idle();
    app.github.counters.reset();
    const seconds = await burst('many', commits);
    await ended(commits.at(-1) ?? '', 'success');
    await idle();
    expect(app.github.counters.pushes).toBe(20);
    // Three in two seconds; one more for every two seconds that a busy machine takes longer.
    expect(newChecks()).toBeGreaterThan(0);
    expect(newChecks()).toBeLessThanOrEqual(Math.max(3, Math.ceil(seconds / 2) + 2));
    expect(newComments()).toBe(0);
    expect(app.comments('acme/a', number)).toHaveLength(1);
    expect(app.comments('acme/a', number)[0]?.body).toContain(`head=${commits.at(-1)}`);
  }, 180_000);

  // The pushes take what the machine needs, and their webhooks come at once: nothing here is slow on any machine.
  it('reviews three times at most, and comments once, when the webhooks of twenty pushes come together', async () => {
    const number = await app.open('acme/a', 'together', { 'deploy/more.yaml': good('together') });
    await app.reviewed('acme/a', number);
    const commits = await commitsOn('together', 20);
    await idle();
    app.github.fault({ on: 'webhook', kind: 'drop', times: null });
    await burst('together', commits);
    await app.github.delivered();
    app.github.world.faults.clear();
    app.github.counters.reset();
    const { id } = app.github.repository('acme/a');
    const body = JSON.stringify({ ...synchronize(number), repository: { id, full_name: 'acme/a' } });
    const answers = await Promise.all(commits.map(() => sendWebhook(app.webhookUrl, body)));
    expect(answers).toEqual(commits.map(() => 202));
    await ended(commits.at(-1) ?? '', 'success');
    await idle();
    expect(newChecks()).toBe(1);
    // The first review completes its check; each further one opens it again and completes it.
    expect(calls('PATCH', /\/check-runs\//)).toBeLessThanOrEqual(5);
    expect(newComments()).toBe(0);
    expect(app.comments('acme/a', number)).toHaveLength(1);
    expect(app.comments('acme/a', number)[0]?.body).toContain(`head=${commits.at(-1)}`);
  }, 180_000);
});

function synchronize(number: number) {
  return { action: 'synchronize', installation: { id: app.installation.id }, pull_request: { number } };
}

/** Moves a branch from commit to commit, evenly over two seconds; every move is a push with its webhooks. @returns seconds */
async function burst(branch: string, commits: readonly string[]): Promise<number> {
  const { path } = app.github.repository('acme/a');
  const started = performance.now();
  for (const [index, commit] of commits.entries()) {
    const due = started + (index * 1_900) / commits.length;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    // The commits are there already, so that a push takes no longer than to move the branch and tell of it.
    await runGit(path, ['update-ref', `refs/heads/${branch}`, commit]);
    await app.github.receive('acme/a', 'ada');
  }
  return (performance.now() - started) / 1_000;
}

/** Commits one after the other on a branch; nobody has pushed them. */
async function commitsOn(branch: string, count: number): Promise<readonly string[]> {
  const parent = app.github.repository('acme/a').refs.get(`refs/heads/${branch}`) ?? '';
  const dir = app.github.repository('acme/a').path;
  const who = { name: 'ada', email: 'ada@example.com', at: Math.floor(app.github.clock.now() / 1000) };
  const commits: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const made = ['commit-tree', `${parent}^{tree}`, '-p', commits.at(-1) ?? parent, '-m', `${branch} ${at}`];
    commits.push((await runGit(dir, made, { who })).trim());
  }
  return commits;
}

function workFolder(): string {
  const { path, id } = app.github.repository('acme/a');
  return path.replace(/[^/]+$/, `${id}.work`);
}

/** Nothing of ours is under way: no delivery, no open check. */
async function idle(): Promise<void> {
  await app.github.delivered();
  await app.github.waitFor(
    'no open check',
    () => [...app.github.repository('acme/a').checkRuns.values()].every(({ status }) => status === 'completed'),
    90_000,
  );
}

describe('the life of a pull request', () => {
  it('leaves a closed one alone, and reviews it again when it is reopened with a newer head', async () => {
    const number = await app.open('acme/a', 'closed', { 'deploy/more.yaml': good('closed') });
    await app.reviewed('acme/a', number);
    await app.github.close('acme/a', number, 'ada');
    const pushed = await push('closed', bad('closed'));
    await app.github.delivered();
    expect(app.github.checkRunsOf('acme/a', pushed)).toEqual([]);
    await app.github.reopen('acme/a', number, 'ada');
    await ended(pushed, 'failure');
    expect(app.comments('acme/a', number)[0]?.body).toContain(`head=${pushed}`);
  });

  it('ends the check of one that is closed before its review has ended', async () => {
    app.github.fault({ on: 'webhook', kind: 'drop', times: null });
    const number = await app.open('acme/a', 'left', { 'deploy/more.yaml': good('left') });
    const opened = { name: 'sluice', head: head(number), status: 'in_progress' } as const;
    const left = await createCheck(app.github.world, app.github.repository('acme/a'), app.app, opened);
    app.github.world.faults.clear();
    await app.github.close('acme/a', number, 'ada');
    await app.github.waitFor('the end of its check', () => left.status === 'completed');
    expect(left.conclusion).toBe('cancelled');
  });

  it('reviews drafts like any other, once', async () => {
    await push('draft', good('draft'));
    const asked = { head: 'draft', base: 'main', draft: true };
    const { number } = await app.github.openPullRequest('acme/a', 'ada', asked);
    await ended(head(number), 'success');
    app.github.setDraft('acme/a', number, 'ada', false);
    await idle();
    await ended(head(number), 'success');
    expect(app.github.checkRunsOf('acme/a', head(number))).toHaveLength(1);
    expect(app.comments('acme/a', number)).toHaveLength(1);
  });

  it('says after retargeting what the merge into the new base would do', async () => {
    await app.github.pushFiles('acme/a', 'ada', { branch: 'other', from: 'main', files: { 'notes.md': 'x' } });
    const number = await app.open('acme/a', 'retargeted', { 'deploy/more.yaml': bad('retargeted') });
    await ended(head(number), 'failure');
    // No cluster reads that branch, so nothing is deployed.
    await app.github.retarget('acme/a', number, 'ada', 'other');
    await ended(head(number), 'neutral');
    await app.github.retarget('acme/a', number, 'ada', 'main');
    await ended(head(number), 'failure');
    expect(app.github.checkRunsOf('acme/a', head(number))).toHaveLength(1);
  });

  it('reviews what comes from a fork', async () => {
    app.github.createUser('grace');
    await app.github.forkRepository('acme/a', 'grace');
    await app.github.pushFiles('grace/a', 'grace', { branch: 'idea', files: { 'deploy/more.yaml': bad('idea') } });
    const asked = { head: 'grace:idea', base: 'main' };
    const { number } = await app.github.openPullRequest('acme/a', 'grace', asked);
    const check = await ended(head(number), 'failure');
    expect(check.annotations).toMatchObject([{ path: 'deploy/more.yaml' }]);
    expect(app.comments('acme/a', number)).toHaveLength(1);
  });

  it('names a conflict as what is in the way, and reviews once it is resolved', async () => {
    await app.github.pushFiles('acme/a', 'ada', { branch: 'main', files: { 'deploy/both.yaml': good('before') } });
    const main = app.github.repository('acme/a').refs.get('refs/heads/main') ?? '';
    await app.github.pushFiles('acme/a', 'ada', { branch: 'main', files: { 'deploy/both.yaml': good('theirs') } });
    const files = { 'deploy/both.yaml': good('ours') };
    await app.github.pushFiles('acme/a', 'ada', { branch: 'conflict', from: main, files });
    const { number } = await app.github.openPullRequest('acme/a', 'ada', { head: 'conflict', base: 'main' });
    await ended(head(number), 'failure');
    expect(app.comments('acme/a', number)[0]?.body).toContain('conflicts with');
    await app.github.pushFiles('acme/a', 'ada', { branch: 'conflict', from: 'main', files, force: true });
    await ended(head(number), 'success');
    expect(app.comments('acme/a', number)[0]?.body).not.toContain('conflicts with');
  });

  it('answers "Re-run" with a new look at the same check', async () => {
    const number = await app.open('acme/a', 'rerun', { 'deploy/more.yaml': good('rerun') });
    const check = await app.reviewed('acme/a', number);
    const first = check.completedAt;
    app.github.clock.advance(60_000);
    app.github.rerequestCheck('acme/a', check, 'ada');
    await app.github.waitFor('the second look', () => check.completedAt !== first && check.conclusion === 'success');
    expect(app.github.checkRunsOf('acme/a', head(number))).toHaveLength(1);
    expect(app.comments('acme/a', number)).toHaveLength(1);
  });
});

describe('other repositories', () => {
  it('gives a neutral check and no comment where no cluster reads the repository', async () => {
    await app.github.createRepository('acme/unknown');
    await app.github.pushFiles('acme/unknown', 'ada', { branch: 'main', files: { 'README.md': 'x' } });
    const number = await app.open('acme/unknown', 'change', { 'app.yaml': bad('unknown') });
    expect(await app.reviewed('acme/unknown', number)).toMatchObject({ conclusion: 'neutral' });
    expect(app.comments('acme/unknown', number)).toEqual([]);
  });

  it('shows what a change to the platform does to every tenant', async () => {
    const path = 'clusters/prod/tenants.yaml';
    const text = String(platformFiles[path]).replaceAll('https://github.com', app.github.address);
    const number = await app.open(platformName, 'prefix', {
      [path]: text.replaceAll('"path":"./deploy"', '"path":"./deploy","commonMetadata":{"labels":{"team":"all"}}'),
    });
    expect(await app.reviewed(platformName, number)).toMatchObject({ conclusion: 'success' });
    const [comment] = app.comments(platformName, number);
    expect(comment?.body).toContain('ConfigMap/a-dev/app');
    expect(comment?.body).toContain('ConfigMap/b-dev/app');
  });
});

const ourApp = () => [...app.github.world.apps.values()].find(({ name }) => name === 'sluice');

describe('required checks', () => {
  it('holds the merge button until the check of the App passes, whoever else uses its name', async () => {
    const required = [{ context: 'sluice', app: ourApp() }];
    await app.github.protect('acme/b', 'main', { checks: required });
    const number = await app.open('acme/b', 'required', { 'deploy/more.yaml': yaml(configMap('x', 'kube-system')) });
    await app.reviewed('acme/b', number);
    await expect(app.github.merge('acme/b', number, 'ada')).rejects.toThrow('sluice');
    await app.github.pushFiles('acme/b', 'ada', {
      branch: 'required',
      files: { 'deploy/more.yaml': yaml(configMap('x', 'b-dev')) },
    });
    expect(await app.reviewed('acme/b', number)).toMatchObject({ conclusion: 'success' });
    expect(await app.github.merge('acme/b', number, 'ada')).toMatch(/^[0-9a-f]{40}$/);
    await app.github.protect('acme/b', 'main', undefined);
  });

  it('reviews a merge group again: what passed alone is taken out with what came before it', async () => {
    const required = [{ context: 'sluice', app: ourApp() }];
    await app.github.protect('acme/b', 'main', { checks: required, mergeQueue: true });
    // Each is fine alone; together they hold one object twice.
    const [one, two] = [
      await app.open('acme/b', 'one', { 'deploy/one.yaml': yaml(configMap('same', 'b-dev')) }),
      await app.open('acme/b', 'two', { 'deploy/two.yaml': yaml(configMap('same', 'b-dev')) }),
    ];
    for (const number of [one, two])
      expect(await app.reviewed('acme/b', number)).toMatchObject({ conclusion: 'success' });
    await app.github.enqueue('acme/b', one, 'ada');
    const group = await app.github.enqueue('acme/b', two, 'ada');
    await app.github.waitFor('the first to merge', () => app.github.pull('acme/b', one).state === 'closed');
    await app.github.waitFor(
      'the second to leave the queue',
      () => app.github.checkRunsOf('acme/b', group.head).some(({ conclusion }) => conclusion === 'failure'),
      90_000,
    );
    expect(app.github.pull('acme/b', two).state).toBe('open');
    await app.github.protect('acme/b', 'main', undefined);
  });

  it('274: believes the store neither what a merge group is merged on, nor into which branch', async () => {
    const required = [{ context: 'sluice', app: ourApp() }];
    await app.github.protect('acme/b', 'main', { checks: required, mergeQueue: true });
    const [one, two] = [
      await app.open('acme/b', 'forged-one', { 'deploy/three.yaml': yaml(configMap('forged', 'b-dev')) }),
      await app.open('acme/b', 'forged-two', { 'deploy/four.yaml': yaml(configMap('forged', 'b-dev')) }),
    ];
    for (const number of [one, two]) await app.reviewed('acme/b', number);
    app.github.fault({ on: 'webhook', event: 'merge_group', kind: 'drop', times: null });
    await app.github.enqueue('acme/b', one, 'ada');
    const { head } = await app.github.enqueue('acme/b', two, 'ada');
    const door = embeddedDoor(join(app.folder, 'data', 'queue'));
    if (door === undefined) throw new Error('the App has no embedded queue');
    const store = await openQueue('embedded', { door });
    const { id: repository } = app.github.repository('acme/b');
    const target = { version: 1, installation: app.installation.id, repository, fullName: 'acme/b' } as const;
    // Nothing would change, in a branch that no cluster reads.
    await store.add({ kind: 'mergeGroup', ...target, head, base: head, baseRef: 'refs/heads/no', cause: 'forged' });
    const check = await app.github.waitFor(
      'the review of the group',
      () => app.github.checkRunsOf('acme/b', head).find(({ status }) => status === 'completed'),
      90_000,
    );
    expect(check.conclusion).toBe('failure');
    // A commit that is no merge group gets no check, whatever the store says.
    await app.github.pushFiles('acme/b', 'ada', { branch: 'plain', files: { 'notes.md': 'x' } });
    const plain = app.github.repository('acme/b').refs.get('refs/heads/plain') ?? '';
    const forged = { ...target, head: plain, base: plain, baseRef: 'refs/heads/main', cause: 'forged' } as const;
    await store.add({ kind: 'mergeGroup', ...forged });
    await expect.poll(() => store.counts()).toEqual({ waiting: 0, active: 0 });
    expect(app.github.checkRunsOf('acme/b', plain)).toEqual([]);
    await store.close(0);
    app.github.world.faults.clear();
    await app.github.protect('acme/b', 'main', undefined);
  });
});
