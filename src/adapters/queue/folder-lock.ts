// One process at a time in a folder. PGlite has no lock of its own: two processes on one folder would each see only
// their own rows, and no error.
import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often the holder touches its lock, in milliseconds. */
export const heartbeatMs = 2_000;
/** A holder that cannot be asked for by its process id is dead when its lock was not touched for so long. */
const silentMs = 5 * heartbeatMs;

interface Holder {
  /** Empty once it was released. */
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's own count, where there is one: process ids come round again. */
  readonly began?: string | undefined;
}

/** A lock that is held: `token` names the holder in `beat`. */
export interface FolderLock {
  readonly token: string;
  release(): Promise<void>;
}

/** Locks this process holds: after a restart in a container another process may have had our id. */
const held = new Set<string>();

/**
 * Returns the lock, or who holds it. `folder` is the lock's own: it holds one file per holder, numbered, and the highest
 * number counts. Whoever finds it released or its holder dead adds the next number, which only one can; a number is never
 * used again, so that nobody can mistake an old lock for the present one.
 *
 * @throws Error of `node:fs` where the folder cannot be written
 */
export async function lockFolder(
  folder: string,
  silent: number = silentMs,
): Promise<FolderLock | { readonly pid: number; readonly host: string }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const mine: Holder = { token: randomUUID(), pid: process.pid, host: hostname(), began: await beganOf(process.pid) };
  for (;;) {
    const last = await highest(folder);
    if (last > 0) {
      const holder = await holderOf(file(folder, last));
      if (holder === 'gone') continue;
      if (await lives(file(folder, last), holder, silent))
        return { pid: holder?.pid ?? 0, host: holder?.host ?? 'unknown' };
    }
    held.add(mine.token);
    if (await claim(folder, last + 1, mine)) {
      return { token: mine.token, release: async () => await release(folder, last + 1, mine) };
    }
    held.delete(mine.token);
  }
}

/** Touches the lock. False when it is no longer ours; a folder that cannot be read just now is taken as ours. */
export async function beat(folder: string, token: string): Promise<boolean> {
  const last = await highest(folder).catch(() => undefined);
  if (last === undefined) return true;
  const holder = last === 0 ? undefined : await holderOf(file(folder, last)).catch(() => undefined);
  if (holder === 'gone' || holder?.token !== token) return false;
  const now = new Date();
  await utimes(file(folder, last), now, now).catch(() => undefined);
  return true;
}

async function claim(folder: string, number: number, mine: Holder): Promise<boolean> {
  // Written aside and linked, so that nobody ever reads half of it; link fails where there is one, like O_EXCL.
  const aside = path.join(folder, mine.token);
  await writeFile(aside, JSON.stringify(mine), { mode: 0o600 });
  try {
    await link(aside, file(folder, number));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
  const numbers = await numbersIn(folder);
  if (Math.max(...numbers) > number) {
    // We were so slow that others came, went and tidied up.
    await rm(file(folder, number), { force: true });
    return false;
  }
  for (const old of numbers) if (old < number) await rm(file(folder, old), { force: true });
  return true;
}

async function release(folder: string, number: number, mine: Holder): Promise<void> {
  held.delete(mine.token);
  const aside = path.join(folder, mine.token);
  try {
    // Whoever took it over meanwhile has a higher number.
    await writeFile(aside, JSON.stringify({ ...mine, token: '' }), { mode: 0o600 });
    await rename(aside, file(folder, number));
  } catch {
    // Then it is found dead instead.
  }
}

function file(folder: string, number: number): string {
  return path.join(folder, String(number));
}

async function numbersIn(folder: string): Promise<readonly number[]> {
  return (await readdir(folder)).filter((name) => /^\d{1,15}$/.test(name)).map(Number);
}

async function highest(folder: string): Promise<number> {
  return Math.max(0, ...(await numbersIn(folder)));
}

/** Undefined where it cannot be understood, as after a full disk. */
async function holderOf(at: string): Promise<Holder | 'gone' | undefined> {
  let text: string;
  try {
    text = await readFile(at, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
  try {
    const { token, pid, host, began } = JSON.parse(text) as Partial<Holder>;
    if (typeof token === 'string' && typeof pid === 'number' && typeof host === 'string') {
      return { token, pid, host, began };
    }
  } catch {
    return undefined;
  }
  return undefined;
}

async function lives(at: string, holder: Holder | undefined, silent: number): Promise<boolean> {
  if (holder?.token === '') return false;
  if (holder !== undefined && held.has(holder.token)) return true;
  // Elsewhere, as on a volume that moved with a pod, its process cannot be asked for.
  if (holder === undefined || holder.host !== hostname()) return await beats(at, silent);
  if (holder.pid === process.pid || !exists(holder.pid)) return false;
  const began = await beganOf(holder.pid);
  if (began !== undefined && holder.began !== undefined) return began === holder.began;
  return await beats(at, silent);
}

/** Watches the lock for as long as a holder may be silent; clocks need not agree. */
async function beats(at: string, silent: number): Promise<boolean> {
  const touched = async (): Promise<number> => (await stat(at).catch(() => undefined))?.mtimeMs ?? 0;
  const before = await touched();
  const step = silent / 20;
  for (let waited = 0; waited < silent; waited += step) {
    await sleep(step);
    const now = await touched();
    if (now !== before) return now !== 0;
  }
  return false;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of /proc/<pid>/stat (proc_pid_stat(5)): clock ticks from boot to the process's start. */
async function beganOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return text
    ?.slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .at(19);
}
