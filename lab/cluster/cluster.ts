// Starts the real control plane of Kubernetes on loopback: etcd and the API server, and with `controllers` what makes
// Deployments progress. Any number side by side, each in its own folder.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Progress } from '../../src/ports.ts';
import { ClusterAccess, type ClusterFacts } from './access.ts';
import { type Plane, planPlane, readServing } from './api-server.ts';
import { Children, type Server } from './child.ts';
import { startControllers } from './controllers.ts';
import { controllerPrograms, ensurePrograms, planePrograms } from './programs.ts';

export interface ClusterOptions {
  /** A DNS label, as in `production-eu`. */
  readonly name: string;
  /** Holds keys, data and logs. What is in it is removed first; it is left there by `stop`. */
  readonly folder: string;
  /** Controller manager, scheduler, and a node whose pods run as `docs/cluster-lab.md` says. @defaultValue false */
  readonly controllers?: boolean;
  readonly progress?: Progress;
}

/** A cluster that this process started and ends. */
export class Cluster extends ClusterAccess {
  readonly #plane: Plane;
  readonly #children: Children;
  readonly #program: string;
  #apiServer: Server;

  constructor(access: ClusterAccess, plane: Plane, children: Children, program: string, apiServer: Server) {
    super(access.facts);
    this.#plane = plane;
    this.#children = children;
    this.#program = program;
    this.#apiServer = apiServer;
  }

  /** Process ids by program: `etcd`, `kube-apiserver`, …; only of what runs. */
  get pids(): Readonly<Record<string, number>> {
    return this.#children.pids;
  }

  /** Kills the API server (SIGKILL) and leaves everything else running; `restart` brings it back. */
  async kill(): Promise<void> {
    await this.#apiServer.end('SIGKILL');
  }

  /** Ends the API server in order where it runs, starts it again on the same port, and resolves when it is ready. */
  async restart(): Promise<void> {
    await this.#apiServer.end('SIGTERM');
    this.#apiServer = await this.#children.start('kube-apiserver', this.#program, this.#plane.apiServerFlags);
    await ready(this, this.#children);
  }

  /** Ends all processes; the folder stays, for its logs. */
  async stop(): Promise<void> {
    this.admin.close();
    await this.#children.stop();
  }
}

/**
 * Starts a cluster and resolves when it is ready; the first time on a machine its programs are built, which takes
 * minutes. Whatever ends this process ends the cluster. Call `stop` in the end.
 * @throws SluiceError `configuration` when the programs cannot be built, `internal` when a server does not come up
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { name, controllers = false, progress = () => undefined } = options;
  const folder = resolve(options.folder);
  const programs = await ensurePrograms(planePrograms, progress);
  const more = controllers ? await ensurePrograms(controllerPrograms, progress) : undefined;
  progress(`starting the cluster ${name}`);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const plane = await planPlane(folder);
  const children = new Children(folder);
  try {
    await children.start('etcd', programs.etcd, plane.etcdFlags);
    const apiServer = await children.start('kube-apiserver', programs['kube-apiserver'], plane.apiServerFlags);
    const access = new ClusterAccess(await factsOf(name, plane, children));
    await writeFile(access.kubeconfigFile, access.kubeconfig(), { mode: 0o600 });
    await ready(access, children);
    if (more !== undefined) await startControllers(access, plane, children, more);
    access.admin.close();
    return new Cluster(access, plane, children, programs['kube-apiserver'], apiServer);
  } catch (error) {
    await children.stop();
    throw error;
  }
}

async function factsOf(name: string, plane: Plane, children: Children): Promise<ClusterFacts> {
  const { folder, port, adminToken, auditFile } = plane;
  const serving = await children.until("the API server's certificate", async () => await readServing(folder));
  const kubeconfigFile = join(folder, 'kubeconfig');
  const url = `https://127.0.0.1:${port}`;
  return { name, folder, url, caData: serving.cert, adminToken, kubeconfigFile, auditFile, serving };
}

async function ready({ admin }: ClusterAccess, children: Children): Promise<void> {
  await children.until('the API server', async () => {
    const answer = await admin.request('GET', '/readyz').catch(() => undefined);
    return answer?.status === 200 ? true : undefined;
  });
}
