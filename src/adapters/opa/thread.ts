// One worker thread with its kill timer.
import { Worker } from 'node:worker_threads';
import type { BatchAnswer, BatchRequest, WorkerSettings } from './protocol.ts';
import { maxModules, progressSlots } from './protocol.ts';

const startTimeoutMs = 60_000;

/** The thread is gone: killed by its timer, or ended by itself. `index` is the input it was on. */
export class ThreadEnd extends Error {
  readonly reason: 'timeout' | 'ended';
  readonly index: number;

  constructor(reason: 'timeout' | 'ended', message: string, index: number) {
    super(message);
    this.reason = reason;
    this.index = index;
  }
}

type Result = Exclude<BatchAnswer, { readonly type: 'ready' }>;

export class EvaluationThread {
  readonly #worker: Worker;
  readonly #progress: Int32Array;
  readonly #sent = new Set<string>();
  #ready = false;
  #onReady: (() => void) | undefined;
  #settle: { resolve: (result: Result) => void; reject: (end: ThreadEnd) => void } | undefined;
  #gone: string | undefined;

  constructor(maxPages: number, recyclePages: number) {
    const progress = new SharedArrayBuffer(progressSlots * Int32Array.BYTES_PER_ELEMENT);
    this.#progress = new Int32Array(progress);
    this.#worker = new Worker(new URL('./evaluation.ts', import.meta.url), {
      workerData: { progress, maxPages, recyclePages } satisfies WorkerSettings,
      env: {},
      argv: [],
      execArgv: [],
      // What a policy or the SDK prints goes nowhere.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 8 },
    });
    this.#worker.stdout.resume();
    this.#worker.stderr.resume();
    this.#worker.unref();
    this.#worker.on('message', (answer: BatchAnswer) => this.#hear(answer));
    this.#worker.on('error', (error) => this.#end(error instanceof Error ? error.message : 'unknown error'));
    this.#worker.on('exit', (code) => this.#end(`exit code ${code}`));
  }

  get alive(): boolean {
    return this.#gone === undefined;
  }

  /**
   * Evaluates one batch; one at a time.
   *
   * @throws ThreadEnd after which this thread must not be used again
   */
  async run(request: Omit<BatchRequest, 'wasm'> & { readonly wasm: Uint8Array }, timeoutMs: number): Promise<Result> {
    this.#worker.ref();
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<Result>((resolve, reject) => {
        if (this.#gone !== undefined) {
          reject(new ThreadEnd('ended', this.#gone, -1));
          return;
        }
        this.#settle = { resolve, reject };
        const arm = (ms: number): void => {
          clearTimeout(timer);
          // An answer that already waits in the event loop is heard before the thread is killed.
          timer = setTimeout(() => setImmediate(() => this.#expire()), ms);
        };
        const send = (): void => {
          arm(timeoutMs);
          Atomics.store(this.#progress, 0, 0);
          const wasm = this.#sent.has(request.key) ? undefined : request.wasm;
          if (wasm !== undefined && this.#sent.size >= maxModules) this.#sent.clear();
          this.#sent.add(request.key);
          this.#worker.postMessage({ ...request, wasm } satisfies BatchRequest);
        };
        if (this.#ready) send();
        else {
          arm(startTimeoutMs);
          this.#onReady = send;
        }
      });
    } finally {
      clearTimeout(timer);
      this.#settle = undefined;
      this.#worker.unref();
    }
  }

  async end(): Promise<void> {
    this.#gone ??= 'closed';
    await this.#worker.terminate();
  }

  #hear(answer: BatchAnswer): void {
    if (answer.type === 'ready') {
      this.#ready = true;
      this.#onReady?.();
      return;
    }
    // The worker drops a module whose evaluation failed, so it must be sent again.
    if (answer.type === 'failure') this.#sent.clear();
    this.#settle?.resolve(answer);
  }

  #expire(): void {
    if (this.#settle === undefined) return;
    this.#gone = 'killed by its timer';
    this.#settle.reject(new ThreadEnd('timeout', this.#gone, this.#ready ? Atomics.load(this.#progress, 0) : -1));
    void this.#worker.terminate();
  }

  #end(message: string): void {
    this.#gone ??= message;
    this.#settle?.reject(new ThreadEnd('ended', message, Atomics.load(this.#progress, 0)));
  }
}
