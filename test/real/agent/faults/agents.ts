// Agents one after the other, each in a process of its own; the next one is loaded while the one before it works.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('agent-process.ts', import.meta.url));
const goneMs = 60_000;

export interface AgentFiles {
  readonly kubeconfig: string;
  readonly store: string;
  readonly dataFolder: string;
  /** So long after it was last heard of its jobs go to another one. */
  readonly lockMs: number;
}

export class Agents {
  /** What it logs, one line an entry. */
  readonly lines: string[] = [];
  readonly #files: AgentFiles;
  readonly #hear: (line: string) => void;
  #running: ChildProcess | undefined;
  #next: ChildProcess | undefined;
  /** Processes that killed agents had started. */
  readonly #left = new Set<number>();

  constructor(files: AgentFiles, hear: (line: string) => void) {
    this.#files = files;
    this.#hear = hear;
  }

  /** Resolves when it takes jobs. @throws Error where it ended instead */
  async start(): Promise<void> {
    const child = this.#next ?? this.#spawn();
    this.#next = undefined;
    this.#running = child;
    child.stdin?.write('go\n');
    try {
      await said(child, 'ready');
    } finally {
      this.#next ??= this.#spawn();
    }
  }

  /** Starts it again and again until it stays, as whoever keeps pods does; returns how often it took. */
  async startPatiently(most: number): Promise<number> {
    for (let times = 1; ; times += 1) {
      try {
        await this.start();
        return times;
      } catch (error) {
        if (times === most) throw error;
      }
    }
  }

  /** Resolves when the process is gone; what it had started may take a moment longer. */
  async kill(): Promise<void> {
    const child = this.#running;
    this.#running = undefined;
    if (child?.pid === undefined || child.exitCode !== null) return;
    for (const pid of await childrenOf(child.pid)) this.#left.add(pid);
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** What it holds now, once everything that nobody needs is gone. */
  async held(): Promise<{ readonly heapBytes: number; readonly files: number; readonly threads: number }> {
    const child = this.#running;
    if (child?.pid === undefined) throw new Error('no agent runs');
    const heap = said(child, 'heap ');
    child.stdin?.write('heap\n');
    const heapBytes = Number(/heap (\d+)/.exec(await heap)?.[1]);
    const [files, threads] = await Promise.all(['fd', 'task'].map((what) => readdir(`/proc/${child.pid}/${what}`)));
    return { heapBytes, files: files?.length ?? 0, threads: threads?.length ?? 0 };
  }

  signal(signal: NodeJS.Signals): void {
    this.#running?.kill(signal);
  }

  /** Resolves once nothing is left of the agents that were killed. */
  async nothingLeft(): Promise<void> {
    const until = performance.now() + goneMs;
    for (const pid of this.#left) {
      while (existsSync(`/proc/${pid}`)) {
        if (performance.now() > until) throw new Error(`process ${pid} outlives its agent`);
        await sleep(10);
      }
    }
    this.#left.clear();
  }

  async close(): Promise<void> {
    await this.kill();
    this.#running = this.#next;
    await this.kill();
    this.#next = undefined;
    await this.nothingLeft();
  }

  #spawn(): ChildProcess {
    const { kubeconfig, store, dataFolder, lockMs } = this.#files;
    const child = spawn(process.execPath, [program, kubeconfig, store, dataFolder, String(lockMs)], {
      stdio: 'pipe',
      env: { ...process.env, NODE_COMPILE_CACHE: `${dataFolder}-compiled` },
    });
    createInterface(child.stderr).on('line', (line) => {
      this.lines.push(line);
      this.#hear(`${line}\n`);
    });
    child.stdin.on('error', () => undefined);
    return child;
  }
}

/** Returns what a child wrote until a whole line with the word came. @throws Error where it ended instead */
async function said(child: ChildProcess, word: string): Promise<string> {
  let text = '';
  let off = (): void => {};
  try {
    return await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer): void => {
        text += chunk.toString();
        if (text.includes(word) && text.endsWith('\n')) resolve(text);
      };
      const gone = (code: number | null, signal: NodeJS.Signals | null): void =>
        reject(new Error(`the agent ended (${code ?? signal})`));
      child.stdout?.on('data', hear);
      child.once('exit', gone);
      off = () => {
        child.stdout?.off('data', hear);
        child.off('exit', gone);
      };
    });
  } finally {
    off();
  }
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').flatMap((word) => (word === '' ? [] : [Number(word)]));
}
