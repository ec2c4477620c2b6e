// The embedded store seen as a `pg.Pool`, which is what BullMQ speaks to. There is one session behind it.
import { EventEmitter } from 'node:events';
import type { PgPool, PgPoolClient, PgQueryResult } from 'bullmq';
import { unavailable } from './deadline.ts';
import type { ThreadAnswer, ThreadRequest } from './embedded-protocol.ts';

interface Pending {
  readonly resolve: (result: PgQueryResult) => void;
  readonly reject: (error: Error) => void;
}

/** A checked-out client: the shared session under a name of its own, so that listeners can come and go. */
class ThreadClient extends EventEmitter {
  // Without these BullMQ would take the connection for one that dies silently, and poll.
  readonly connection = { stream: { setKeepAlive: (): boolean => true } };
  readonly #pool: PortPool;

  constructor(pool: PortPool) {
    super();
    this.#pool = pool;
  }

  async query<R = unknown>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    return await this.#pool.query<R>(text, params);
  }

  release(): void {
    this.#pool.forget(this);
    this.removeAllListeners();
  }
}

/** The database's thread, through a port of it. */
export abstract class PortPool extends EventEmitter {
  readonly options = { keepAlive: true };
  readonly #pending = new Map<number, Pending>();
  readonly #clients = new Set<ThreadClient>();
  #next = 1;
  #gone: string | undefined;

  protected abstract send(request: ThreadRequest): void;

  protected get gone(): boolean {
    return this.#gone !== undefined;
  }

  async query<R = unknown>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    const gone = this.#gone;
    if (gone !== undefined) throw unavailable(`the embedded store is closed: ${gone}`);
    const id = this.#next;
    this.#next += 1;
    return await new Promise<PgQueryResult>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.send({ type: 'query', id, text, params });
    });
  }

  connect(): Promise<PgPoolClient> {
    const client = new ThreadClient(this);
    this.#clients.add(client);
    return Promise.resolve(client);
  }

  forget(client: ThreadClient): void {
    this.#clients.delete(client);
  }

  protected hear(answer: Exclude<ThreadAnswer, { type: 'ready' | 'lost' }>): void {
    switch (answer.type) {
      case 'notification':
        for (const client of this.#clients) {
          client.emit('notification', { channel: answer.channel, payload: answer.payload });
        }
        return;
      case 'closed':
        this.endWith('closed');
        return;
      case 'result':
        this.#settle(answer.id)?.resolve({ rows: [...answer.rows], rowCount: answer.rowCount });
        return;
      case 'failure': {
        const { message, code, detail } = answer.failure;
        this.#settle(answer.id)?.reject(Object.assign(new Error(message), { code, detail }));
      }
    }
  }

  #settle(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  /** Nothing more is asked for; what was asked for fails with these words. */
  protected endWith(words: string, then?: () => void): void {
    if (this.#gone !== undefined) return;
    this.#gone = words;
    for (const pending of this.#pending.values()) pending.reject(unavailable(`the embedded store is closed: ${words}`));
    this.#pending.clear();
    then?.();
  }
}

/** What BullMQ asks of a pool. */
export function asPool(pool: PortPool): PgPool {
  return pool as unknown as PgPool;
}
