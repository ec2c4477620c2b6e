// The App's processes: what each role opens, and how it stops.
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createMirrors } from './adapters/git/mirrors.ts';
import { createGitHub } from './adapters/github/github.ts';
import { healthListener } from './adapters/http/health.ts';
import { listen, type Port } from './adapters/http/listen.ts';
import { readKubeconfig } from './adapters/kube/kubeconfig.ts';
import { inClusterAddress } from './adapters/kube/token.ts';
import { createLog, type LogOptions } from './adapters/log/log.ts';
import { embeddedDoor } from './adapters/queue/embedded.ts';
import { openQueues } from './adapters/queue/open.ts';
import { type Agent, startAgent } from './agent.ts';
import type { Role } from './command-line/arguments.ts';
import {
  type AgentConfiguration,
  type ConfigurationSource,
  readAgentConfiguration,
  readServeConfiguration,
  readStartConfiguration,
  readWorkerConfiguration,
  type ServeConfiguration,
  type WorkerConfiguration,
} from './configuration.ts';
import type { Expected } from './deployment/section.ts';
import { factsOf, SluiceError } from './errors.ts';
import type { Log } from './ports/log.ts';
import type { Mirrors, Remote } from './ports/mirror.ts';
import type { Queues } from './ports/queue.ts';
import { type HostedRepositories, hostedRepositories } from './pull-request/hosted.ts';
import { pacePulls } from './pull-request/pace.ts';
import { newPullMemory } from './pull-request/publication.ts';
import { takeTurns } from './pull-request/turns.ts';
import { logQueueEvent } from './queue-log.ts';
import { type Server, startServer } from './server.ts';
import { sameRepository } from './source/url.ts';
import { startServerApart } from './server-apart.ts';
import type { Toolbox } from './toolbox.ts';
import { startWorker } from './worker.ts';

/** GitHub keeps deliveries for about three days; older ones are not worth asking for. */
const redeliverMs = 24 * 60 * 60_000;
const graceMs = 20_000;
/** Reviews of one pull request begin this far apart at least. */
const paceMs = 2_000;
/** How often workers look for jobs of a lost one. */
const stalledMs = 5_000;

export interface Started {
  readonly webhookUrl: string | undefined;
  /** Says so in the log: whoever reads it may ask for the end from then on. */
  ready(): void;
  /** Takes nothing new, finishes or gives back what is under way, and closes everything. */
  stop(): Promise<void>;
}

/**
 * Starts a role from the environment; log lines go to standard output unless told elsewhere.
 *
 * @throws SluiceError `configuration` with everything that is wrong at once; `queue.*` where the store cannot be opened
 */
export async function startRole(
  role: Role,
  environment: ConfigurationSource['environment'],
  toolbox: Toolbox,
  logTo?: LogOptions['destination'],
): Promise<Started> {
  // Read the configuration once, whole.
  const source = { environment, readFile: (path: string) => readFileSync(path, 'utf8') };
  const configured = configure(role, source);
  const { common } = configured;
  const log = createLog({
    level: common.logLevel,
    secrets: common.secrets,
    ...(logTo === undefined ? {} : { destination: logTo }),
  });
  // Open the queues, then take jobs, then take webhooks.
  const queues = await openQueues(common.queue, {
    folder: folderOf(common),
    lockMs: common.lockMs,
    stalledMs: Math.min(stalledMs, common.lockMs),
    onEvent: (event) => logQueueEvent(log, event),
  });
  try {
    const parts = await startParts(configured, { queues, log, toolbox });
    const { deploy } = configured;
    const clusters = deploy && (deploy.clusters.map(({ name }) => name).join(' ') || 'none');
    return {
      webhookUrl: parts.server?.webhookUrl,
      ready: () => log.info('ready', { role, clusters }),
      stop: async () => {
        log.info('stopping');
        await parts.stop();
        await queues.close(graceMs);
      },
    };
  } catch (error) {
    await queues.close(0);
    throw error;
  }
}

interface RoleTools {
  readonly queues: Queues;
  readonly log: Log;
  readonly toolbox: Toolbox;
}

interface Parts {
  readonly server: Server | undefined;
  stop(): Promise<void>;
}

async function startParts({ common, serve, work, deploy }: Configured, tools: RoleTools): Promise<Parts> {
  const { queues, log } = tools;
  let working: Working | undefined;
  let agents: { stop(): Promise<void> } | undefined;
  let server: Server | undefined;
  let health: Port | undefined;
  const stop = async (): Promise<void> => {
    await server?.close(5_000);
    await health?.close(0);
    working?.stop();
    await agents?.stop();
  };
  try {
    if (work !== undefined) working = await startWork(work, tools);
    if (deploy !== undefined) agents = await startAgents(deploy, tools, working);
    const queue = await queues.open('review');
    if (serve !== undefined)
      server = await (work === undefined
        ? startServer(serve, { queue, queues, log, elapsed })
        : serveApart(serve, log));
    // A process without the server answers for itself.
    else
      health = await listen(
        common.admin,
        healthListener(() => queues.healthy()),
      );
  } catch (error) {
    // What has begun already would keep the process alive.
    await stop();
    throw error;
  }
  return { server, stop };
}

