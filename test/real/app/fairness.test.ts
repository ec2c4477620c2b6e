// Forty tenants push at once, and one of them floods: its own wait, the others' do not.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { configMap, yaml } from '../check/fleet.ts';
import { RunningApp, sendWebhook } from './app.ts';

const flooding = 'acme/a';
const floods = 16;
const tenants = Array.from({ length: 39 }, (_, at) => `acme/tenant-${at}`);

let app: RunningApp;
const pulls: { readonly repository: string; readonly number: number }[] = [];
beforeAll(async () => {
  app = await RunningApp.start();
  // What the App is told, and in which order, is said below.
  app.github.fault({ on: 'webhook', kind: 'drop', times: null });
  for (let at = 0; at < floods; at += 1)
    pulls.push({ repository: flooding, number: await app.open(flooding, `flood-${at}`, change(`flood-${at}`)) });
  for (const repository of tenants) {
    await app.github.createRepository(repository);
    await app.github.pushFiles(repository, 'ada', { branch: 'main', files: { 'README.md': repository } });
    pulls.push({ repository, number: await app.open(repository, 'change', change('more')) });
  }
}, 240_000);
afterAll(() => app.stop());

it('those who wait for one review wait for each other, and not for the flood', async () => {
  const ended: string[] = [];
  const seen = new Set<string>();
  const look = (): boolean => {
    for (const { repository, number } of pulls) {
      const key = `${repository}#${number}`;
      const { head } = app.github.pull(repository, number).pull;
      const done = app.github.checkRunsOf(repository, head.sha).some(({ status }) => status === 'completed');
      if (!done || seen.has(key)) continue;
      seen.add(key);
      ended.push(repository);
    }
    return ended.length === pulls.length;
  };
  const all = app.github.waitFor('all reviews', look, 200_000);
  // The flood comes first.
  for (const { repository, number } of pulls) await deliver(repository, number);
  await all;
  const last = Math.max(...tenants.map((repository) => ended.indexOf(repository)));
  const before = ended.slice(0, last).filter((repository) => repository === flooding).length;
  expect(before).toBeLessThan(floods / 2);
  // Everybody has had one review, and nobody two.
  const started = app.github.counters.log.filter(({ route }) => /^POST .*\/check-runs$/.test(route));
  expect(started).toHaveLength(pulls.length);
}, 240_000);

function change(name: string): Record<string, string> {
  return { 'deploy/more.yaml': yaml(configMap(name, 'a-dev')) };
}

async function deliver(repository: string, number: number): Promise<void> {
  const { id } = app.github.repository(repository);
  const body = JSON.stringify({
    action: 'opened',
    installation: { id: app.installation.id },
    repository: { id, full_name: repository, default_branch: 'main' },
    pull_request: { number },
  });
  expect(await sendWebhook(app.webhookUrl, body)).toBe(202);
}
