// Clusters that several processes use and none of them starts: one process offers them, and starts one when it is first
// asked for. A test run does so for its files.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Progress } from '../../src/ports.ts';
import { SluiceError } from '../../src/errors.ts';
import { ClusterAccess, type ClusterFacts } from './access.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { controllerPrograms, ensurePrograms, planePrograms } from './programs.ts';

/** `plain` is etcd and the API server, `controllers` has nodes and rollouts, too. */
export type Kind = 'plain' | 'controllers';

export interface Sharing {
  /** What `joinCluster` needs; whoever has it is the administrator of the clusters. */
  readonly address: string;
  /** Ends the clusters that were started. */
  stop(): Promise<void>;
}

/** Offers clusters under the folder, at most one of each kind. Call `stop` in the end. */
export async function shareClusters(folder: string): Promise<Sharing> {
  const started = new Map<string, Promise<Cluster>>();
  const secret = randomBytes(16).toString('hex');
  const start = (kind: Kind): Promise<Cluster> => {
    const name = `shared-${kind}`;
    return startCluster({ name, folder: join(folder, name), controllers: kind === 'controllers' });
  };
  const factsOf = async (kind: Kind): Promise<ClusterFacts> => {
    const cluster = started.get(kind) ?? start(kind);
    started.set(kind, cluster);
    return (await cluster).facts;
  };
  const server = createServer((request, response) => {
    const kind = (['plain', 'controllers'] as const).find((known) => request.url === `/${secret}/${known}`);
    if (kind === undefined) return void response.writeHead(404).end();
    factsOf(kind).then(
      (facts) => response.end(JSON.stringify(facts)),
      (error: unknown) => response.writeHead(500).end(error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/${secret}`,
    async stop() {
      server.close();
      server.closeAllConnections();
      await Promise.allSettled([...started.values()].map(async (cluster) => await (await cluster).stop()));
    },
  };
}

/**
 * Returns access to a shared cluster, which is started now if nobody has asked for it before.
 * @throws SluiceError `configuration` when the programs cannot be built, `internal` when the cluster does not come up
 */
export async function joinCluster(address: string, kind: Kind, progress: Progress): Promise<ClusterAccess> {
  // Built here, where a person can read the progress; the other side finds them ready.
  await ensurePrograms(kind === 'plain' ? planePrograms : [...planePrograms, ...controllerPrograms], progress);
  const answer = await fetch(`${address}/${kind}`);
  if (!answer.ok) throw new SluiceError('internal', `no shared cluster: ${await answer.text()}`);
  return new ClusterAccess((await answer.json()) as ClusterFacts);
}
