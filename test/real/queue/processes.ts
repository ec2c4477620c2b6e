// Worker processes that tests start, freeze and kill.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestStore } from './stores.ts';

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** Resolves once the process printed this line. Rejects when it ended before. */
  said(line: string): Promise<void>;
  kill(): Promise<void>;
}

export async function startWorker(store: Pick<TestStore, 'address' | 'folder'>, name: string): Promise<WorkerProcess> {
  const script = fileURLToPath(new URL('./worker-process.ts', import.meta.url));
  const child = spawn(process.execPath, [script, store.address, store.folder ?? '', name], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  let complaint = '';
  const listeners = new Set<() => void>();
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    for (const listener of listeners) listener();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
      for (const listener of listeners) listener();
    });
  });
  const worker: WorkerProcess = {
    child,
    said: async (line) =>
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (said.split('\n').includes(line)) resolve();
          else if (child.exitCode !== null || child.signalCode !== null) {
            reject(new Error(`the worker ended before it said "${line}": ${said}${complaint}`));
          } else return;
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
  await worker.said('added');
  return worker;
}
