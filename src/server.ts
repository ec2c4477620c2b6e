// GitHub event → job. A delivery is checked, turned into jobs and queued; nothing else happens before the answer.
import { healthListener } from './adapters/http/health.ts';
import { type ListenLimits, listen } from './adapters/http/listen.ts';
import { type SignedDelivery, webhookListener } from './adapters/http/webhook.ts';
import type { ServeConfiguration } from './configuration.ts';
import { factsOf } from './errors.ts';
import { type Decision, type EventContext, jobsOf } from './job/event.ts';
import type { Log } from './ports/log.ts';
import type { PushedJob, Queue, Queues } from './ports/queue.ts';

export interface ServerTools {
  /** Where reviews wait. */
  readonly queue: Queue;
  readonly queues: Pick<Queues, 'open' | 'clusters'>;
  readonly log: Log;
  /** Milliseconds since some start; for durations alone. */
  elapsed(): number;
}

export interface ServerOptions
  extends Pick<ServeConfiguration, 'appId' | 'github' | 'platform' | 'webhookSecrets' | 'listen' | 'admin'> {
  readonly platformBranch?: string;
  readonly limits?: ListenLimits;
}

export interface Server {
  /** Where webhooks go: `http://0.0.0.0:3000/webhook` */
  readonly webhookUrl: string;
  /** `http://127.0.0.1:3001` */
  readonly adminUrl: string;
  /** Turns unready, takes no more deliveries, and lets those under way finish for `graceMs`. */
  close(graceMs: number): Promise<void>;
}

/** GitHub waits 10 seconds for an answer. */
const queueMs = 8_000;
const healthMs = 2_000;

/** @throws SluiceError `configuration` where an address cannot be listened at */
export async function startServer(options: ServerOptions, tools: ServerTools): Promise<Server> {
  const { appId, github, platform, platformBranch, webhookSecrets, limits } = options;
  const context = { appId, web: github.web, platform, ...(platformBranch === undefined ? {} : { platformBranch }) };
  let stopping = false;
  const health = healthListener(async () => !stopping && (await within(healthMs, tools.queue.healthy())));
  const webhook = webhookListener({
    secrets: webhookSecrets,
    take: (delivery) => takeDelivery(delivery, context, tools),
    onRefusal: refusals(tools),
    onError: (error) => tools.log.error('a webhook failed', factsOf(error)),
  });
  const admin = await listen(options.admin, health, limits);
  const port = await listen(options.listen, webhook, limits).catch(async (error: unknown) => {
    await admin.close(0);
    throw error;
  });
  const webhookUrl = `${address(port)}/webhook`;
  tools.log.info('listening', { webhook: webhookUrl, admin: address(admin) });
  return {
    webhookUrl,
    adminUrl: address(admin),
    close: async (graceMs) => {
      stopping = true;
      await port.close(graceMs);
      await admin.close(0);
    },
  };
}

/** True when every job is safe in the queue, or there is nothing to do. Writes one line. */
async function takeDelivery(delivery: SignedDelivery, context: EventContext, tools: ServerTools): Promise<boolean> {
  const started = tools.elapsed();
  const { id, event, app } = delivery;
  const foreign = app !== undefined && app !== context.appId;
  const decision: Decision = foreign ? { jobs: [], ignored: "another App's delivery" } : jobsOf(delivery, context);
  const { repository, pull, jobs, pushed, ignored } = decision;
  const log = tools.log.with({ delivery: id, event, repository, pull });
  let told: number;
  try {
    const queued = jobs.map((job) => tools.queue.add(job));
    [told] = await within(queueMs, Promise.all([tellClusters(pushed, tools.queues), ...queued]));
  } catch (thrown) {
    log.error('not queued', factsOf(thrown));
    return false;
  }
  const ms = Math.round((tools.elapsed() - started) * 10) / 10;
  const kinds = [...jobs.map(({ kind }) => kind), ...(told > 0 ? [`pushed×${told}`] : [])];
  if (kinds.length > 0) log.info('queued', { jobs: kinds.join(' '), ms });
  else log.info('ignored', { reason: ignored ?? 'not the tracked branch, and no cluster to tell' });
  return true;
}

/** Tells every cluster that has an agent; how many those are. */
async function tellClusters(
  pushed: Omit<PushedJob, 'cluster'> | undefined,
  queues: ServerTools['queues'],
): Promise<number> {
  if (pushed === undefined) return 0;
  const clusters = await queues.clusters();
  await Promise.all(
    clusters.map(async (cluster) => (await queues.open(`reconcile-${cluster}`)).add({ ...pushed, cluster })),
  );
  return clusters.length;
}

const refusalsAMinute = 60;

/** Writes refusals down, and not more of them than a person would read: strangers send what they like. */
function refusals(tools: ServerTools): (status: number, why: string) => void {
  let since = Number.NEGATIVE_INFINITY;
  let count = 0;
  return (status, why) => {
    const more = count - refusalsAMinute;
    if (tools.elapsed() - since > 60_000) {
      if (more > 0) tools.log.warn('more requests refused', { count: more });
      since = tools.elapsed();
      count = 0;
    }
    count += 1;
    if (count <= refusalsAMinute) tools.log.warn('request refused', { status, reason: why });
  };
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('the queue took too long')), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function address({ host, port }: { readonly host: string; readonly port: number }): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
