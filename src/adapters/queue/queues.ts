// The Queues port: BullMQ queues over one store, opened as they are asked for.
import type { Queue, QueueName, Queues } from '../../ports/queue.ts';
import { Agents, type AgentsOptions } from './agents.ts';
import { BullQueue, type BullQueueOptions } from './bull-queue.ts';
import { unavailable } from './deadline.ts';
import type { Store } from './store.ts';

const clusterPrefix = 'reconcile-';

export class BullQueues implements Queues {
  readonly #store: Store;
  readonly #settings: Omit<BullQueueOptions, 'name' | 'home'>;
  readonly #agents: Agents;
  readonly #open = new Map<QueueName, { readonly queue: BullQueue; readonly ready: Promise<void> }>();
  #closing: Promise<void> | undefined;

  constructor(store: Store, settings: Omit<BullQueueOptions, 'name' | 'home'>, agents: Omit<AgentsOptions, 'askMs'>) {
    this.#store = store;
    this.#settings = settings;
    this.#agents = new Agents(store.queue('agents'), { ...agents, askMs: settings.addMs });
  }

  /** @throws SluiceError `queue.unavailable`, transient */
  async ready(): Promise<void> {
    await this.#agents.ready(this.#settings.startMs);
  }

  async open(name: QueueName): Promise<Queue> {
    if (this.#closing !== undefined) throw unavailable('the queues are closed');
    const { queue, ready } = this.#open.get(name) ?? this.#start(name);
    await ready;
    return queue;
  }

  #start(name: QueueName) {
    // The store outlives the queue.
    const shared: Store = { ...this.#store, close: () => Promise.resolve() };
    const queue = new BullQueue(shared, { ...this.#settings, name: storedName(name), home: name });
    const started = { queue, ready: queue.ready() };
    this.#open.set(name, started);
    started.ready.catch(() => {
      this.#open.delete(name);
      void queue.close(0);
    });
    return started;
  }

  async announce(cluster: string): Promise<void> {
    await this.#agents.announce(cluster);
  }

  async clusters(): Promise<readonly string[]> {
    return await this.#agents.clusters();
  }

  async healthy(): Promise<boolean> {
    return this.#closing === undefined && (await this.#agents.healthy());
  }

  async close(graceMs: number): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    await this.#closing;
  }

  async #close(graceMs: number): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ queue }) => queue.close(graceMs)));
    await this.#agents.close();
    await this.#store.close();
  }
}

/** A cluster may be called `prod/eu`; BullMQ's names hold no `:`, and braces mean something to Redis. */
function storedName(name: QueueName): string {
  return name.startsWith(clusterPrefix)
    ? `${clusterPrefix}${encodeURIComponent(name.slice(clusterPrefix.length))}`
    : name;
}
