// From an address to a queue, or to several over one store.
import type { MessagePort } from 'node:worker_threads';
import { SluiceError } from '../../errors.ts';
import { type RetryLimits, retryLimits } from '../../job/retry.ts';
import type { Queue, Queues } from '../../ports/queue.ts';
import { BullQueue, type BullQueueOptions } from './bull-queue.ts';
import { openEmbedded, storeBehind } from './embedded.ts';
import type { QueueEvent } from './event.ts';
import { openPostgres } from './postgres.ts';
import { BullQueues } from './queues.ts';
import { openRedis } from './redis.ts';
import type { Store } from './store.ts';

export interface QueuesOptions {
  /** Where the embedded store keeps its data; made where it is missing. Needed for `embedded` only. */
  readonly folder?: string;
  /** The embedded store that another thread of this process has open (`embeddedDoor`), instead of its folder. */
  readonly door?: MessagePort;
  /** Hears what the queue does on its own. */
  readonly onEvent?: (event: QueueEvent) => void;
  /** A worker that is silent this long loses its jobs to others, in milliseconds. @defaultValue 30,000 */
  readonly lockMs?: number;
  /** How often workers look for such jobs, in milliseconds. @defaultValue 5,000 */
  readonly stalledMs?: number;
  readonly retry?: RetryLimits;
  /** How long a job of a newer version is set aside before it is looked at again, in milliseconds. @defaultValue 30,000 */
  readonly newerMs?: number;
  /** The store must answer within this at the start, in milliseconds. @defaultValue 10,000; the embedded one gets a minute */
  readonly startMs?: number;
  /** An `add` fails after this, in milliseconds. @defaultValue 5,000 */
  readonly addMs?: number;
  /** How long an `add` goes by what the last one read of whose turn it is, in milliseconds. @defaultValue 250 */
  readonly turnsMs?: number;
  /** How often a cluster is announced, in milliseconds. @defaultValue 30,000 */
  readonly announceMs?: number;
  /** How long a silent cluster is remembered, in milliseconds. @defaultValue one day */
  readonly forgetMs?: number;
  /** How old the list of clusters may be, in milliseconds. @defaultValue 3,000 */
  readonly clustersMs?: number;
}

export interface QueueOptions extends QueuesOptions {
  /** @defaultValue `review` */
  readonly name?: string;
}

/**
 * Opens the queue that an address names: `redis://…`, `rediss://…`, `postgres://…`, `postgresql://…` or `embedded`.
 * It takes any job. Close it, or the process stays.
 *
 * @throws SluiceError `configuration` where the address or the store's set-up is wrong; `queue.locked` where another
 * process holds the embedded store's folder; `queue.unavailable`, transient, where the store does not answer
 */
export async function openQueue(address: string, options: QueueOptions = {}): Promise<Queue> {
  const settings = settingsOf(options);
  const store = await openStore(address, options, settings);
  const queue = new BullQueue(store, { ...settings, name: options.name ?? 'review' });
  try {
    await queue.ready();
  } catch (error) {
    await queue.close(0);
    throw error;
  }
  return queue;
}

/** Opens the store that an address names, as `openQueue` does, for all its queues. Close it, or the process stays. */
export async function openQueues(address: string, options: QueuesOptions = {}): Promise<Queues> {
  const settings = settingsOf(options);
  const { announceMs = 30_000, forgetMs = 24 * 60 * 60_000, clustersMs = 3_000 } = options;
  const store = await openStore(address, options, settings);
  const queues = new BullQueues(store, settings, { announceMs, forgetMs, clustersMs });
  try {
    await queues.ready();
  } catch (error) {
    await queues.close(0);
    throw error;
  }
  return queues;
}

function settingsOf(options: QueuesOptions): Omit<BullQueueOptions, 'name' | 'home'> {
  return {
    lockMs: options.lockMs ?? 30_000,
    stalledMs: options.stalledMs ?? 5_000,
    retry: options.retry ?? retryLimits,
    newerMs: options.newerMs ?? 30_000,
    addMs: options.addMs ?? 5_000,
    turnsMs: options.turnsMs ?? 250,
    startMs: options.startMs ?? 10_000,
    onEvent: options.onEvent ?? ((): void => undefined),
  };
}

async function openStore(
  address: string,
  options: QueuesOptions,
  start: { readonly startMs: number; readonly onEvent: (event: QueueEvent) => void },
): Promise<Store> {
  if (address === 'embedded') {
    if (options.door !== undefined) return storeBehind(options.door);
    if (options.folder === undefined) {
      throw new SluiceError('configuration', 'the embedded queue has no folder', {
        remedy: 'name a folder for its data, or use redis:// or postgres://',
      });
    }
    return await openEmbedded(options.folder, start.onEvent);
  }
  const scheme = /^(?<scheme>[a-z]+):\/\//.exec(address)?.groups?.['scheme'];
  if (scheme === 'redis' || scheme === 'rediss') return await openRedis(address, start.startMs);
  if (scheme === 'postgres' || scheme === 'postgresql') return await openPostgres(address, start.startMs);
  // The address may hold a password: it is not repeated.
  throw new SluiceError(
    'configuration',
    `the queue's address is of no known kind${scheme === undefined ? '' : ` (${scheme}://)`}`,
    {
      remedy: 'use redis://, rediss://, postgres:// or embedded',
    },
  );
}
