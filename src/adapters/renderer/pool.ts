// Renderer processes: started when first needed, one request each at a time, first come first served.
import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SluiceError } from '../../errors.ts';
import { lackOf } from '../lack.ts';
import { type Exchange, notStarted, RendererChild } from './child.ts';

export interface PoolOptions {
  /** Gives the program to start; called once, when the first child is needed. */
  readonly command: () => Promise<{ readonly path: string; readonly args: readonly string[] }>;
  /** Most processes at once. */
  readonly children: number;
  readonly startTimeoutMs: number;
  readonly maxResidentBytes: number;
  /** Resident memory at which an idle child is replaced. */
  readonly recycleBytes: number;
  readonly onStart: () => void;
}

/** A request that ran at least this long may have grown its child. */
const growthMs = 200;

export class Pool {
  readonly #options: PoolOptions;
  readonly #all = new Set<RendererChild>();
  readonly #idle: RendererChild[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #starting = new Set<Promise<RendererChild>>();
  readonly #killAll = (): void => this.#all.forEach((child) => child.kill());
  #places: number;
  #command: ReturnType<PoolOptions['command']> | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#places = options.children;
  }

  /** Process ids of the living children, in no order. */
  get pids(): readonly number[] {
    return [...this.#all].flatMap((child) => (child.alive && child.pid !== undefined ? [child.pid] : []));
  }

  /** Runs one exchange on a child of its own and returns the last frame's text. @throws as `RendererChild.ask` */
  async run(exchange: Exchange): Promise<string> {
    await this.#place();
    let child: RendererChild | undefined;
    try {
      child = this.#takeIdle() ?? (await this.#start());
      if (this.#closed) throw closedError();
      child.hold(true);
      const since = performance.now();
      const text = await child.ask(exchange);
      if (performance.now() - since > growthMs) await this.#recycle(child);
      return text;
    } finally {
      if (child?.alive === true && !this.#closed) {
        child.hold(false);
        this.#idle.push(child);
      }
      this.#leave();
    }
  }

  /** Starts children until `count` are there, so that the first requests need not wait. Failures show at `run`. */
  async prewarm(count: number): Promise<void> {
    const missing = Math.min(count, this.#options.children) - this.#all.size - this.#starting.size;
    const started = Array.from({ length: Math.max(0, missing) }, async () => {
      await this.#place();
      try {
        const child = await this.#start();
        child.hold(false);
        if (!this.#closed) this.#idle.push(child);
      } finally {
        this.#leave();
      }
    });
    await Promise.allSettled(started);
  }

  /** Ends every child; open and waiting requests fail with `renderer.unavailable`. Safe to call twice. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.allSettled(this.#starting);
    const idle = new Set(this.#idle.splice(0));
    await Promise.all(
      [...this.#all].map(async (child) => {
        if (idle.has(child)) await child.close();
        else child.kill();
        await child.gone;
      }),
    );
    process.off('exit', this.#killAll);
  }

  async #place(): Promise<void> {
    if (this.#closed) throw closedError();
    if (this.#places > 0) {
      this.#places -= 1;
      return;
    }
    await new Promise<void>((wake) => this.#waiting.push(wake));
    if (this.#closed) throw closedError();
  }

  #leave(): void {
    const wake = this.#waiting.shift();
    if (wake === undefined) this.#places += 1;
    else wake();
  }

  #takeIdle(): RendererChild | undefined {
    for (let child = this.#idle.pop(); child !== undefined; child = this.#idle.pop()) if (child.alive) return child;
    return undefined;
  }

  async #start(): Promise<RendererChild> {
    // What cannot be found or built is not tried again for each of a thousand requests.
    if (this.#command === undefined) {
      this.#command = this.#options.command();
      process.on('exit', this.#killAll);
    }
    const command = await this.#command;
    if (this.#closed) throw closedError();
    const directory = makeDirectory();
    const starting = RendererChild.start({
      command: command.path,
      args: command.args,
      directory,
      startTimeoutMs: this.#options.startTimeoutMs,
      maxResidentBytes: this.#options.maxResidentBytes,
    });
    this.#starting.add(starting);
    try {
      const child = await starting;
      this.#all.add(child);
      this.#options.onStart();
      void child.gone.then(() => this.#all.delete(child));
      return child;
    } finally {
      this.#starting.delete(starting);
      // The child stays where nothing can be any more, and a process that is killed leaves nothing behind.
      removeEmpty(directory);
    }
  }

  async #recycle(child: RendererChild): Promise<void> {
    const bytes = await child.residentBytes();
    if (bytes !== undefined && bytes > this.#options.recycleBytes) child.kill();
  }
}

function makeDirectory(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'sluice-renderer-'));
  } catch (cause) {
    const lack = lackOf(cause);
    throw lack === undefined ? cause : notStarted(lack, cause);
  }
}

function removeEmpty(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // Others clean up there, too.
  }
}

function closedError(): SluiceError {
  return new SluiceError('renderer.unavailable', 'the renderer is closed');
}
