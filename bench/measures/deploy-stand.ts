// One cluster and its agent in a process of its own on Redis, and a GitHub from which it fetches.
import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cluster, startCluster } from '../../lab/cluster/cluster.ts';
import type { KubeObject } from '../../lab/cluster/object.ts';
import { type LabGitHub, startGitHub } from '../../lab/github/github.ts';
import { connectCluster } from '../../src/adapters/kube/cluster.ts';
import { readKubeconfig } from '../../src/adapters/kube/kubeconfig.ts';
import { createLog } from '../../src/adapters/log/log.ts';
import { openQueues } from '../../src/adapters/queue/open.ts';
import type { KubeCluster } from '../../src/ports/kube.ts';
import type { Queue, Queues } from '../../src/ports/queue.ts';
import { gitRepository, kustomization } from '../../test/real/agent/stand.ts';
import { installPlatform } from '../../test/real/bootstrap/install.ts';
import { redisServer } from '../../test/real/queue/servers.ts';
import { appFiles, appKustomization, platformFiles, smallTenant, tenantName } from './deploy-fleet.ts';
import { familyOf, type SluiceProcess, startSluice } from './deploy-processes.ts';
import { Seen } from './deploy-seen.ts';

export const clusterName = 'eu';
export const tenantRepository = `acme/${tenantName}`;
const owner = 'acme';
const author = 'ada';

export interface DeployStand {
  readonly cluster: Cluster;
  readonly github: LabGitHub;
  readonly agent: SluiceProcess;
  /** The agent's. */
  readonly queue: Queue;
  /** `redis://…` */
  readonly redis: string;
  /** As the cluster's administrator. */
  readonly kube: KubeCluster;
  readonly seen: Seen;
  readonly directory: string;
  /** The tenant's commit that was pushed last. */
  commit: string;
  /** Of a repository, with credentials. */
  cloneUrl(repository: string): string;
  /** Pushes files to a repository, the tenant's unless told otherwise; nobody is told. @returns the commit */
  push(files: Readonly<Record<string, string>>, repository?: string): Promise<string>;
  /** All processes but this one. */
  pids(): readonly number[];
  close(): Promise<void>;
}

/** Starts everything, with the folders of so many Kustomizations in the tenant's repository and none in the cluster. */
export async function deployStand(directory: string, apps: number, say: (what: string) => void): Promise<DeployStand> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    return await start(directory, apps, { say, closers, close });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Starting {
  readonly say: (what: string) => void;
  readonly closers: (() => Promise<unknown>)[];
  readonly close: () => Promise<void>;
}

async function start(directory: string, apps: number, { say, closers, close }: Starting): Promise<DeployStand> {
  await mkdir(directory, { recursive: true });
  const github = await startGitHub();
  closers.push(() => github.stop());
  const redis = await redisServer();
  closers.push(() => redis.remove());
  const cluster = await startCluster({ name: clusterName, folder: join(directory, 'cluster'), progress: say });
  closers.push(() => cluster.stop());
  await installPlatform(cluster);
  const push = await repositories(github, apps);
  const commit = await push({ 'README.md': 'The shop\n' });
  await push(appFiles(0, 'blue', smallTenant), smallTenant);
  await bootstrap(cluster, github);
  const settings = { folder: directory, lockMs: 30_000, stalledMs: 5_000, onEvent: () => {} };
  const queues: Queues = await openQueues(redis.address as `redis://${string}`, settings);
  closers.push(() => queues.close(0));
  const token = await cluster.serviceAccountToken('sluice-system', 'sluice-agent');
  const kubeconfig = join(directory, 'kubeconfig');
  writeFileSync(kubeconfig, cluster.kubeconfig(token), { mode: 0o600 });
  const environment = { SLUICE_CLUSTER: clusterName, SLUICE_KUBECONFIG: kubeconfig, SLUICE_QUEUE: redis.address };
  const agent = await startSluice('agent', join(directory, 'agent'), environment, 'the agent is ready');
  closers.push(() => agent.stop());
  const { kube, seen } = await watch(cluster);
  closers.push(async () => kube.close());
  await fetched(cluster, commit);
  const person = github.user(author);
  const cloneUrl = (name: string): string => urlOf(github, name).replace('//', `//${author}:${person.token}@`);
  const queue = await queues.open(`reconcile-${clusterName}`);
  const pids = (): readonly number[] => familyOf(process.pid).slice(1);
  return {
    cluster,
    github,
    agent,
    queue,
    redis: redis.address,
    kube,
    seen,
    directory,
    commit,
    cloneUrl,
    push,
    pids,
    close,
  };
}

