// The sample organisation from pull requests to two real clusters: real pushes, real webhooks, one process.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Cluster } from '../../../lab/cluster/cluster.ts';
import { type Change, listChanges } from '../../../examples/changes.ts';
import { DemoClusters, isLive, keyOf } from '../../../examples/demo/clusters.ts';
import { HostedOrganisation, type Opened, person } from '../../../examples/hosted.ts';
import { createToolbox, type Toolbox } from '../../../src/toolbox.ts';

let folder: string;
let toolbox: Toolbox;
let clusters: DemoClusters;
let hosted: HostedOrganisation;

const widget = { apiVersion: 'acme.example/v1', kind: 'Widget', namespace: 'catalog', name: 'often-bought-together' };
const deployer = 'system:serviceaccount:catalog:deployer';

// Each test waits for two clusters, several times over.
vi.setConfig({ testTimeout: 600_000 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-deploy-'));
  toolbox = createToolbox(process.env);
  clusters = await DemoClusters.start(folder, () => {});
  const bootstrap = (github: HostedOrganisation['github']): Promise<string> =>
    clusters.bootstrap(github, toolbox, () => {});
  hosted = await HostedOrganisation.start({ folder, toolbox, clusters: bootstrap });
}, 900_000);

afterAll(async () => {
  await hosted?.stop();
  await clusters?.stop();
  await toolbox?.close();
  await rm(folder, { recursive: true, force: true });
});

async function everywhere(holds: (cluster: Cluster) => Promise<boolean>): Promise<void> {
  await Promise.all(
    clusters.all.map((cluster) => expect.poll(() => holds(cluster), { timeout: 120_000, interval: 200 }).toBe(true)),
  );
}

async function live(cluster: Cluster, prefix: string, commit = ''): Promise<boolean> {
  const own = (await clusters.kustomizations(cluster)).filter((one) => keyOf(one).startsWith(prefix));
  return own.length > 0 && own.every((one) => isLive(one, commit));
}

async function merged(change: Change): Promise<Opened & { readonly commit: string }> {
  const opened = await hosted.open(change);
  const { check } = await hosted.reviewed(opened);
  expect(check.conclusion).toBe('success');
  return { ...opened, commit: await hosted.github.merge(opened.repository, opened.number, person) };
}

async function sampleChange(id: string): Promise<Change> {
  const found = (await listChanges()).find((change) => change.id === id);
  if (found === undefined) throw new Error(`there is no change set ${id}`);
  return found;
}

function comments({ repository, number }: Opened): readonly string[] {
  return hosted.github.listComments(repository, number).flatMap(({ app, body }) => (app === undefined ? [] : [body]));
}

function deployments({ repository, commit }: { readonly repository: string; readonly commit: string }): object {
  const all = [...hosted.github.repository(repository).deployments.values()].filter(({ sha }) => sha === commit);
  return Object.fromEntries(all.map(({ environment, statuses }) => [environment, statuses.at(-1)?.state]));
}

test('a fleet as teams have it deploys as written', async () => {
  await everywhere(async ({ admin }) => {
    return (await admin.get({ apiVersion: 'v1', kind: 'Namespace', name: 'media' })) !== undefined;
  });
  await clusters.addContentNetwork();
  for (const key of ['catalog/catalog', 'catalog/catalog-widgets', 'media/media', 'flux-system/flux-system'])
    await everywhere((cluster) => live(cluster, key));
  for (const cluster of clusters.all) {
    const api = await cluster.admin.get({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      namespace: 'catalog',
      name: 'api',
    });
    // Each cluster has its own variables.
    expect(JSON.stringify(api?.['spec'])).toContain(cluster.name.replace('prod-', ''));
  }
});

test('a merge reaches every cluster as the tenant, and the pull request says so', async () => {
  const from = await Promise.all(clusters.all.map((cluster) => cluster.auditPosition()));
  const pull = await merged(await sampleChange('21-widget'));
  await everywhere((cluster) => live(cluster, 'catalog/', pull.commit));
  for (const [at, cluster] of clusters.all.entries()) {
    expect(await cluster.admin.get(widget)).toMatchObject({ spec: { page: 'basket' } });
    const writes = (await cluster.audit(from[at])).filter(
      ({ verb, objectRef }) =>
        ['create', 'update', 'patch', 'delete'].includes(verb) &&
        objectRef?.namespace === 'catalog' &&
        ['widgets', 'deployments', 'configmaps', 'services', 'secrets'].includes(objectRef.resource ?? ''),
    );
    const byAgent = writes.filter(({ user }) => user.username === 'system:serviceaccount:sluice-system:sluice-agent');
    expect(byAgent.length).toBeGreaterThan(0);
    for (const { impersonatedUser } of byAgent) expect(impersonatedUser?.username).toBe(deployer);
  }
  await expect.poll(() => comments(pull).join('\n')).toMatch(/live on 2 of 2 clusters/i);
  const done = { 'prod-eu-west-1': 'success', 'prod-us-east-1': 'success' };
  await expect.poll(() => deployments(pull)).toEqual(done);
  // Good news is not told twice.
  expect(comments(pull)).toHaveLength(1);
});

test('a change made by hand does not last', async () => {
  const [cluster] = clusters.all;
  const api = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'catalog', name: 'api' };
  const image = async (): Promise<string> => JSON.stringify((await cluster?.admin.get(api))?.['spec']);
  const before = await image();
  const containers = [{ name: 'api', image: 'ghcr.io/acme/catalog-api:by-hand' }];
  await cluster?.admin.patch(api, { spec: { template: { spec: { containers } } } }, { type: 'strategic' });
  await expect.poll(image, { interval: 100 }).toBe(before);
});

test('without its rights the refusal of the API server names verb and resource, in the cluster and to the author', async () => {
  const unbind: Change = {
    ...(await sampleChange('24-platform-grant')),
    id: 'unbind',
    title: 'Take the rights of catalog away',
    files: new Map(),
    edit: [{ file: 'tenants/base/catalog/kustomization.yaml', find: '  - rbac.yaml\n', replace: '  - account.yaml\n' }],
    delete: [],
  };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'deployer', namespace: 'catalog' } };
  const files = new Map([['tenants/base/catalog/account.yaml', Buffer.from(JSON.stringify(account))]]);
  await merged({ ...unbind, files });
  await everywhere(async ({ admin }) => {
    const binding = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      namespace: 'catalog',
      name: 'deployer',
    };
    return (await admin.get(binding)) === undefined;
  });
  const pull = await merged(await sampleChange('12-secret-change'));
  await everywhere(async (cluster) => {
    const found = (await clusters.kustomizations(cluster)).find((one) => keyOf(one) === 'catalog/catalog');
    const words = JSON.stringify(found?.['status']);
    return /may not (patch|get|list) \w+ in namespace catalog/.test(words) && words.includes(deployer);
  });
  await expect.poll(() => comments(pull).length).toBe(2);
  expect(comments(pull).join('\n')).toMatch(/may not (patch|get|list) \w+/);
  expect(comments(pull).join('\n')).not.toMatch(/made-up-licence/);
  const failed = { 'prod-eu-west-1': 'failure', 'prod-us-east-1': 'failure' };
  await expect.poll(() => deployments(pull)).toEqual(failed);
});
