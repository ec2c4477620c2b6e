// Merges and deployments, against the lab's GitHub, with just the permissions of app.yml.
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { App } from '../../../lab/github/app.ts';
import { type LabGitHub, startGitHub } from '../../../lab/github/github.ts';
import type { Clock } from '../../../src/adapters/github/clock.ts';
import { createGitHub } from '../../../src/adapters/github/github.ts';
import type { GitHub, RepositoryId } from '../../../src/ports/github.ts';

const manifest = parse(readFileSync(new URL('../../../app.yml', import.meta.url), 'utf8')) as {
  default_permissions: App['permissions'];
};
let lab: LabGitHub;
let hub: GitHub;
let at: RepositoryId;

beforeAll(async () => {
  lab = await startGitHub({ contract: true });
  lab.createOrganisation('acme');
  for (const login of ['ada', 'bob']) lab.createUser(login);
  lab.addMember('acme', 'ada', 'admin');
  const repository = await lab.createRepository('acme/shop');
  lab.setCollaborator('acme/shop', 'bob', 'write');
  await lab.pushFiles('acme/shop', 'ada', { branch: 'main', files: { 'a.yaml': 'a: 1\n' } });
  const app = lab.registerApp({ name: 'Sluice', owner: 'acme', permissions: manifest.default_permissions, events: [] });
  at = { installation: lab.installApp(app, 'acme').id, repository: repository.id };
  const clock: Clock = { now: () => lab.clock.now(), sleep: async (ms) => lab.clock.advance(ms) };
  hub = createGitHub({ appId: app.id, privateKey: app.privateKey, apiUrl: lab.apiUrl, clock });
});
afterEach(() => expect(lab.contract?.violations).toEqual([]));
afterAll(() => lab.stop());

let merges = 0;

async function mergeOne(method: 'merge' | 'squash'): Promise<{ number: number; mergedAt: string }> {
  merges += 1;
  const branch = `merged-${merges}`;
  await lab.pushFiles('acme/shop', 'bob', { branch, files: { [`${branch}.yaml`]: 'a: 1\n' } });
  const { number } = await lab.openPullRequest('acme/shop', 'bob', { head: branch, base: 'main' });
  lab.clock.advance(2_000);
  await lab.merge('acme/shop', number, 'bob', { method });
  return { number, mergedAt: lab.pull('acme/shop', number).pull.mergedAt ?? '' };
}

test('what was merged, and its deployments', async () => {
  const { mergedAt } = await mergeOne('squash');
  const earlier = await mergeOne('merge');
  const since = new Date(lab.clock.now() - 3_600_000);
  const [last, first, ...more] = await hub.mergedPulls(at, 'main', since);
  expect([last?.number, more.length]).toEqual([earlier.number, 0]);
  expect(first).toMatchObject({ base: 'main', mergedAt: new Date(mergedAt) });
  expect(await hub.mergedPulls(at, 'topic', since)).toEqual([]);
  expect(await hub.mergedPulls(at, 'main', new Date(lab.clock.now() + 3_600_000))).toEqual([]);
  if (last === undefined || first === undefined) throw new Error('not two');
  for (const one of [first, last]) expect(await hub.pullsOf(at, one.commit)).toEqual([one]);
  const open = await lab.pushFiles('acme/shop', 'bob', { branch: 'open', files: { 'b.yaml': 'b: 1\n' } });
  await lab.openPullRequest('acme/shop', 'bob', { head: 'open', base: 'main' });
  expect(await hub.pullsOf(at, open)).toEqual([]);
  expect(await hub.pullsOf(at, 'f'.repeat(40))).toEqual([]);
  // Each on the cluster that it is told of; a later one takes its place.
  const { commit } = first;
  const made = await hub.createDeployment(at, { commit, environment: 'prod/eu', payload: { pull: first.number } });
  const other = await hub.createDeployment(at, { commit, environment: 'prod us', payload: {} });
  expect(await hub.deployments(at, commit)).toEqual([made, other]);
  expect(await hub.deployments(at, commit, 'prod/eu')).toEqual([made]);
  expect(await hub.deployments(at, last.commit)).toEqual([]);
  const logUrl = 'https://example.com/#why';
  for (const state of ['in_progress', 'failure', 'success'] as const)
    await hub.addDeploymentStatus(at, made.id, { state, description: `${state} 🚀`, logUrl });
  expect(lab.world.repository('acme/shop').deployments.get(made.id)).toMatchObject({
    environment: 'prod/eu',
    payload: { pull: first.number },
    transient: false,
  });
  const later = await hub.createDeployment(at, { commit: last.commit, environment: 'prod/eu', payload: {} });
  await hub.addDeploymentStatus(at, later.id, { state: 'success', description: '', logUrl: '' });
  expect(await hub.deploymentStatuses(at, made.id)).toEqual([
    { state: 'inactive', description: '', logUrl: '' },
    ...['success', 'failure', 'in_progress'].map((state) => ({ state, description: `${state} 🚀`, logUrl })),
  ]);
  // What others make or say is not ours.
  await fetch(`${lab.apiUrl}/repos/acme/shop/deployments/${other.id}/statuses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${lab.user('bob').token}` },
    body: JSON.stringify({ state: 'success' }),
  });
  expect(await hub.deploymentStatuses(at, other.id)).toEqual([]);
  await hub.deleteDeployment(at, later.id);
  expect(await hub.deployments(at, last.commit)).toEqual([]);
  await expect(
    hub.addDeploymentStatus(at, made.id, { state: 'success', description: 'd'.repeat(141), logUrl: '' }),
  ).rejects.toMatchObject({ code: 'github.rejected' });
});
