// One Kustomization's life, again and again under names of its own: created (with a definition before its object), changed
// (one object anew, one gone), removed. The ways to the API server, to Git and to the queue lead through proxies.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiRequest } from '../../../../lab/cluster/api-request.ts';
import { type Faults, type Recorded, startFaults } from '../../../../lab/cluster/faults.ts';
import type { KubeObject } from '../../../../lab/cluster/object.ts';
import { openQueues } from '../../../../src/adapters/queue/open.ts';
import type { Queue, Queues } from '../../../../src/ports/queue.ts';
import { redisServer, type Server } from '../../queue/servers.ts';
import { clusterName, configMap, gitRepository, kustomization, Stand, type Status, yaml } from '../stand.ts';
import { Agents } from './agents.ts';
import { GitGate } from './git-gate.ts';
import { custom, definition, namespaceOf } from './life.ts';
import { StoreGate } from './store-gate.ts';

export const phases = ['create', 'change', 'remove'] as const;
export type Phase = (typeof phases)[number];

/** What a phase came to, without what differs between two that went alike. */
export interface End {
  /** Everything with the owner's label, and what it says. */
  readonly objects: readonly string[];
  readonly inventory: readonly string[];
  readonly ready: string;
  /** What was deleted, as `configmaps/old`. */
  readonly deleted: readonly string[];
  /** Whoever applied and deleted its objects. */
  readonly accounts: readonly string[];
}

/** Several failures in a row make an agent wait 5, 10 and 20 seconds, and a dead watch is noticed after 150. */
const patienceMs = 240_000;
const source = { kind: 'GitRepository', name: 'flux-system' };

export class Scenario {
  readonly stand: Stand;
  readonly faults: Faults;
  readonly git: GitGate;
  readonly store: StoreGate;
  readonly agents: Agents;
  readonly #redis: Server;
  readonly #queues: Queues;
  readonly #folder: string;
  readonly #lockMs: number;
  readonly #uids = new Map<string, ReadonlyMap<string, unknown>>();

  private constructor(parts: {
    readonly stand: Stand;
    readonly faults: Faults;
    readonly git: GitGate;
    readonly store: StoreGate;
    readonly redis: Server;
    readonly queues: Queues;
    readonly folder: string;
    readonly lockMs: number;
  }) {
    const { stand, faults, git, store, redis, queues, folder, lockMs } = parts;
    this.stand = stand;
    this.faults = faults;
    this.git = git;
    this.store = store;
    this.#redis = redis;
    this.#queues = queues;
    this.#folder = folder;
    this.#lockMs = lockMs;
    this.agents = this.#agents(join(folder, 'kubeconfig'), 'data');
  }

