// One Kustomization's life, again and again under names of its own: create (with a definition before its object), change, prune.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ApiRequest } from '../../../../lab/cluster/api-request.ts';
import { type Faults, startFaults } from '../../../../lab/cluster/faults.ts';
import type { KubeObject } from '../../../../lab/cluster/object.ts';
import { openQueues } from '../../../../src/adapters/queue/open.ts';
import type { Queues } from '../../../../src/ports/queue.ts';
import { redisServer, type Server } from '../../queue/servers.ts';
import { clusterName, configMap, kustomization, namespace, Stand, yaml } from '../stand.ts';

const program = fileURLToPath(new URL('agent-process.ts', import.meta.url));

/** What a life came to, without what differs between two that went alike. */
export interface End {
  readonly objects: readonly string[];
  readonly inventory: readonly string[];
  readonly ready: string;
}

export class Scenario {
  readonly faults: Faults;
  readonly #stand: Stand;
  readonly #redis: Server;
  readonly #queues: Queues;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(stand: Stand, faults: Faults, redis: Server, queues: Queues, folder: string) {
    this.#stand = stand;
    this.faults = faults;
    this.#redis = redis;
    this.#queues = queues;
    this.#folder = folder;
  }

  static async start(): Promise<Scenario> {
    const [stand, redis] = await Promise.all([Stand.start(), redisServer(['--maxmemory-policy', 'noeviction'])]);
    await stand.repository('platform');
    await stand.push('platform', { [`clusters/${clusterName}/a.yaml`]: yaml(configMap('flux-system', 'a', {})) });
    await stand.bootstrap();
    const faults = await startFaults(stand.cluster);
    const folder = await mkdtemp(join(tmpdir(), 'sluice-faults-'));
    const token = await stand.cluster.serviceAccountToken('sluice-system', 'sluice-agent');
    await writeFile(join(folder, 'kubeconfig'), faults.kubeconfig(token));
    const scenario = new Scenario(stand, faults, redis, await openQueues(redis.address, {}), folder);
    await scenario.startAgent();
    await stand.ready('flux-system/flux-system');
    return scenario;
  }

  async startAgent(): Promise<void> {
    const files = [join(this.#folder, 'kubeconfig'), this.#redis.address, join(this.#folder, 'data')];
    const child = spawn(process.execPath, [program, ...files], { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.stderr.on('data', (chunk: Buffer) => void this.#stand.lines.push(chunk.toString()));
    const ended = once(child, 'exit').then(() => 'ended');
    if ((await Promise.race([once(child.stdout, 'data'), ended])) === 'ended')
      throw new Error(`the agent ended: ${this.#stand.lines.slice(-5).join('')}`);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** A request of this life, and not one of those that any agent starts with. */
  concerns(name: string): (request: ApiRequest) => boolean {
    return ({ path, body, verb }) =>
      verb !== 'watch' && verb !== 'list' && (path.includes(name) || body.includes(`"${name}"`));
  }

  /** Lives it through. Asserts nothing; whoever calls compares. */
  async live(name: string): Promise<End> {
    const stand = this.#stand;
    const key = `flux-system/${name}`;
    const document = kustomization('flux-system', name, { path: `./apps/${name}`, sourceRef: flux });
    const first = await stand.push('platform', {
      [`clusters/${clusterName}/${name}.yaml`]: yaml(document),
      [`apps/${name}/a.yaml`]: yaml(namespace(name), definition(name), custom(name)),
      [`apps/${name}/b.yaml`]: yaml(configMap(name, 'kept', { colour: 'blue' }), configMap(name, 'old', {})),
    });
    await this.#hear();
    await stand.cluster.admin.until(
      { apiVersion: document.apiVersion, kind: document.kind, namespace: 'flux-system', name },
      (one) => one !== undefined,
      30_000,
    );
    await stand.ready(key, first, patienceMs);
    const before = await this.#owned(name);
    const second = await stand.push('platform', {
      [`apps/${name}/b.yaml`]: yaml(configMap(name, 'kept', { colour: 'green' }), configMap(name, 'new', {})),
    });
    await this.#hear();
    const { inventory, ready } = await stand.ready(key, second, patienceMs);
    const after = await this.#owned(name);
    for (const [id, { metadata }] of before) {
      const now = after.get(id);
      if (now !== undefined && now.metadata['uid'] !== metadata['uid']) throw new Error(`${id} was made anew`);
    }
    const plain = (text: string): string => text.replaceAll(name, 'NAME').replaceAll(second, 'SECOND');
    return {
      objects: [...after]
        .map(([id, object]) => plain(`${id} ${JSON.stringify([object['data'], object['spec']])}`))
        .toSorted(),
      inventory: inventory.map(plain).toSorted(),
      ready: plain(`${ready?.status} ${ready?.reason} ${ready?.message}`),
    };
  }

  /** What was deleted for good, as `kinds/name`, in this life. */
  deletions(name: string): readonly string[] {
    const gone = this.faults.requests.filter((one) => one.verb === 'delete' && this.concerns(name)(one));
    return [...new Set(gone.map(({ resource, name: of }) => `${resource}/${of}`))];
  }

  async close(): Promise<void> {
    await this.kill();
    await this.#queues.close(1_000);
    await this.#redis.remove();
    await this.faults.stop();
    await this.#stand.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #hear(): Promise<void> {
    const queue = await this.#queues.open(`reconcile-${clusterName}`);
    const url = this.#stand.url('platform').replace(/\.git$/, '');
    await queue.add({ kind: 'pushed', version: 1, cluster: clusterName, url, branch: 'main', cause: 'test' });
  }

  /** Everything that carries the owner's label, by inventory id. */
  async #owned(name: string): Promise<Map<string, KubeObject>> {
    const { admin } = this.#stand.cluster;
    const labelSelector = `kustomize.toolkit.fluxcd.io/name=${name}`;
    const kinds = [
      ['v1', 'ConfigMap', ''],
      ['v1', 'Namespace', ''],
      [`${name}.example.com/v1`, 'Widget', `${name}.example.com`],
      ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'apiextensions.k8s.io'],
    ] as const;
    const found = new Map<string, KubeObject>();
    for (const [apiVersion, kind, group] of kinds) {
      for (const one of await admin.list(apiVersion, kind, { labelSelector }))
        found.set(`${String(one.metadata['namespace'] ?? '')}_${one.metadata.name}_${group}_${kind}`, one);
    }
    return found;
  }
}

/** Three failures in a row make the agent wait 35 seconds in all. */
const patienceMs = 90_000;
const flux = { kind: 'GitRepository', name: 'flux-system' };

function definition(name: string): object {
  const group = `${name}.example.com`;
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `widgets.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
    },
  };
}

function custom(name: string): object {
  return {
    apiVersion: `${name}.example.com/v1`,
    kind: 'Widget',
    metadata: { namespace: name, name: 'one' },
    spec: { size: 1 },
  };
}
