// An operating system's process around a program that must reach nothing but its pipes.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';

export type CagedProcess = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts a program with no environment, in an empty directory, as the leader of a process group of its own.
 *
 * @throws the error of `node:child_process` where there are no file handles for its pipes
 */
export function spawnCaged(command: string, args: readonly string[], emptyDirectory: string): CagedProcess {
  const child = spawn(command, [...args], {
    cwd: emptyDirectory,
    env: {},
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    shell: false,
    windowsHide: true,
  });
  if (!child.stdout) {
    // Node gives such a child no pipes, and tells why in an event that ends the process where nobody listens.
    child.on('error', () => {});
    throw Object.assign(new Error('no pipes for a child'), { code: 'EMFILE' });
  }
  // A write to a child that died fails here; its exit tells the story.
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.on('error', () => {});
  // What a Go panic prints may hold values of a tenant: it is drained and forgotten.
  child.stderr.resume();
  return child;
}

/** Kills the process with its whole group, and lets go of its pipes. */
export function killGroup(child: CagedProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
  for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
}

/** Whether the parent's event loop stays alive for the sake of this process. */
export function holdProcess(child: CagedProcess, on: boolean): void {
  // The pipes are sockets, which the types do not say.
  const sockets = [child.stdin, child.stdout, child.stderr] as unknown as readonly Socket[];
  for (const handle of [child, ...sockets]) {
    if (on) handle.ref();
    else handle.unref();
  }
}

/** Resident memory in bytes, or undefined where the system does not tell (other than Linux). */
export async function residentBytes(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}