  /**
   * With the root applied, and an agent that runs. `lockMs` is for how long its jobs stay its own while it is not heard of:
   * short where the next one is to go on at once, long where a busy machine must not make it lose them.
   */
  static async start({ lockMs = 1_000 }: { readonly lockMs?: number } = {}): Promise<Scenario> {
    const [stand, redis] = await Promise.all([Stand.start(), redisServer(['--maxmemory-policy', 'noeviction'])]);
    await stand.repository('platform');
    const here = yaml(configMap('flux-system', 'a', {}));
    // Many lives end with one commit.
    const deploy = 'deploy:\n  maxDeletions: 1000\n';
    await stand.push('platform', { 'sluice.yaml': deploy, [`clusters/${clusterName}/a.yaml`]: here });
    const [git, store, faults, queues, folder] = await Promise.all([
      GitGate.start(stand.github.address),
      StoreGate.start(redis.address),
      startFaults(stand.cluster),
      openQueues(redis.address, {}),
      mkdtemp(join(tmpdir(), 'sluice-faults-')),
    ]);
    const scenario = new Scenario({ stand, faults, git, store, redis, queues, folder, lockMs });
    await stand.cluster.admin.apply([
      stand.credentials('flux-system'),
      gitRepository('flux-system', 'flux-system', scenario.#url),
      kustomization('flux-system', 'flux-system', { path: `clusters/${clusterName}`, prune: true }),
    ]);
    await scenario.#logIn('kubeconfig', faults);
    await scenario.agents.start();
    await stand.ready('flux-system/flux-system');
    return scenario;
  }

  /** An agent on the same queue that knows nothing of the first one: its way to the API server leads through `faults`. */
  async another(faults: Faults): Promise<Agents> {
    await this.#logIn('another', faults);
    return this.#agents(join(this.#folder, 'another'), 'data-another');
  }

  /** Resolves when the agent is gone, and with it each of its connections. */
  async kill(): Promise<void> {
    await this.agents.kill();
    while (this.faults.clients + this.git.clients + this.store.clients > 0) await sleep(1);
  }

  /** A request that is about this life, and not one of those that any agent asks. */
  concerns(name: string): (request: ApiRequest) => boolean {
    return ({ path, body }) => path.includes(name) || body.includes(`"${name}"`);
  }

  /** Lives one phase of several lives through, side by side, and tells what each came to, in their order. */
  async live(phase: Phase, ...names: readonly string[]): Promise<readonly End[]> {
    const from = this.faults.requests.length;
    const commit = await this.stand.push('platform', Object.assign({}, ...names.map((name) => filesOf(phase, name))));
    await this.hear();
    const own = names.map(async (name) => {
      try {
        return await this.#settled(phase, name, commit);
      } catch (cause) {
        const said = this.agents.lines.filter((line) => line.includes(name));
        throw new Error(`${phase} ${name}:\n${said.slice(-40).join('\n')}`, { cause });
      }
    });
    const [ends] = await Promise.all([
      Promise.all(own),
      this.stand.ready('flux-system/flux-system', commit, patienceMs),
    ]);
    const requests = this.faults.requests.slice(from);
    return ends.map((end, at) => this.#plain(phase, end, { name: names[at] ?? '', commit, requests }));
  }

  /** What a webhook of a push comes to. */
  async hear(): Promise<void> {
    const queue = await this.queue();
    const url = this.#url.replace(/\.git$/, '');
    await queue.add({ kind: 'pushed', version: 1, cluster: clusterName, url, ref: 'refs/heads/main', cause: 'test' });
  }

  /** Of the cluster's agents. */
  async queue(): Promise<Queue> {
    return this.#queues.open(`reconcile-${clusterName}`);
  }

  /** Of the jobs that somebody has in hand. */
  async locks(): Promise<readonly string[]> {
    return (await this.#redis.command('keys', '*:lock')) as readonly string[];
  }

  /** With the proxy as the API server. */
  get kubeconfig(): string {
    return join(this.#folder, 'kubeconfig');
  }

  async close(): Promise<void> {
    await this.agents.close();
    await this.#queues.close(1_000);
    await Promise.all([this.store.stop(), this.git.stop(), this.faults.stop()]);
    await this.#redis.remove();
    await this.stand.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #url(): string {
    return this.stand.url('platform').replace(this.stand.github.address, this.git.address);
  }

  async #logIn(file: string, faults: Faults): Promise<void> {
    const token = await this.stand.cluster.serviceAccountToken('sluice-system', 'sluice-agent');
    await writeFile(join(this.#folder, file), faults.kubeconfig(token));
  }

  #agents(kubeconfig: string, data: string): Agents {
    const files = { kubeconfig, store: this.store.address, dataFolder: join(this.#folder, data), lockMs: this.#lockMs };
    return new Agents(files, (line) => void this.stand.lines.push(line));
  }

  async #settled(phase: Phase, name: string, commit: string): Promise<Settled> {
    if (phase === 'remove') {
      await this.stand.gone(`flux-system/${name}`, patienceMs);
      return { status: undefined, objects: await this.#emptied(name) };
    }
    const { admin } = this.stand.cluster;
    const ref = { ...kustomization('flux-system', name, {}), namespace: 'flux-system', name };
    await admin.until(ref, (one) => one !== undefined, patienceMs);
    const status = await this.stand.ready(`flux-system/${name}`, commit, patienceMs);
    const objects = await this.owned(name);
    const uids = new Map([...objects].map(([id, { metadata }]) => [id, metadata['uid']]));
    for (const [id, uid] of this.#uids.get(name) ?? [])
      if (uids.has(id) && uids.get(id) !== uid) throw new Error(`${id} was made anew`);
    this.#uids.set(name, uids);
    return { status, objects };
  }

  /** Nothing but a namespace is left, which only the controllers of a whole cluster take away. */
  async #emptied(name: string): Promise<Map<string, KubeObject>> {
    const until = performance.now() + patienceMs;
    for (;;) {
      const left = await this.owned(name);
      const still = [...left.values()].filter(({ metadata }) => metadata['deletionTimestamp'] === undefined);
      if ((still.length === 0 && left.size <= 1) || performance.now() > until) return left;
      await sleep(20);
    }
  }

  #plain(
    phase: Phase,
    { status, objects }: Settled,
    {
      name,
      commit,
      requests,
    }: { readonly name: string; readonly commit: string; readonly requests: readonly Recorded[] },
  ): End {
    const plain = (text: string): string => text.replaceAll(name, 'NAME').replaceAll(commit, 'COMMIT');
    const ready = status?.ready;
    const about = requests.filter(this.concerns(name));
    const writes = about.filter(({ verb, as }) => as !== undefined && (verb === 'apply' || verb === 'delete'));
    const gone: Pick<Recorded, 'resource' | 'name'>[] = about.filter((one) => one.verb === 'delete' && mayBeDone(one));
    // What its definition takes along needs no deletion of its own, where that one failed.
    if (phase === 'remove') gone.push({ resource: 'widgets', name: 'one' });
    const said = [...objects].map(([id, one]) => {
      const going = one.metadata['deletionTimestamp'] === undefined ? '' : ' going';
      return plain(`${id}${going} ${JSON.stringify([one['data'], going === '' ? one['spec'] : null])}`);
    });
    return {
      objects: said.toSorted(),
      inventory: (status?.inventory ?? []).map(plain).toSorted(),
      ready: plain(ready === undefined ? '' : `${ready.status} ${ready.reason} ${ready.message}`),
      deleted: [...new Set(gone.map((one) => plain(`${one.resource}/${one.name}`)))].toSorted(),
      accounts: [...new Set(writes.map(({ as }) => as ?? ''))],
    };
  }

  /** Everything that carries the owner's label, by inventory id. */
  async owned(name: string): Promise<Map<string, KubeObject>> {
    const { admin } = this.stand.cluster;
    const labelSelector = `kustomize.toolkit.fluxcd.io/name=${name}`;
    const group = `${name}.example.com`;
    const kinds = [
      ['/api/v1/configmaps', '', 'ConfigMap'],
      ['/api/v1/namespaces', '', 'Namespace'],
      [`/apis/${group}/v1/widgets`, group, 'Widget'],
      ['/apis/apiextensions.k8s.io/v1/customresourcedefinitions', 'apiextensions.k8s.io', 'CustomResourceDefinition'],
    ] as const;
    const found = new Map<string, KubeObject>();
    for (const [path, of, kind] of kinds) {
      const { body } = await admin.request('GET', `${path}?labelSelector=${encodeURIComponent(labelSelector)}`);
      for (const one of (body as { readonly items?: readonly KubeObject[] }).items ?? [])
        found.set(`${String(one.metadata['namespace'] ?? '')}_${one.metadata.name}_${of}_${kind}`, one);
    }
    return found;
  }
}

/** An answer that was lost or replaced says nothing of what became of its request. */
function mayBeDone({ status = 200, fault }: Recorded): boolean {
  return status === 200 || (fault !== undefined && 'when' in fault && fault.when === 'after');
}

interface Settled {
  readonly status: Status | undefined;
  readonly objects: ReadonlyMap<string, KubeObject>;
}

function filesOf(phase: Phase, name: string): Record<string, string | null> {
  const document = `clusters/${clusterName}/${name}.yaml`;
  const [first, second] = [`apps/${name}/a.yaml`, `apps/${name}/b.yaml`];
  if (phase === 'remove') return { [document]: null, [first]: null, [second]: null };
  const other = phase === 'create' ? configMap(name, 'old', {}) : configMap(name, 'new', {});
  const colour = phase === 'create' ? 'blue' : 'green';
  return {
    [document]: yaml(kustomization('flux-system', name, { path: `./apps/${name}`, sourceRef: source })),
    [first]: yaml(namespaceOf(name), definition(name), custom(name)),
    [second]: yaml(configMap(name, 'kept', { colour }), other),
  };
}
