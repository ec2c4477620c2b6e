// `sluice agent` and `sluice serve` as people start them, each with its output in a file.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface SluiceProcess {
  /** It, and the processes that it started. */
  pids(): readonly number[];
  /** All that it has said. */
  log(): string;
  /** As an orchestrator would: SIGTERM, and wait. */
  stop(): Promise<void>;
}

const startMs = 60_000;

/** Starts a role and waits until its log says `ready`. @throws Error with the end of its log where it does not start */
export async function startSluice(
  role: 'agent' | 'serve',
  folder: string,
  environment: Readonly<Record<string, string>>,
  ready: string,
): Promise<SluiceProcess> {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'log');
  const output = openSync(file, 'w');
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../bin/sluice.js'), role], {
    stdio: ['ignore', output, output],
    env: { ...process.env, SLUICE_DATA: folder, SLUICE_ADMIN_LISTEN: '127.0.0.1:0', ...environment },
  });
  closeSync(output);
  const log = (): string => readFileSync(file, 'utf8');
  for (let waited = 0; !log().includes(ready); waited += 50) {
    if (hasEnded(child) || waited > startMs) {
      child.kill('SIGKILL');
      throw new Error(`sluice ${role} did not start: ${log().slice(-1_000)}`);
    }
    await sleep(50);
  }
  return {
    pids: () => familyOf(child.pid ?? 0),
    log,
    stop: async () => {
      const exited = hasEnded(child) ? Promise.resolve() : once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** A process and its children, as far as the system tells; without the process where `below` says so. */
export function familyOf(pid: number): readonly number[] {
  const children = childrenOf(pid);
  return [pid, ...children.flatMap(familyOf)];
}

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return text === '' ? [] : text.split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

/** Resident memory of processes now, in MiB. */
export function residentMebibytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + statusNumber(pid, 'VmRSS') / 1_024, 0);
}

/** The greatest that each ever had, added up, in MiB. */
export function peakMebibytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + statusNumber(pid, 'VmHWM') / 1_024, 0);
}

function statusNumber(pid: number, field: string): number {
  try {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(found?.[1] ?? 0);
  } catch {
    return 0;
  }
}
