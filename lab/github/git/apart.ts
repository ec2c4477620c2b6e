// Programs are started from a small process of its own: a process that has grown to some hundred megabytes, as one with an
// App and a database in it does, takes twenty milliseconds for each that it starts itself.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface GitCall {
  readonly args: readonly string[];
  /** Where it runs; this process's own folder unless said. */
  readonly folder?: string;
  readonly env: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
  /** Kills it. */
  readonly signal?: AbortSignal;
}

export interface GitOutput {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly out: Buffer;
  /** The first kilobytes of what it complained of. */
  readonly err: string;
}

/** To the other process. */
export type Order =
  | { readonly id: number; readonly kill: true }
  | {
      readonly id: number;
      readonly args: readonly string[];
      readonly folder: string | undefined;
      readonly env: NodeJS.ProcessEnv;
      readonly input: string | Uint8Array;
    };

/** From it. */
export type Outcome = { readonly id: number } & (
  | { readonly code: number | undefined; readonly out: Uint8Array; readonly err: string }
  | { readonly broken: string }
);

interface Waiting {
  resolve(output: GitOutput): void;
  reject(error: Error): void;
}

class Apart {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  ended = false;

  constructor() {
    const program = fileURLToPath(new URL('apart-process.ts', import.meta.url));
    this.#child = fork(program, [], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (outcome) => this.#take(outcome as Outcome));
    once(this.#child, 'exit').then(
      () => this.#end(),
      () => this.#end(),
    );
    // Nobody waits for it in the end: it goes when this process does.
    this.#child.unref();
    this.#child.channel?.unref();
  }

  run({ args, folder, env, input = '', signal }: GitCall): Promise<GitOutput> {
    const id = (this.#last += 1);
    return new Promise((resolve, reject) => {
      if (this.#waiting.size === 0) this.#child.channel?.ref();
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, args, folder, env, input });
      const kill = (): void => this.#send({ id, kill: true });
      if (signal?.aborted === true) kill();
      else signal?.addEventListener('abort', kill, { once: true });
    });
  }

  #send(order: Order): void {
    if (this.#waiting.has(order.id) && this.#child.connected) this.#child.send(order);
  }

  #take(outcome: Outcome): void {
    const waiting = this.#waiting.get(outcome.id);
    this.#waiting.delete(outcome.id);
    if (this.#waiting.size === 0) this.#child.channel?.unref();
    if ('broken' in outcome) waiting?.reject(new Error(`git: ${outcome.broken}`));
    else waiting?.resolve({ ...outcome, out: Buffer.from(outcome.out) });
  }

  #end(): void {
    this.ended = true;
    for (const waiting of this.#waiting.values()) waiting.reject(new Error('git: the process that runs it has ended'));
    this.#waiting.clear();
  }
}

let apart: Apart | undefined;

/** Runs Git, whatever it exits with. @throws Error where it cannot be started */
export function gitApart(call: GitCall): Promise<GitOutput> {
  if (apart === undefined || apart.ended) apart = new Apart();
  return apart.run(call);
}
