// A namespace of a real API server with an account that may do everything in it, and the steps of a deploy on it.
import { setTimeout as after } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import type { ClusterAccess } from '../../../lab/cluster/access.ts';
import { refOf } from '../../../lab/cluster/object.ts';
import { connectCluster } from '../../../src/adapters/kube/cluster.ts';
import { readKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts';
import type { Change } from '../../../src/apply/change.ts';
import type { ApplyContext } from '../../../src/apply/context.ts';
import { ignoreNothing } from '../../../src/apply/ignore.ts';
import { stagesOf } from '../../../src/apply/order.ts';
import { prepare } from '../../../src/apply/prepare.ts';
import { type PruneContext, type PruneResult, pruneStale } from '../../../src/apply/prune.ts';
import { applyStage } from '../../../src/apply/stage.ts';
import { secretValues } from '../../../src/diff/secret-values.ts';
import type { SluiceError } from '../../../src/errors.ts';
import { asList } from '../../../src/flux/read.ts';
import type { BuiltObject, Json, KubeObject } from '../../../src/object/object.ts';
import type { KubeCluster } from '../../../src/ports/kube.ts';
import type { Log } from '../../../src/ports/log.ts';
import { account } from '../cluster/stage.ts';
import { freshNamespace } from '../cluster/shared.ts';

const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent, hide() {} };

export interface Applied {
  readonly changes: readonly Change[];
  readonly failure: SluiceError | undefined;
  /** Requests that it took: `dryRun get apply`. */
  readonly requests: string;
}

export class Ground {
  readonly cluster: ClusterAccess;
  readonly kube: KubeCluster;
  readonly namespace: string;

  private constructor(cluster: ClusterAccess, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
    this.kube = connectCluster(readKubeconfig(cluster.kubeconfig()), { log: silent });
  }

  static async prepare(cluster: ClusterAccess, prefix: string, role = 'cluster-admin'): Promise<Ground> {
    const namespace = await freshNamespace(cluster, prefix);
    await cluster.admin.apply([
      account(namespace, 'flux'),
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'flux', namespace },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
        subjects: [{ kind: 'ServiceAccount', name: 'flux', namespace }],
      },
    ]);
    // The authorizer hears of a binding by a watch of its own.
    const as = `system:serviceaccount:${namespace}:flux`;
    const path = `/api/v1/namespaces/${namespace}/configmaps/none`;
    const may = async (): Promise<void> =>
      expect((await cluster.admin.request('GET', path, undefined, { as })).status).toBe(404);
    if (role === 'cluster-admin') await vi.waitFor(may, { timeout: 30_000 });
    return new Ground(cluster, namespace);
  }

  get owner(): { readonly namespace: string; readonly name: string } {
    return { namespace: this.namespace, name: 'apps' };
  }

  get ownerLabels(): Record<string, string> {
    return {
      'kustomize.toolkit.fluxcd.io/name': 'apps',
      'kustomize.toolkit.fluxcd.io/namespace': this.namespace,
    };
  }

  async context(more: Partial<ApplyContext> = {}): Promise<ApplyContext> {
    return {
      owner: this.owner,
      writer: this.kube.as({ namespace: this.namespace, name: 'flux' }),
      kinds: await this.kube.kinds(),
      force: false,
      ignore: ignoreNothing,
      values: secretValues([], { copiesSecrets: false }),
      authorise: () => undefined,
      ownerStands: async () => true,
      stillMine: async () => true,
      elapsed: () => performance.now(),
      pause: (milliseconds) => after(milliseconds),
      ...more,
    };
  }

  /** All stages; stops at the first failure. */
  async apply(objects: readonly KubeObject[], more: Partial<ApplyContext> = {}): Promise<Applied> {
    const context = await this.context(more);
    const built = objects.map((object, at): BuiltObject => {
      return { object, sources: [{ file: 'apps/all.yaml', line: at + 1, document: at, by: 'declared' }] };
    });
    const values = more.values ?? secretValues(built, { copiesSecrets: false });
    const before = { ...this.kube.counters };
    const changes: Change[] = [];
    let failure: SluiceError | undefined;
    for (const stage of stagesOf(prepare(built, { owner: context.owner }))) {
      const result = await applyStage(stage, { ...context, values });
      changes.push(...result.changes);
      failure = result.failure;
      if (failure !== undefined) break;
    }
    return { changes, failure, requests: requestsSince(before, this.kube) };
  }

  /** As `apply`, where nothing may go wrong. */
  async settle(...objects: readonly KubeObject[]): Promise<readonly Change[]> {
    const { changes, failure } = await this.apply(objects);
    if (failure !== undefined) throw failure;
    return changes;
  }

  async prune(ids: readonly string[], more: Partial<PruneContext> = {}): Promise<PruneResult> {
    const context = { ...(await this.context()), freshKinds: () => this.kube.kinds(true), ...more };
    const stale = ids.map((id) => ({ id, v: 'v1' }));
    return pruneStale(stale, context);
  }

  /** The object as it is now, whoever asks. */
  async live(object: KubeObject): Promise<KubeObject | undefined> {
    return (await this.cluster.admin.get(refOf(object as never))) as KubeObject | undefined;
  }

  /** Merge-patches as a client of another name does. */
  async edit(object: KubeObject, manager: string, patch: object, subresource = ''): Promise<void> {
    const path = await this.cluster.admin.path(refOf(object as never));
    await this.#send('PATCH', `${path}${subresource}?fieldManager=${manager}`, patch, 'application/merge-patch+json');
  }

  /** Creates as a client-side apply does. */
  async create(object: KubeObject, manager: string): Promise<void> {
    const path = await this.cluster.admin.path(refOf(object as never));
    const collection = path.slice(0, path.lastIndexOf('/'));
    await this.#send('POST', `${collection}?fieldManager=${manager}`, object, 'application/json');
  }

  async #send(method: string, path: string, body: object, contentType: string): Promise<void> {
    const answer = await this.cluster.admin.request(method, path, body, { contentType });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  }

  configMap(
    name: string,
    data: Record<string, string> = { key: 'value' },
    metadata: Record<string, Json> = {},
  ): KubeObject {
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: this.namespace, ...metadata }, data };
  }

  deployment(
    name: string,
    spec: Record<string, Json> = {},
    containers: readonly Json[] = [container('web')],
  ): KubeObject {
    const labels = { app: name };
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: this.namespace },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } }, ...spec },
    };
  }
}

export function container(name: string, more: Record<string, Json> = {}): Json {
  return { name, image: `ghcr.io/acme/${name}:1.0.0`, ...more };
}

export function managersOf(object: KubeObject | undefined): string[] {
  return asList(object?.metadata['managedFields']).map((entry) => {
    const { manager, operation } = entry as { manager: string; operation: string };
    return `${manager} ${operation}`;
  });
}

function requestsSince(before: KubeCluster['counters'], { counters }: KubeCluster): string {
  return (['dryRun', 'get', 'patch', 'delete', 'apply'] as const)
    .flatMap((verb) => {
      const count = counters[verb] - before[verb];
      return count === 0 ? [] : [`${verb} ${count}`];
    })
    .join(', ');
}