function urlOf(github: LabGitHub, name: string): string {
  return `${github.address}/${owner}/${name}.git`;
}

async function repositories(github: LabGitHub, apps: number): Promise<DeployStand['push']> {
  github.createOrganisation(owner);
  github.createUser(author);
  github.addMember(owner, author, 'admin');
  for (const name of ['platform', tenantName, smallTenant]) await github.createRepository(`${owner}/${name}`);
  const push: DeployStand['push'] = (files, name = tenantName) =>
    github.pushFiles(`${owner}/${name}`, author, { branch: 'main', files, message: 'Change' });
  await push(Object.assign({}, ...Array.from({ length: apps }, (_, index) => appFiles(index, 'blue'))));
  const platform = [tenantName, smallTenant].map((name) => platformFiles(clusterName, name, urlOf(github, name)));
  await push(Object.assign({}, ...platform), 'platform');
  return push;
}

async function bootstrap(cluster: Cluster, github: LabGitHub): Promise<void> {
  const stringData = { username: author, password: github.user(author).token };
  const credentials = (namespace: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'git' },
    stringData,
  });
  await cluster.admin.apply([
    ...[tenantName, smallTenant].flatMap((name) => [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      credentials(name),
    ]),
    credentials('flux-system'),
    gitRepository('flux-system', 'flux-system', urlOf(github, 'platform')),
    kustomization('flux-system', 'flux-system', { path: `clusters/${clusterName}`, interval: '60m' }),
  ] as KubeObject[]);
}

async function watch(cluster: Cluster): Promise<{ readonly kube: KubeCluster; readonly seen: Seen }> {
  const kube = connectCluster(readKubeconfig(cluster.kubeconfig()), {
    log: createLog({ level: 'error', secrets: [] }),
  });
  const kind = (await kube.kinds()).find('kustomize.toolkit.fluxcd.io', 'Kustomization');
  if (kind === undefined) throw new Error('the cluster serves no Kustomizations');
  const seen = new Seen();
  const { signal } = new AbortController();
  await kube.follow(kind, seen.follower(), { namespace: tenantName, signal });
  return { kube, seen };
}

/** The agent has the tenant's source at a commit. */
async function fetched({ admin }: Cluster, commit: string): Promise<void> {
  const source = { apiVersion: 'source.toolkit.fluxcd.io/v1', kind: 'GitRepository', namespace: tenantName };
  const has = (object: KubeObject | undefined): boolean => JSON.stringify(object?.['status'] ?? '').includes(commit);
  await admin.until({ ...source, name: tenantName }, has, 60_000);
}

/** Creates Kustomizations `from` up to, without, `to`, a few at a time. */
export async function createApps({ cluster }: DeployStand, from: number, to: number): Promise<void> {
  const path = `/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/${tenantName}/kustomizations`;
  let next = from;
  const hand = async (): Promise<void> => {
    while (next < to) {
      const { status, body } = await cluster.admin.request('POST', path, appKustomization(next++));
      if (status !== 201) throw new Error(`a Kustomization was not created: ${JSON.stringify(body).slice(0, 500)}`);
    }
  };
  await Promise.all(Array.from({ length: 4 }, hand));
}

/** Tells the agent of the push, as `sluice serve` does. */
export async function tellAgent({ queue, github }: DeployStand): Promise<void> {
  const url = `${github.address}/${tenantRepository}`;
  await queue.add({ kind: 'pushed', version: 1, cluster: clusterName, url, ref: 'refs/heads/main', cause: 'bench' });
}