/** Where the same process reviews, webhooks have a thread of their own. */
async function serveApart(serve: ServeConfiguration, log: Log): Promise<Server> {
  return await startServerApart(serve, { queue: serve.queue, door: embeddedDoor(folderOf(serve)), log });
}

/** Of the embedded queue. */
function folderOf({ data }: { readonly data: string }): string {
  return join(data, 'queue');
}

const elapsed = (): number => performance.now();

interface Configured {
  readonly common: ServeConfiguration | WorkerConfiguration | AgentConfiguration;
  readonly serve?: ServeConfiguration;
  readonly work?: WorkerConfiguration;
  readonly deploy?: AgentConfiguration;
}

function configure(role: Role, source: ConfigurationSource): Configured {
  if (role === 'serve') {
    const serve = readServeConfiguration(source);
    return { common: serve, serve };
  }
  if (role === 'worker') {
    const work = readWorkerConfiguration(source);
    return { common: work, work };
  }
  if (role === 'agent') {
    const deploy = readAgentConfiguration(source);
    return { common: deploy, deploy };
  }
  const all = readStartConfiguration(source);
  return { common: all, serve: all, work: all, deploy: all };
}

/** Resolves when the process is asked to end. */
export function stopRequested(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  return promise;
}

async function startWork(configuration: WorkerConfiguration, { queues, log, toolbox }: RoleTools): Promise<Working> {
  const { appId, privateKey, github: address, platform, platformBranch, data, concurrency, sweepMs } = configuration;
  const github = createGitHub({ appId, privateKey, apiUrl: address.api, onToken: (token) => log.hide(token) });
  const mirrors = createMirrors({ folder: join(data, 'repositories') });
  const { renderer, policyEngine, shippedPolicies } = await toolbox.tools(() => {});
  const queue = await queues.open('review');
  const tools = {
    renderer,
    policyEngine,
    shippedPolicies,
    progress: (): void => {},
    github,
    mirrors,
    hosted: hostedRepositories({ github, mirrors, platform, branch: platformBranch }),
    memory: newPullMemory(),
    pace: pacePulls(paceMs, () => performance.now()),
    queue,
    log,
    today: () => new Date().toISOString().slice(0, 10),
    elapsed: () => performance.now(),
    redeliverSince: () => new Date(Date.now() - redeliverMs),
    turns: takeTurns(),
    live: new Set<string>(),
    followers: new Map<string, Promise<readonly Expected[]>>(),
    now: () => new Date(),
  };
  await startWorker({ review: queue, report: await queues.open('report') }, tools, concurrency);
  const ask = (cause: 'start' | 'interval'): void => {
    queue.add({ kind: 'sweep', version: 1, cause }).catch((error: unknown) => log.error('no sweep', factsOf(error)));
  };
  ask('start');
  const timer = setInterval(() => ask('interval'), sweepMs);
  return { mirrors, hosted: tools.hosted, stop: () => clearInterval(timer) };
}

interface Working {
  readonly mirrors: Mirrors;
  readonly hosted: HostedRepositories;
  stop(): void;
}

/** One agent for each cluster; where the App is in the same process, its installations give access to what they see. */
async function startAgents(
  { clusters, data }: AgentConfiguration,
  { queues, log, toolbox }: RoleTools,
  working: Working | undefined,
): Promise<{ stop(): Promise<void> }> {
  const { renderer, policyEngine, shippedPolicies } = await toolbox.tools(() => {});
  const mirrors = working?.mirrors ?? createMirrors({ folder: join(data, 'repositories') });
  const hosted = working === undefined ? {} : { hosted: hostedRemote(working.hosted) };
  const agents: Agent[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(agents.map((agent) => agent.stop()));
  };
  try {
    for (const { name: cluster, kubeconfig } of clusters) {
      const address =
        kubeconfig === undefined
          ? await inClusterAddress(process.env)
          : readKubeconfig(await readFile(kubeconfig, 'utf8').catch(() => refuseKubeconfig(cluster)));
      const adapters = { mirrors, renderer, policyEngine, shippedPolicies, ...hosted };
      agents.push(await startAgent({ cluster, address, queues, log, dataFolder: data, ...adapters }));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

function hostedRemote(hosted: HostedRepositories): (url: string) => Promise<Remote | undefined> {
  return async (url) => {
    const found = await hosted.find((one) => sameRepository(one.cloneUrl, url));
    return found === undefined ? undefined : hosted.remote(found);
  };
}

function refuseKubeconfig(cluster: string): never {
  throw new SluiceError('kube.config', `the kubeconfig of cluster ${JSON.stringify(cluster)} cannot be read`, {
    remedy: 'correct SLUICE_KUBECONFIG or SLUICE_CLUSTERS',
  });
}
