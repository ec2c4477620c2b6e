// Runs the servers of one cluster, and sees to it that none outlives the process that started them.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../src/errors.ts';

const graceMs = 3_000;
const readyMs = 180_000;
const pollMs = 50;

// Reads process ids line by line ("+7" runs, "-7" has ended) and kills those that run when its input ends: that is when
// the parent has died, whatever way. In POSIX shell, so that it costs no memory and needs nothing installed.
const keeper = `
  running=" "
  while read -r line; do
    id=\${line#?}
    case $line in
      +*) running="$running$id " ;;
      -*) running="\${running%% $id *} \${running#* $id }" ;;
    esac
  done
  for id in $running; do kill -KILL "$id" 2>/dev/null; done
`;

export interface Server {
  readonly name: string;
  readonly pid: number;
  readonly running: boolean;
  /** Ends it and waits until it is gone; SIGKILL follows a signal that is not obeyed within three seconds. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** The last lines of its log. */
  logTail(): Promise<string>;
}

/** The running servers of one cluster; logs go to `<folder>/<name>.log`. */
export class Children {
  readonly #folder: string;
  readonly #running = new Set<Server>();
  #failed: Server | undefined;
  #keeper: ChildProcess | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  get pids(): Record<string, number> {
    return Object.fromEntries([...this.#running].map(({ name, pid }) => [name, pid]));
  }

  /** @throws SluiceError `internal` when the program cannot be run */
  async start(name: string, program: string, flags: readonly string[]): Promise<Server> {
    const logFile = join(this.#folder, `${name}.log`);
    const log = openSync(logFile, 'a');
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.#folder };
    // A process group of its own: Ctrl-C reaches the parent alone, which then ends its servers in order.
    const child = spawn(program, flags, { cwd: this.#folder, env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (cause) => reject(new SluiceError('internal', `${name} does not start`, { cause })));
    });
    const pid = child.pid as number;
    let asked = false;
    const server: Server = {
      name,
      pid,
      get running() {
        return child.exitCode === null && child.signalCode === null;
      },
      end: async (signal) => {
        asked = true;
        if (server.running) await end(child, signal, gone);
      },
      logTail: async () => (await readFile(logFile, 'utf8')).trimEnd().split('\n').slice(-15).join('\n'),
    };
    this.#running.add(server);
    this.#tellKeeper(`+${pid}`);
    void gone.then(() => {
      this.#running.delete(server);
      if (!asked) this.#failed = server;
      this.#tellKeeper(`-${pid}`);
    });
    return server;
  }

  /**
   * Looks for something again and again until it is there.
   * @throws SluiceError `internal` when one of the servers has ended by itself, or after three minutes
   */
  async until<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
    const deadline = Date.now() + readyMs;
    for (;;) {
      const value = await look();
      if (value !== undefined) return value;
      if (this.#failed !== undefined) {
        const { name } = this.#failed;
        throw new SluiceError('internal', `${name} has ended by itself:\n${await this.#failed.logTail()}`);
      }
      if (Date.now() > deadline)
        throw new SluiceError('internal', `waited three minutes for ${what}`, { kind: 'transient' });
      await sleep(pollMs);
    }
  }

  /** Kills everything at once: what a lab cluster holds is not worth an orderly end. */
  async stop(): Promise<void> {
    await Promise.all([...this.#running].map(async (server) => await server.end('SIGKILL')));
    this.#keeper?.stdin?.end();
    this.#keeper = undefined;
  }

  #tellKeeper(line: string): void {
    if (this.#keeper === undefined) {
      if (line.startsWith('-')) return;
      this.#keeper = spawn('/bin/sh', ['-c', keeper], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
      this.#keeper.stdin?.on('error', () => undefined);
      this.#keeper.unref();
    }
    this.#keeper.stdin?.write(`${line}\n`);
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals, gone: Promise<void>): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
}
