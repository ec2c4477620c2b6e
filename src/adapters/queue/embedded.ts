// The queue's store in this process: PGlite in a thread of its own, its data in a folder. One process only.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { SluiceError } from '../../errors.ts';
import { settled, unavailable } from './deadline.ts';
import type { QueueEvent } from './event.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { asPool } from './port-pool.ts';
import { migrate, postgresStore } from './postgres.ts';
import type { Store } from './store.ts';
import { DoorPool, ThreadPool } from './thread-pool.ts';

/** The very first start makes a database, which takes seconds. */
const openMs = 60_000;
const closeMs = 5_000;

/** The stores that this thread has open, by folder. */
const held = new Map<string, ThreadPool>();

/**
 * Opens the embedded store in a folder, which is made where it is missing, and gives the jobs that the last process had
 * in hand back to the queue at once.
 *
 * @throws SluiceError `queue.locked` where another process holds the folder; `configuration` where its data cannot be read
 */
export async function openEmbedded(folder: string, onEvent: (event: QueueEvent) => void): Promise<Store> {
  const lock = await lockOf(folder);
  const pool = new ThreadPool(
    { data: path.join(folder, 'data'), lock: { folder: path.join(folder, 'lock'), token: lock.token } },
    () => onEvent({ event: 'store', error: takenOver() }),
  );
  try {
    if (!(await settled(pool.opened, openMs))) throw unavailable(`the embedded queue did not open within ${openMs} ms`);
    await pool.opened.catch((error: unknown) => {
      throw unreadable(error);
    });
    await migrate(asPool(pool));
    await pool.query('SET search_path = bullmq, public');
    await freeOrphans(pool);
  } catch (error) {
    await pool.kill();
    await lock.release();
    throw error instanceof SluiceError ? error : unreadable(error);
  }
  pool.setMaxListeners(0);
  held.set(path.resolve(folder), pool);
  return postgresStore(asPool(pool), {
    close: async () => {
      held.delete(path.resolve(folder));
      if (!(await settled(pool.end(), closeMs))) await pool.kill();
      await lock.release();
    },
  });
}

/** A way to the store that this thread has open in a folder, to be handed to another thread; undefined where there is none. */
export function embeddedDoor(folder: string): MessagePort | undefined {
  return held.get(path.resolve(folder))?.door();
}

/** The store behind a door, in the other thread. Whoever opened it closes it. */
export function storeBehind(door: MessagePort): Store {
  const pool = new DoorPool(door);
  pool.setMaxListeners(0);
  return postgresStore(asPool(pool), { close: () => Promise.resolve(pool.end()) });
}

async function lockOf(folder: string): Promise<FolderLock> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = await lockFolder(path.join(folder, 'lock'));
    if ('token' in lock) return lock;
    throw new SluiceError(
      'queue.locked',
      `the embedded queue's folder is in use by process ${lock.pid} on ${lock.host}`,
      {
        remedy: 'stop that process, give this one another folder, or use redis:// or postgres:// for several processes',
      },
    );
  } catch (error) {
    if (error instanceof SluiceError) throw error;
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new SluiceError('configuration', `the embedded queue's folder cannot be written (${code})`, {
      remedy: 'name a folder that this process may write',
      cause: error,
    });
  }
}

/** We are the only process, so whoever had a job in hand is dead: its lock ends now, and the first look finds it stalled. */
async function freeOrphans(pool: ThreadPool): Promise<void> {
  await pool.query("UPDATE bullmq.job SET stalled_marked = true, locked_until_ms = 1 WHERE state = 'active'");
  await pool.query("DELETE FROM bullmq.meta WHERE field = 'stalled-check'");
}

function unreadable(cause: unknown): SluiceError {
  return new SluiceError('configuration', "the embedded queue's data cannot be opened", {
    remedy: 'remove its folder: the queue holds no truth, a sweep fills it again',
    cause,
  });
}

function takenOver(): SluiceError {
  return new SluiceError('queue.locked', "another process has taken over the embedded queue's folder", {
    remedy: 'run one process only, and restart it; use redis:// or postgres:// for several',
  });
}
