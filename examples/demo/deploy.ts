// The demo's second act: what is merged is live on two real clusters, and what a hand changes there is put right.
import { styleText } from 'node:util';
import type { Cluster } from '../../lab/cluster/cluster.ts';
import type { KubeObject } from '../../lab/cluster/object.ts';
import type { HostedOrganisation, Opened } from '../hosted.ts';
import { person } from '../hosted.ts';
import { type DemoClusters, isLive, keyOf, rowOf } from './clusters.ts';
import { bold, dim, say, width, writeTable } from './page.ts';

/** The change set that is merged, and what it brings to every cluster. */
export const mergedChange = '21-widget';
const widget = { apiVersion: 'acme.example/v1', kind: 'Widget', namespace: 'catalog', name: 'often-bought-together' };
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'catalog', name: 'api' };
/** These cannot be live here, and say so themselves. */
const withReason = new Map([
  ['checkout/checkout', 'its Secrets are encrypted with SOPS, which agents do not decrypt yet'],
]);
const patienceMs = 180_000;

/** Waits for the fleet as it was before any change; says which Kustomizations are there. */
export async function awaitFleet(clusters: DemoClusters): Promise<void> {
  await Promise.all(
    clusters.all.map((cluster) =>
      until(`the namespace of media on ${cluster.name}`, async () => {
        return (await cluster.admin.get({ apiVersion: 'v1', kind: 'Namespace', name: 'media' })) !== undefined;
      }),
    ),
  );
  await clusters.addContentNetwork();
  await Promise.all(
    clusters.all.map((cluster) =>
      until(`the fleet on ${cluster.name}`, async () => {
        const all = await clusters.kustomizations(cluster);
        const tenants = all.filter((one) => keyOf(one).startsWith('catalog/') || keyOf(one).startsWith('media/'));
        return tenants.length >= 3 && tenants.every((one) => isLive(one, ''));
      }),
    ),
  );
  say(bold(`\n── The fleet ${'─'.repeat(width - 13)}`));
  for (const cluster of clusters.all) {
    say(`\n${dim(`kubectl --context ${cluster.name} get kustomizations -A`)}`);
    writeTable([['NAMESPACE', 'NAME', 'READY', 'STATUS'], ...(await clusters.kustomizations(cluster)).map(rowOf)]);
  }
  for (const [key, why] of withReason) say(dim(`\n${key} is not deployed: ${why}.`));
  say(dim('\nThe rest is as Git says, on both clusters.'));
}

/** Merges a pull request that passed, and waits until it is live everywhere. Returns what was not as it should be. */
export async function mergeAndDeploy(
  hosted: HostedOrganisation,
  clusters: DemoClusters,
  opened: Opened,
): Promise<readonly string[]> {
  const { github } = hosted;
  say(bold(`\n── From the merge to the clusters ${'─'.repeat(width - 34)}`));
  const started = performance.now();
  const commit = await github.merge(opened.repository, opened.number, person);
  say(`\n${person} merges ${opened.repository}#${opened.number}: ${commit.slice(0, 12)}`);
  await Promise.all(
    clusters.all.map(async (cluster) => {
      await until(`${commit.slice(0, 7)} on ${cluster.name}`, async () => {
        const all = await clusters.kustomizations(cluster);
        return all.filter((one) => keyOf(one).startsWith('catalog/')).every((one) => isLive(one, commit));
      });
      say(`  live on ${cluster.name} after ${seconds(started)} s`);
    }),
  );
  const missing = await Promise.all(clusters.all.map((cluster) => prove(cluster)));
  const told = await toldOnPullRequest(hosted, opened, clusters.all.length);
  return [...missing.flat(), ...told];
}

/** The object itself, who wrote it, and as whom. */
async function prove(cluster: Cluster): Promise<readonly string[]> {
  const live = await cluster.admin.get(widget);
  const writes = (await cluster.audit()).filter(
    ({ verb, objectRef }) => verb === 'patch' && objectRef?.resource === 'widgets' && objectRef.name === widget.name,
  );
  const users = [...new Set(writes.map(({ impersonatedUser }) => impersonatedUser?.username ?? 'nobody'))];
  say(`\n${dim(`kubectl --context ${cluster.name} get widget -n catalog often-bought-together`)}`);
  say(`  ${live === undefined ? 'NotFound' : `Widget/catalog/often-bought-together, written as ${users.join(', ')}`}`);
  const expected = users.length === 1 && users[0] === 'system:serviceaccount:catalog:deployer';
  return live !== undefined && expected ? [] : [`the widget on ${cluster.name}`];
}

async function toldOnPullRequest(
  { github }: HostedOrganisation,
  { repository, number, address }: Opened,
  expected: number,
): Promise<readonly string[]> {
  const words = new RegExp(`live on ${expected} of ${expected} clusters?`, 'i');
  const comment = await github
    .waitFor(
      'the pull request to say where it is live',
      () => github.listComments(repository, number).find(({ app, body }) => app !== undefined && words.test(body)),
      60_000,
    )
    .catch(() => undefined);
  const line = comment?.body.split('\n').find((one) => words.test(one));
  say(`\n${address}`);
  say(`  ${line ?? styleText('red', 'NOT AS EXPECTED: the comment does not say where it is live')}`);
  return line === undefined ? ['the last state of the comment'] : [];
}

/** Changes something by hand, and measures how long it stays. */
export async function putRight(clusters: DemoClusters): Promise<readonly string[]> {
  const [cluster] = clusters.all;
  if (cluster === undefined) return [];
  say(bold(`\n── Drift ${'─'.repeat(width - 9)}`));
  const before = imageOf(await cluster.admin.get(deployment));
  const containers = [{ name: 'api', image: 'ghcr.io/acme/catalog-api:by-hand' }];
  say(
    `\n${dim(`kubectl --context ${cluster.name} set image -n catalog deployment/api api=ghcr.io/acme/catalog-api:by-hand`)}`,
  );
  await cluster.admin.patch(deployment, { spec: { template: { spec: { containers } } } }, { type: 'strategic' });
  const started = performance.now();
  await until('the image that Git says', async () => imageOf(await cluster.admin.get(deployment)) === before);
  say(`  back at ${before} after ${seconds(started)} s`);
  return performance.now() - started < 10_000 ? [] : ['drift was put right too late'];
}

function imageOf(object: KubeObject | undefined): string {
  const spec = object?.['spec'] as { template?: { spec?: { containers?: { image?: string }[] } } } | undefined;
  return spec?.template?.spec?.containers?.[0]?.image ?? '';
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + patienceMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${patienceMs / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
