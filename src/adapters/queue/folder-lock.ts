// One process at a time in a folder. PGlite has no lock of its own: two processes on one folder would each see only
// their own rows, and no error.
import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** How often the holder touches its lock, in milliseconds. */
export const heartbeatMs = 2_000;
/** A holder that cannot be asked for by its process id is dead when its lock was not touched for so long. */
const silentMs = 5 * heartbeatMs;

interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** When the process began, in the kernel's own count, where there is one: process ids come round again. */
  readonly began: string | undefined;
}

export interface FolderLock {
  readonly token: string;
  release(): Promise<void>;
}

/** Locks this process holds: after a restart in a container another process may have had our id. */
const held = new Set<string>();

/** Returns the lock, or the process that holds it. A lock whose holder is dead is taken over. */
export async function lockFolder(file: string): Promise<FolderLock | { readonly pid: number; readonly host: string }> {
  const mine: Holder = { token: randomUUID(), pid: process.pid, host: hostname(), began: await beganOf(process.pid) };
  for (;;) {
    if (await create(file, mine)) {
      held.add(mine.token);
      return { token: mine.token, release: async () => await release(file, mine.token) };
    }
    const holder = await holderOf(file);
    if (holder !== 'gone' && holder !== 'unreadable' && (await lives(file, holder))) {
      return { pid: holder.pid, host: holder.host };
    }
    if (holder === 'unreadable' && (await beats(file))) return { pid: 0, host: 'unknown' };
    if (holder !== 'gone') await takeAway(file, holder === 'unreadable' ? undefined : holder.token, mine.token);
  }
}

/** Touches the lock. False when it is no longer ours; what cannot be read for another reason is taken as ours. */
export async function beat(file: string, token: string): Promise<boolean> {
  const holder = await holderOf(file).catch(() => undefined);
  if (holder === undefined) return true;
  if (holder === 'gone' || holder === 'unreadable' || holder.token !== token) return false;
  const now = new Date();
  await utimes(file, now, now).catch(() => undefined);
  return true;
}

async function release(file: string, token: string): Promise<void> {
  held.delete(token);
  const holder = await holderOf(file).catch(() => 'gone' as const);
  if (typeof holder === 'object' && holder.token === token) await rm(file, { force: true });
}

async function create(file: string, mine: Holder): Promise<boolean> {
  // Written aside and linked, so that nobody ever reads half a lock; link fails where there is one, like O_EXCL.
  const aside = `${file}.${mine.token}`;
  const handle = await open(aside, 'wx', 0o600);
  try {
    await handle.writeFile(JSON.stringify(mine));
  } finally {
    await handle.close();
  }
  try {
    await link(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function holderOf(file: string): Promise<Holder | 'gone' | 'unreadable'> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'gone';
    throw error;
  }
  try {
    const { token, pid, host, began } = JSON.parse(text) as Partial<Holder>;
    if (typeof token === 'string' && typeof pid === 'number' && typeof host === 'string')
      return { token, pid, host, began };
  } catch {
    // Not ours, or cut off by a full disk.
  }
  return 'unreadable';
}

async function lives(file: string, holder: Holder): Promise<boolean> {
  if (held.has(holder.token)) return true;
  // Elsewhere, as on a volume that moved with a pod, its process cannot be asked for.
  if (holder.host !== hostname()) return await beats(file);
  if (holder.pid === process.pid || !exists(holder.pid)) return false;
  const began = await beganOf(holder.pid);
  if (began !== undefined && holder.began !== undefined) return began === holder.began;
  return await beats(file);
}

/** Watches the lock for as long as a holder may be silent; clocks need not agree. */
async function beats(file: string): Promise<boolean> {
  const touched = async (): Promise<number> => (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
  const before = await touched();
  for (let waited = 0; waited < silentMs; waited += heartbeatMs / 4) {
    await sleep(heartbeatMs / 4);
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

/** Removes a dead holder's lock, and nobody else's: two may find it dead at once. */
async function takeAway(file: string, token: string | undefined, by: string): Promise<void> {
  const aside = `${file}.${by}`;
  try {
    await rename(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const taken = await holderOf(aside);
  const other = typeof taken === 'object' && taken.token !== token;
  // Whoever was quicker has it back; where even that fails, its heartbeat finds out and it stops.
  if (other) await link(aside, file).catch(() => undefined);
  await rm(aside, { force: true });
}
