// The thread that has the embedded store, and doors to it for other threads of this process.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { DoorAnswer, ThreadAnswer, ThreadRequest, ThreadSettings } from './embedded-protocol.ts';
import { PortPool } from './port-pool.ts';

/** The thread's owner: opens and closes the database. */
export class ThreadPool extends PortPool {
  readonly #thread: Worker;
  readonly #ended: Promise<void>;
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
        else if (answer.type === 'lost') this.endWith('another process holds the folder', onLost);
        else this.hear(answer);
      });
    });
    // Whoever opens waits for it; a pool that is dropped before that must not end the process.
    this.opened.catch(() => undefined);
    this.#ended = new Promise((resolve) => {
      this.#thread.on('error', (error) => {
        const words = error instanceof Error ? error.message : 'it failed';
        failed(new Error(words));
        this.endWith(words);
      });
      this.#thread.on('exit', () => {
        failed(new Error('it ended'));
        this.endWith('it ended');
        resolve();
      });
    });
  }

  /** Another way to the database, for another thread to make a `DoorPool` of. */
  door(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#thread.postMessage({ type: 'door', port: port1 } satisfies ThreadRequest, [port1]);
    return port2;
  }

  /** Closes the database, so that it need not recover at the next start. */
  async end(): Promise<void> {
    if (!this.gone) this.send({ type: 'close' });
    await this.#ended;
  }

  /** Ends the thread as it stands. */
  async kill(): Promise<void> {
    this.endWith('closed');
    await this.#thread.terminate();
  }

  protected send(request: ThreadRequest): void {
    this.#thread.postMessage(request);
  }
}

/** A way to a database that another thread has opened, and closes. */
export class DoorPool extends PortPool {
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    super();
    this.#port = port;
    port.on('message', (answer: DoorAnswer) => this.hear(answer));
    port.on('close', () => this.endWith('its owner closed it'));
  }

  end(): void {
    this.endWith('closed');
    this.#port.close();
  }

  protected send(request: ThreadRequest): void {
    this.#port.postMessage(request);
  }
}
