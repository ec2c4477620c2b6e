// One cluster → jobs, and jobs → the reconcile line. The agent holds that cluster's credential and no App key.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { AgentLoop } from './agent/loop.ts';
import type { AgentTools } from './agent/agent-tools.ts';
import { createMirrors } from './adapters/git/mirrors.ts';
import type { ClusterAddress } from './adapters/kube/address.ts';
import { connectCluster } from './adapters/kube/cluster.ts';
import { asSluiceError, factsOf } from './errors.ts';
import { deployedJob } from './job/deployed.ts';
import type { Log } from './ports/log.ts';
import type { Mirrors, Remote } from './ports/mirror.ts';
import type { KubeCluster } from './ports/kube.ts';
import type { Queues, TakenJob } from './ports/queue.ts';
import type { PolicyEngine, RegoModule, Renderer } from './ports.ts';
import { reconcile } from './reconcile.ts';

export interface AgentOptions {
  /** As the platform repository calls it. */
  readonly cluster: string;
  readonly address: ClusterAddress;
  readonly queues: Queues;
  readonly log: Log;
  /** Where copies of repositories are kept. */
  readonly dataFolder: string;
  readonly renderer: Renderer;
  readonly policyEngine: PolicyEngine;
  readonly shippedPolicies: readonly RegoModule[];
  /** Kustomizations at once. @defaultValue 8 */
  readonly concurrency?: number;
  /** A job that nobody came back from for this long is made again. @defaultValue 300_000 */
  readonly lostAfterMs?: number;
  /** In one process with the App: how a repository that it sees is fetched. */
  readonly hosted?: (url: string) => Promise<Remote | undefined>;
  /** Copies that the process keeps anyway; one process per folder. */
  readonly mirrors?: Mirrors;
}

export interface Agent {
  readonly kube: KubeCluster;
  /** Takes nothing new, lets what is under way come to a safe end, and lets go of the cluster. */
  stop(): Promise<void>;
}

const tickMs = 250;
const graceMs = 20_000;
/** Then what is under way has this long to come to a safe end. */
const safeEndMs = 1_000;

/** @throws SluiceError `kube.*` where the cluster cannot be used, or is older than can be deployed to; `queue.unavailable` */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const log = options.log.with({ cluster: options.cluster });
  const kube = connectCluster(options.address, { log });
  try {
    // An API server that drops unknown fields in silence is not written to, and not announced.
    const kubernetes = await kube.version();
    return await runAgent(options, { kube, log, kubernetes });
  } catch (thrown) {
    kube.close();
    throw thrown;
  }
}

async function runAgent(
  options: AgentOptions,
  { kube, log, kubernetes }: { readonly kube: KubeCluster; readonly log: Log; readonly kubernetes: string },
): Promise<Agent> {
  const { cluster, queues, dataFolder } = options;
  const stopping = new AbortController();
  const mirrors = options.mirrors ?? createMirrors({ folder: join(dataFolder, 'sources') });
  const tools: AgentTools = {
    ...options,
    log,
    kube,
    mirrors,
    now: () => new Date(),
    elapsed: () => performance.now(),
    random: () => Math.random(),
    newAttempt: () => randomUUID().slice(0, 8),
  };
  // Announce the cluster, watch it, then take its jobs.
  await queues.announce(cluster);
  const [queue, reports] = await Promise.all([queues.open(`reconcile-${cluster}`), queues.open('report')]);
  const loop = new AgentLoop(tools, {
    cluster,
    queue,
    signal: stopping.signal,
    lostAfterMs: options.lostAfterMs,
    report: (report) => {
      const { startedAt, endedAt, ...facts } = report;
      const ended = endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() };
      const times = { startedAt: new Date(startedAt).toISOString(), ...ended };
      reports.add(deployedJob({ cluster, ...facts, ...times, cause: 'agent' })).catch((thrown: unknown) => {
        log.error('a report was not queued', factsOf(thrown));
      });
    },
  });
  await loop.start();
  await queue.work((taken) => runJob(taken, loop, log), { concurrency: options.concurrency ?? 8 });
  const timer = setInterval(() => loop.tick(), tickMs);
  log.info('the agent is ready', { kubernetes, kustomizations: loop.tools.kustomizations.all().size });
  return {
    kube,
    stop: async () => {
      clearInterval(timer);
      // A request that takes longer is broken off, which is no worse than a crash: else its job could not be given back.
      const late = setTimeout(() => kube.close(), graceMs + safeEndMs);
      await queue.close(graceMs);
      clearTimeout(late);
      stopping.abort();
      loop.tools.waits.cancelAll();
      kube.close();
    },
  };
}

async function runJob(taken: TakenJob, loop: AgentLoop, log: Log): Promise<void> {
  const { job } = taken;
  const started = performance.now();
  if (job.kind === 'pushed') {
    const outcome = await loop.pushed(job);
    log.info('pushed', { repository: job.url, ref: job.ref, delivery: job.cause, outcome });
    return;
  }
  if (job.kind !== 'reconcile') return;
  const kustomization = `${job.namespace}/${job.name}`;
  try {
    const outcome = await reconcile(kustomization, taken.signal, loop.tools);
    log.info('reconciled', { kustomization, cause: job.cause, outcome, ms: Math.round(performance.now() - started) });
  } catch (thrown) {
    const error = asSluiceError(thrown);
    log.warn('a reconcile broke off', { kustomization, ...factsOf(error) });
    throw error;
  }
}
