// One cluster's agent against real parts: an API server, Git over HTTP, the renderer, policies, a queue.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Cluster, type ClusterOptions, startCluster } from '../../../lab/cluster/cluster.ts';
import type { KubeObject } from '../../../lab/cluster/object.ts';
import { type LabGitHub, startGitHub } from '../../../lab/github/github.ts';
import { createLog } from '../../../src/adapters/log/log.ts';
import { readKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts';
import { openQueues } from '../../../src/adapters/queue/open.ts';
import { type Agent, type AgentOptions, startAgent } from '../../../src/agent.ts';
import type { Queues } from '../../../src/ports/queue.ts';
import { createToolbox, type Toolbox } from '../../../src/toolbox.ts';
import { installPlatform } from '../bootstrap/install.ts';
import { layStore } from '../queue/made.ts';

export const clusterName = 'eu';
const owner = 'acme';

export interface StandOptions {
  readonly controllers?: boolean;
  /** What the agent is told of the API server: a proxy with faults, say. */
  readonly url?: (cluster: Cluster) => Promise<string>;
  readonly cluster?: Partial<ClusterOptions>;
}

/** What one test file works with: start it once, and `close` it. */
export class Stand {
  readonly cluster: Cluster;
  readonly github: LabGitHub;
  readonly toolbox: Toolbox;
  readonly lines: string[] = [];
  readonly #folder: string;
  readonly #running = new Set<Running>();

  private constructor(folder: string, cluster: Cluster, github: LabGitHub) {
    this.#folder = folder;
    this.cluster = cluster;
    this.github = github;
    this.toolbox = createToolbox(process.env);
  }

  static async start(options: StandOptions = {}): Promise<Stand> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-agent-'));
    const [cluster, github] = await Promise.all([
      startCluster({
        name: clusterName,
        folder: join(folder, 'cluster'),
        controllers: options.controllers ?? false,
        progress: (step) => process.stderr.write(`${step}\n`),
      }),
      startGitHub(),
    ]);
    github.createOrganisation(owner);
    github.createUser('ada');
    github.addMember(owner, 'ada', 'admin');
    await installPlatform(cluster);
    return new Stand(folder, cluster, github);
  }

  /** `http://127.0.0.1:…/acme/<name>.git` */
  url(name: string): string {
    return `${this.github.address}/${owner}/${name}.git`;
  }

  async repository(name: string): Promise<void> {
    await this.github.createRepository(`${owner}/${name}`);
  }

  /** Pushes files (null deletes one) to `main`; returns the commit. */
  push(name: string, files: Readonly<Record<string, string | null>>, more: { force?: boolean } = {}): Promise<string> {
    return this.github.pushFiles(`${owner}/${name}`, 'ada', { branch: 'main', files, message: 'Change', ...more });
  }

  /** A Secret with which the agent fetches. */
  credentials(namespace: string, name = 'git'): KubeObject {
    const stringData = { username: 'ada', password: this.github.user('ada').token };
    return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, stringData } as KubeObject;
  }

  /** What `sluice bootstrap` leaves behind: the root source and Kustomization. */
  async bootstrap(path = `clusters/${clusterName}`): Promise<void> {
    await this.cluster.admin.apply([
      this.credentials('flux-system'),
      gitRepository('flux-system', 'flux-system', this.url('platform')),
      kustomization('flux-system', 'flux-system', { path, interval: '10m', prune: true }),
    ]);
  }

  /** Starts an agent as its own account. */
  async agent(more: Partial<AgentOptions> & { readonly server?: string } = {}): Promise<Running> {
    const token = await this.cluster.serviceAccountToken('sluice-system', 'sluice-agent');
    const data = await mkdtemp(join(this.#folder, 'data-'));
    const queues = more.queues ?? (await ownQueues(join(data, 'queue')));
    const { renderer, policyEngine, shippedPolicies } = await this.toolbox.tools(() => {});
    const log = createLog({
      level: 'debug',
      secrets: [],
      destination: { write: (line: string) => void this.lines.push(line) },
    });
    const { server, ...options } = more;
    const agent = await startAgent({
      cluster: clusterName,
      address: readKubeconfig(this.cluster.kubeconfig(token, server)),
      queues,
      log,
      dataFolder: data,
      renderer,
      policyEngine,
      shippedPolicies,
      ...options,
    });
    const running: Running = {
      agent,
      queues,
      stop: async () => {
        this.#running.delete(running);
        await agent.stop();
        if (more.queues === undefined) await queues.close(1_000);
      },
    };
    this.#running.add(running);
    return running;
  }

  async kustomization(key: string): Promise<KubeObject | undefined> {
    const [namespace = '', name = ''] = key.split('/');
    return this.cluster.admin.get({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      namespace,
      name,
    });
  }

  /** Waits until a condition of a Kustomization says so; on time-out the error shows what it says. */
  async until(key: string, holds: (now: Status) => boolean, timeoutMs = 60_000): Promise<Status> {
    const [namespace = '', name = ''] = key.split('/');
    const ref = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace, name };
    let last: Status | undefined;
    try {
      await this.cluster.admin.until(
        ref,
        (object) => {
          last = object === undefined ? undefined : statusOf(object);
          return last !== undefined && holds(last);
        },
        timeoutMs,
      );
    } catch (cause) {
      throw new Error(`${key}: ${JSON.stringify(last, null, 1)}\n${this.lines.slice(-15).join('')}`, { cause });
    }
    if (last === undefined) throw new Error(`${key} is gone`);
    return last;
  }

  ready(key: string, commit?: string, timeoutMs?: number): Promise<Status> {
    return this.until(
      key,
      ({ ready, applied }) => ready?.status === 'True' && (commit === undefined || applied.endsWith(commit)),
      timeoutMs,
    );
  }

  /** Waits until a Kustomization is there no more. */
  async gone(key: string, timeoutMs = 60_000): Promise<void> {
    const [namespace = '', name = ''] = key.split('/');
    const ref = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace, name };
    await this.cluster.admin.until(ref, (object) => object === undefined, timeoutMs);
  }

  async close(): Promise<void> {
    for (const running of this.#running) await running.stop();
    await this.toolbox.close();
    await this.cluster.stop();
    await this.github.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function ownQueues(folder: string): Promise<Queues> {
  await layStore(folder);
  return await openQueues('embedded', { folder });
}

export interface Running {
  readonly agent: Agent;
  readonly queues: Queues;
  stop(): Promise<void>;
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export interface Status {
  readonly ready: Condition | undefined;
  readonly conditions: readonly Condition[];
  readonly applied: string;
  readonly attempted: string;
  readonly inventory: readonly string[];
  readonly object: KubeObject;
}

export function statusOf(object: KubeObject): Status {
  const status = (object['status'] ?? {}) as {
    conditions?: Condition[];
    lastAppliedRevision?: string;
    lastAttemptedRevision?: string;
    inventory?: { entries?: { id: string }[] };
  };
  const conditions = status.conditions ?? [];
  return {
    ready: conditions.find(({ type }) => type === 'Ready'),
    conditions,
    applied: status.lastAppliedRevision ?? '',
    attempted: status.lastAttemptedRevision ?? '',
    inventory: (status.inventory?.entries ?? []).map(({ id }) => id),
    object,
  };
}

export function gitRepository(namespace: string, name: string, url: string, more: object = {}): KubeObject {
  const spec = { url, ref: { branch: 'main' }, interval: '10m', secretRef: { name: 'git' }, ...more };
  return {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { namespace, name },
    spec,
  } as KubeObject;
}

export function kustomization(namespace: string, name: string, spec: object): KubeObject {
  const sourceRef = { kind: 'GitRepository', name };
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { namespace, name },
    spec: { interval: '10m', prune: true, sourceRef, ...spec },
  } as KubeObject;
}

/** Several objects as one YAML file (JSON is YAML). */
export function yaml(...objects: readonly object[]): string {
  return objects.map((object) => `---\n${JSON.stringify(object, null, 2)}\n`).join('');
}

export function configMap(namespace: string | undefined, name: string, data: Readonly<Record<string, string>>): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...(namespace && { namespace }), name }, data };
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

/** What the platform gives a tenant: namespace, account, `edit` in it, a source, a Kustomization. */
export function tenant(name: string, url: string, spec: object = {}): object[] {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: name, name: 'deployer' } };
  const binding = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { namespace: name, name: 'deployer' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'deployer' },
    subjects: [{ kind: 'ServiceAccount', namespace: name, name: 'deployer' }],
  };
  // What `edit` says is put together by a controller, which most tests do without.
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { namespace: name, name: 'deployer' },
    rules: [{ apiGroups: ['', 'apps', 'batch', 'autoscaling', 'networking.k8s.io'], resources: ['*'], verbs: ['*'] }],
  };
  return [
    namespace(name),
    account,
    role,
    binding,
    gitRepository(name, name, url),
    kustomization(name, name, { path: './deploy', serviceAccountName: 'deployer', ...spec }),
  ];
}
