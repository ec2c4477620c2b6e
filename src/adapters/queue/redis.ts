// The queue's store on Redis.
import { Queue, type RedisQueueBackend, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { SluiceError } from '../../errors.ts';
import { absent } from './deadline.ts';
import {
  type JobProcessor,
  type JobQueue,
  type JobWorker,
  type JobWorkerOptions,
  keptEvents,
  type Standing,
  type Store,
} from './store.ts';

const prefix = 'sluice';
const commandMs = 5_000;

/**
 * Opens Redis after a look at it: one that may evict keys is refused, since it would lose jobs silently.
 *
 * @param address `redis://` or `rediss://`, with credentials and database
 * @throws SluiceError `queue.unavailable`, transient, where it does not answer; `configuration` where it may evict or
 * refuses the credentials
 */
export async function openRedis(address: string, startMs: number): Promise<Store> {
  await inspect(address, startMs);
  const shared = {
    url: address,
    connectTimeout: commandMs,
    retryStrategy: (times: number): number => Math.min(times * 200, 2_000),
  };
  return {
    queue: (name): JobQueue =>
      new Queue<unknown>(name, {
        prefix,
        // A producer says at once that the store is away; whoever asked tries again.
        connection: {
          ...shared,
          enableOfflineQueue: false,
          maxRetriesPerRequest: 0,
          autoResendUnfulfilledCommands: false,
          commandTimeout: commandMs,
        },
        streams: { events: { maxLen: keptEvents } },
      }) as unknown as JobQueue,
    worker: (name, processor: JobProcessor, options: JobWorkerOptions): JobWorker =>
      new Worker<unknown>(name, processor, {
        ...options,
        prefix,
        connection: { ...shared, maxRetriesPerRequest: null },
      }) as unknown as JobWorker,
    standing,
    close: async () => {
      // Each queue and worker has connections of its own and closes them.
    },
  };
}

/** Reads BullMQ 6.7's keys `de:<id>` and `dn:<id>` (deduplicateJobWithoutReplace.lua, storeDeduplicatedNextJob.lua). */
async function standing(queue: JobQueue, subject: string): Promise<Standing> {
  const backend = queue.getBackend() as unknown as RedisQueueBackend;
  const client = await backend.client;
  const [holder, newer] = await Promise.all([
    client.get(queue.toKey(`de:${subject}`)),
    client.hget(queue.toKey(`dn:${subject}`), 'data'),
  ]);
  return { holder: holder ?? undefined, newer: typeof newer === 'string' ? JSON.parse(newer) : undefined };
}

async function inspect(address: string, startMs: number): Promise<void> {
  const client = new Redis(address, {
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: startMs,
    commandTimeout: startMs,
  });
  // Its words come with the rejections below as well.
  let said: Error | undefined;
  client.on('error', (error: Error) => {
    said = error;
  });
  let memory: string;
  try {
    await client.connect();
    memory = await client.info('memory');
  } catch (error) {
    const words = `${said?.message ?? ''} ${error instanceof Error ? error.message : ''}`;
    if (/NOAUTH|WRONGPASS|NOPERM|invalid password/i.test(words)) {
      throw new SluiceError('configuration', 'the Redis of the queue refuses the credentials', {
        remedy: "correct user and password in the queue's address; INFO must be allowed",
        cause: error,
      });
    }
    throw absent('Redis', said ?? error);
  } finally {
    client.disconnect();
  }
  const policy = /^maxmemory_policy:(?<policy>\S+)/m.exec(memory)?.groups?.['policy'];
  if (policy !== undefined && policy !== 'noeviction') {
    throw new SluiceError('configuration', `the Redis of the queue may evict jobs: its maxmemory-policy is ${policy}`, {
      remedy: 'set maxmemory-policy noeviction, or give the queue a Redis of its own',
    });
  }
}
