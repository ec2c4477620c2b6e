// One cluster with an agent on a Redis, behind a proxy that can hold its requests, and a tenant with a part for each case.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Faults, startFaults } from '../../../../lab/cluster/faults.ts';
import { OpaPolicyEngine } from '../../../../src/adapters/opa/engine.ts';
import { openQueues } from '../../../../src/adapters/queue/open.ts';
import type { Queues } from '../../../../src/ports/queue.ts';
import { redisServer, type Server } from '../../queue/servers.ts';
import { hear, welcome } from '../acts.ts';
import { kustomization, type Running, Stand, type Status, tenant, yaml } from '../stand.ts';

/** A job that nobody came back from is made again after this. */
export const lostAfterMs = 1_500;
/** What policy may take: long enough to see on a busy machine whom it keeps waiting meanwhile. */
export const endlessMs = 20_000;

export class Arena {
  readonly stand: Stand;
  readonly redis: Server;
  readonly faults: Faults;
  /** Where the agent keeps its files. */
  readonly data: string;
  readonly #policyEngine = new OpaPolicyEngine({ batchTimeoutMs: endlessMs });
  #queues: Queues | undefined;
  #running: Running | undefined;

  private constructor(parts: { stand: Stand; redis: Server; faults: Faults; data: string }) {
    this.stand = parts.stand;
    this.redis = parts.redis;
    this.faults = parts.faults;
    this.data = parts.data;
  }

  static async start(): Promise<Arena> {
    const [stand, redis] = await Promise.all([Stand.start(), redisServer(['--maxmemory-policy', 'noeviction'])]);
    const faults = await startFaults(stand.cluster);
    const data = await mkdtemp(join(tmpdir(), 'sluice-arena-'));
    const arena = new Arena({ stand, redis, faults, data });
    for (const name of ['platform', 'shop']) await stand.repository(name);
    await stand.push('shop', { 'deploy/a.yaml': yaml(map('base')) });
    await stand.push('platform', {
      'sluice.yaml': 'deploy:\n  maxDeletions: 4\n',
      'clusters/eu/shop.yaml': yaml(...tenant('shop', stand.url('shop'))),
    });
    await welcome(stand, 'shop');
    await stand.bootstrap();
    await arena.startAgent();
    await stand.ready('shop/shop');
    return arena;
  }

  get running(): Running {
    if (this.#running === undefined) throw new Error('no agent runs');
    return this.#running;
  }

  async startAgent(concurrency = 4): Promise<void> {
    const { faults, data } = this;
    // Longer than a busy machine stands still.
    const queues = await openQueues(this.redis.address, { lockMs: 6_000, stalledMs: 500 });
    this.#queues = queues;
    const policyEngine = this.#policyEngine;
    const options = { server: faults.url, queues, dataFolder: data, concurrency, lostAfterMs, policyEngine };
    this.#running = await this.stand.agent(options);
  }

  async stopAgent(): Promise<void> {
    await this.#running?.stop();
    await this.#queues?.close(1_000);
    this.#running = undefined;
    this.#queues = undefined;
  }

  /** Has the platform repository say so, and the agent hear of it. */
  async platform(files: Readonly<Record<string, string | null>>): Promise<string> {
    return this.#pushed('platform', files);
  }

  /** Has the tenant commit this as all that a part holds, and the agent hear of it. */
  async commit(part: string, ...objects: readonly object[]): Promise<string> {
    return this.#pushed('shop', { [`${part}/a.yaml`]: objects.length === 0 ? null : yaml(...objects) });
  }

  /** A new Kustomization `shop/<part>` of the tenant with these objects; resolves when it is ready. */
  async add(part: string, objects: readonly object[], more: object = {}): Promise<Status> {
    await this.begin(part, objects, more);
    return this.stand.ready(`shop/${part}`);
  }

  /** As `add`, without a wait for it. */
  async begin(part: string, objects: readonly object[], more: object = {}): Promise<void> {
    const commit = await this.commit(part, ...objects);
    const { admin } = this.stand.cluster;
    const source = {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      namespace: 'shop',
      name: 'shop',
    };
    // Or its folder might not be there yet at the first try.
    await admin.until(source, (one) => JSON.stringify(one?.['status'] ?? {}).includes(commit));
    await this.platform({ [`clusters/eu/${part}.yaml`]: yaml(partOf(part, more)) });
    const ref = { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', namespace: 'shop', name: part };
    await admin.until(ref, (one) => one !== undefined);
  }

  /** Gives the tenant's account more in its namespace. */
  async grant(name: string, rules: readonly object[], account = 'deployer'): Promise<void> {
    await this.platform({ [`clusters/eu/grant-${name}.yaml`]: yaml(...grantOf(name, rules, account)) });
    await this.stand.cluster.admin.until(
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', namespace: 'shop', name },
      (one) => one !== undefined,
    );
  }

  async close(): Promise<void> {
    this.faults.clear();
    await this.stopAgent();
    await this.faults.stop();
    await this.stand.close();
    await this.#policyEngine.close();
    await this.redis.remove();
    await rm(this.data, { recursive: true, force: true });
  }

  async #pushed(repository: string, files: Readonly<Record<string, string | null>>): Promise<string> {
    const commit = await this.stand.push(repository, files);
    await hear(this.running, this.stand, repository);
    return commit;
  }
}

export function partOf(name: string, more: object = {}): object {
  const sourceRef = { kind: 'GitRepository', name: 'shop' };
  return kustomization('shop', name, { path: `./${name}`, sourceRef, serviceAccountName: 'deployer', ...more });
}

export function grantOf(name: string, rules: readonly object[], account: string): readonly object[] {
  const rbac = 'rbac.authorization.k8s.io';
  const metadata = { namespace: 'shop', name };
  return [
    { apiVersion: `${rbac}/v1`, kind: 'Role', metadata, rules },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: rbac, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: account }],
    },
  ];
}

/** A ConfigMap of the tenant. */
export function map(name: string, data: Readonly<Record<string, string>> = {}): object {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name }, data };
}
