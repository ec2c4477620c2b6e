// Processor time: the machine's, and that of this process with all its children. Linux tells; elsewhere it is unknown.
import { readdirSync, readFileSync } from 'node:fs';

const tickMs = 10;

/** Milliseconds that all processors together were busy since the machine started, stolen time included. */
export function machineBusyMs(): number | undefined {
  const fields = text('/proc/stat')?.split('\n')[0]?.trim().split(/\s+/).slice(1).map(Number);
  if (fields === undefined) return undefined;
  const [user = 0, nice = 0, system = 0, , , interrupts = 0, soft = 0, stolen = 0] = fields;
  return (user + nice + system + interrupts + soft + stolen) * tickMs;
}

/** Milliseconds of processor time of this process, of its children that ended, and of those in `pids`. */
export function ownMs(pids: readonly number[]): number {
  const { user, system } = process.cpuUsage();
  const running = pids.reduce((sum, pid) => sum + runningMs(pid), 0);
  return (user + system) / 1_000 + endedChildrenMs() + running;
}

/** Greatest resident memory that a process ever had, in bytes; undefined where the system does not tell. */
export function peakResidentBytes(pid: number): number | undefined {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(text(`/proc/${pid}/status`) ?? '')?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1_024;
}

function endedChildrenMs(): number {
  const stat = text('/proc/self/stat');
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return (Number(fields[13] ?? 0) + Number(fields[14] ?? 0)) * tickMs;
}

function runningMs(pid: number): number {
  let nanoseconds = 0;
  for (const task of tasks(pid)) nanoseconds += Number(text(`/proc/${pid}/task/${task}/schedstat`)?.split(' ')[0] ?? 0);
  return nanoseconds / 1e6;
}

function tasks(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function text(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
