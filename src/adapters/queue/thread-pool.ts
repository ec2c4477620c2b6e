// The embedded store seen as a `pg.Pool`, which is what BullMQ speaks to. There is one session behind it.
import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PgPool, PgPoolClient, PgQueryResult } from 'bullmq';
import { unavailable } from './deadline.ts';
import type { ThreadAnswer, ThreadRequest, ThreadSettings } from './embedded-protocol.ts';

interface Pending {
  readonly resolve: (result: PgQueryResult) => void;
  readonly reject: (error: Error) => void;
}

/** A checked-out client: the shared session under a name of its own, so that listeners can come and go. */
class ThreadClient extends EventEmitter {
  // Without these BullMQ would take the connection for one that dies silently, and poll.
  readonly connection = { stream: { setKeepAlive: (): boolean => true } };
  readonly #pool: ThreadPool;

  constructor(pool: ThreadPool) {
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

export class ThreadPool extends EventEmitter {
  readonly options = { keepAlive: true };
  readonly #thread: Worker;
  readonly #pending = new Map<number, Pending>();
  readonly #clients = new Set<ThreadClient>();
  readonly #ended: Promise<void>;
  #next = 1;
  #gone: string | undefined;
  /** Resolves when the database is open. Rejects with the thread's words. */
  readonly opened: Promise<void>;

  constructor(settings: ThreadSettings, onLost: () => void) {
    super();
    this.#thread = new Worker(new URL('./embedded-thread.ts', import.meta.url), {
      workerData: settings,
      // Nothing of our environment belongs there, and what it prints goes nowhere.
      env: {},
      argv: [],
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    this.#thread.stdout.resume();
    this.#thread.stderr.resume();
    let failed: (error: Error) => void = () => undefined;
    this.opened = new Promise<void>((resolve, reject) => {
      failed = reject;
      this.#thread.on('message', (answer: ThreadAnswer) => {
        if (answer.type === 'ready') resolve();
        else if (answer.type === 'lost') this.#end('another process holds the folder', onLost);
        else this.#hear(answer);
      });
    });
    // Whoever opens waits for it; a pool that is dropped before that must not end the process.
    this.opened.catch(() => undefined);
    this.#ended = new Promise((resolve) => {
      this.#thread.on('error', (error) => {
        const words = error instanceof Error ? error.message : 'it failed';
        failed(new Error(words));
        this.#end(words);
      });
      this.#thread.on('exit', () => {
        failed(new Error('it ended'));
        this.#end('it ended');
        resolve();
      });
    });
  }

  async query<R = unknown>(text: string, params?: readonly unknown[]): Promise<PgQueryResult<R>> {
    const gone = this.#gone;
    if (gone !== undefined) throw unavailable(`the embedded store is closed: ${gone}`);
    const id = this.#next;
    this.#next += 1;
    return await new Promise<PgQueryResult>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ type: 'query', id, text, params });
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

  /** Closes the database, so that it need not recover at the next start. */
  async end(): Promise<void> {
    if (this.#gone === undefined) this.#send({ type: 'close' });
    await this.#ended;
  }

  /** Ends the thread as it stands. */
  async kill(): Promise<void> {
    this.#end('closed');
    await this.#thread.terminate();
  }

  #send(request: ThreadRequest): void {
    this.#thread.postMessage(request);
  }

  #hear(answer: Exclude<ThreadAnswer, { type: 'ready' | 'lost' }>): void {
    switch (answer.type) {
      case 'notification':
        for (const client of this.#clients) {
          client.emit('notification', { channel: answer.channel, payload: answer.payload });
        }
        return;
      case 'closed':
        this.#end('closed');
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

  #end(words: string, then?: () => void): void {
    if (this.#gone !== undefined) return;
    this.#gone = words;
    for (const pending of this.#pending.values()) pending.reject(unavailable(`the embedded store is closed: ${words}`));
    this.#pending.clear();
    then?.();
  }
}

/** What BullMQ asks of a pool. */
export function asPool(pool: ThreadPool): PgPool {
  return pool as unknown as PgPool;
}
