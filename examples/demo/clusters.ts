// The demo's clusters: real control planes on this machine, made ready by `sluice bootstrap` as a person would.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '../../lab/cluster/cluster.ts';
import { startClusters } from '../../lab/cluster/named.ts';
import type { KubeObject } from '../../lab/cluster/object.ts';
import type { LabGitHub } from '../../lab/github/github.ts';
import { runBootstrap } from '../../src/command-line/bootstrap.ts';
import { isReady } from '../../src/flux/condition.ts';
import { stringAt } from '../../src/flux/read.ts';
import type { Progress } from '../../src/ports.ts';
import type { Toolbox } from '../../src/toolbox.ts';
import { person } from '../hosted.ts';
import { repositoryName } from '../organisation.ts';

export const clusterNames = ['prod-eu-west-1', 'prod-us-east-1'] as const;

const kustomizations = ['kustomize.toolkit.fluxcd.io/v1', 'Kustomization'] as const;

export class DemoClusters {
  readonly all: readonly Cluster[];
  readonly #folder: string;

  private constructor(all: readonly Cluster[], folder: string) {
    this.all = all;
    this.#folder = folder;
  }

  static async start(folder: string, progress: Progress): Promise<DemoClusters> {
    return new DemoClusters(await startClusters(clusterNames, join(folder, 'clusters'), progress), folder);
  }

  /** What somebody else's operator makes on these clusters; its namespace is made as soon as the fleet asks for it. */
  async addContentNetwork(): Promise<void> {
    const metadata = { namespace: 'media', name: 'cdn-account' };
    const secret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata,
      stringData: { cdn_distribution: 'made-up-distribution' },
    };
    for (const { admin } of this.all) await admin.apply(secret as KubeObject, { manager: 'content-network' });
  }

  /** Bootstraps each from the platform repository; returns `SLUICE_CLUSTERS`, with a kubeconfig of the agent's own account. */
  async bootstrap(github: LabGitHub, toolbox: Toolbox, progress: Progress): Promise<string> {
    const { renderer } = await toolbox.tools(progress);
    const environment = { ...process.env, SLUICE_GIT_TOKEN: github.user(person).token };
    const one = async ({ name, kubeconfigFile, ...cluster }: ReturnType<typeof plain>): Promise<string> => {
      await runBootstrap(
        {
          command: 'bootstrap',
          cluster: name,
          repository: `${github.address}/${repositoryName('platform')}`,
          branch: 'main',
          path: undefined,
          secret: undefined,
          kubeconfig: kubeconfigFile,
          context: undefined,
          dryRun: false,
        },
        { environment, renderer, progress },
      );
      const token = await cluster.token();
      const file = join(this.#folder, `${name}.kubeconfig`);
      await writeFile(file, cluster.kubeconfig(token), { mode: 0o600 });
      return `${name}=${file}`;
    };
    return (await Promise.all(this.all.map((cluster) => one(plain(cluster))))).join(' ');
  }

  /** Every Kustomization of a cluster, by namespace and name. */
  async kustomizations(cluster: Cluster): Promise<readonly KubeObject[]> {
    const found = await cluster.admin.list(...kustomizations);
    return found.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((cluster) => cluster.stop()));
  }
}

function plain(cluster: Cluster) {
  const { name, kubeconfigFile } = cluster;
  return {
    name,
    kubeconfigFile,
    token: () => cluster.serviceAccountToken('sluice-system', 'sluice-agent'),
    kubeconfig: (token: string) => cluster.kubeconfig(token),
  };
}

export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** A line as `kubectl get kustomizations -A` prints it. */
export function rowOf(object: KubeObject): readonly string[] {
  const { namespace = '', name } = object.metadata;
  const conditions = ((object['status'] as { conditions?: { type: string; status: string; message: string }[] })
    ?.conditions ?? []) as { type: string; status: string; message: string }[];
  const ready = conditions.find(({ type }) => type === 'Ready');
  const message = (ready?.message ?? '').split('\n')[0] ?? '';
  return [namespace, name, ready?.status ?? '', message.length > 90 ? `${message.slice(0, 89)}…` : message];
}

export function isLive(object: KubeObject, commit: string): boolean {
  return (
    isReady(object as never) && (stringAt(object['status'] as never, 'lastAppliedRevision') ?? '').endsWith(commit)
  );
}
