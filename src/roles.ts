// The App's processes: what each role opens, and how it stops.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMirrors } from './adapters/git/mirrors.ts';
import { createGitHub } from './adapters/github/github.ts';
import { healthListener } from './adapters/http/health.ts';
import { listen } from './adapters/http/listen.ts';
import { createLog, type LogOptions } from './adapters/log/log.ts';
import type { QueueEvent } from './adapters/queue/event.ts';
import { openQueue } from './adapters/queue/open.ts';
import type { Role } from './command-line/arguments.ts';
import {
  type ConfigurationSource,
  readServeConfiguration,
  readStartConfiguration,
  readWorkerConfiguration,
  type ServeConfiguration,
  type WorkerConfiguration,
} from './configuration.ts';
import type { Log } from './ports/log.ts';
import type { Queue } from './ports/queue.ts';
import { hostedRepositories } from './pull-request/hosted.ts';
import { pacePulls } from './pull-request/pace.ts';
import { newPullMemory } from './pull-request/publication.ts';
import { startServer } from './server.ts';
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
  const { common, serve, work } = configure(role, source);
  const log = createLog({
    level: common.logLevel,
    secrets: common.secrets,
    ...(logTo === undefined ? {} : { destination: logTo }),
  });
  // Open the queue, then take jobs, then take webhooks.
  const queue = await openQueue(common.queue, {
    folder: join(common.data, 'queue'),
    lockMs: common.lockMs,
    stalledMs: Math.min(stalledMs, common.lockMs),
    onEvent: (event) => logQueue(log, event),
  });
  const stopWork = work === undefined ? undefined : await startWork(work, queue, log, toolbox);
  const server =
    serve === undefined ? undefined : await startServer(serve, { queue, log, elapsed: () => performance.now() });
  // A worker alone answers for itself where the server would answer for both.
  const health =
    server === undefined
      ? await listen(
          common.admin,
          healthListener(() => queue.healthy()),
        )
      : undefined;
  log.info('ready', { role });
  return {
    webhookUrl: server?.webhookUrl,
    stop: async () => {
      log.info('stopping');
      await server?.close(5_000);
      await health?.close(0);
      stopWork?.();
      await queue.close(graceMs);
    },
  };
}

interface Configured {
  readonly common: ServeConfiguration | WorkerConfiguration;
  readonly serve?: ServeConfiguration;
  readonly work?: WorkerConfiguration;
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
  const both = readStartConfiguration(source);
  return { common: both, serve: both, work: both };
}

/** Resolves when the process is asked to end. */
export function stopRequested(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  return promise;
}

async function startWork(
  configuration: WorkerConfiguration,
  queue: Queue,
  log: Log,
  toolbox: Toolbox,
): Promise<() => void> {
  const { appId, privateKey, github: address, platform, platformBranch, data, concurrency, sweepMs } = configuration;
  const github = createGitHub({ appId, privateKey, apiUrl: address.api, onToken: (token) => log.hide(token) });
  const mirrors = createMirrors({ folder: join(data, 'repositories') });
  const { renderer, policyEngine, shippedPolicies } = await toolbox.tools(() => {});
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
  };
  await startWorker(queue, tools, concurrency);
  const ask = (cause: 'start' | 'interval'): void => {
    queue.add({ kind: 'sweep', version: 1, cause }).catch((error: unknown) => log.error('no sweep', { error }));
  };
  ask('start');
  const timer = setInterval(() => ask('interval'), sweepMs);
  return () => clearInterval(timer);
}

function logQueue(log: Log, event: QueueEvent): void {
  const error = 'error' in event ? { code: event.error.code, reason: event.error.message } : {};
  const at = 'at' in event ? { at: event.at.toISOString(), attempt: event.attempt } : {};
  log.warn(`queue: ${event.event}`, { ...error, ...at });
}
