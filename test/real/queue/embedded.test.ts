// The embedded store's folder: one process, whoever was there before.
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { embeddedDoor } from '../../../src/adapters/queue/embedded.ts';
import type { QueueEvent } from '../../../src/adapters/queue/event.ts';
import { beat, lockFolder } from '../../../src/adapters/queue/folder-lock.ts';
import { openQueue } from '../../../src/adapters/queue/open.ts';
import type { Queue } from '../../../src/ports/queue.ts';
import { eventually } from './eventually.ts';
import { Hands, review } from './hands.ts';
import { layStore } from './made.ts';
import { startWorker } from './processes.ts';

let folder: string;
let root: string;
const open: Queue[] = [];
const events: QueueEvent[] = [];

async function opened(): Promise<Queue> {
  const queue = await openQueue('embedded', { folder, onEvent: (event) => events.push(event) });
  open.push(queue);
  return queue;
}

beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'sluice-embedded-'));
  folder = path.join(root, 'deep', 'queue');
});
afterEach(async () => {
  await Promise.all(open.splice(0).map(async (queue) => await queue.close(0)));
  events.length = 0;
  await rm(root, { recursive: true, force: true });
});

describe('the embedded queue', () => {
  test('is for one process: a second one is told who holds the folder', async () => {
    await layStore(folder);
    const worker = await startWorker({ address: 'embedded', folder }, 'review');
    try {
      await expect(opened()).rejects.toMatchObject({
        code: 'queue.locked',
        kind: 'terminal',
        message: expect.stringContaining(`process ${worker.child.pid} on ${hostname()}`) as string,
        remedy: expect.stringContaining('redis://') as string,
      });
      await expect(opened()).rejects.not.toThrow(root);
    } finally {
      await worker.kill();
    }
    const queue = await opened();
    expect((await queue.counts()).waiting + (await queue.counts()).active).toBe(1);
  });

  test('is for one opener in a process, until it is closed', async () => {
    await layStore(folder);
    const queue = await opened();
    await queue.add(review(1, 1));
    await expect(opened()).rejects.toMatchObject({ code: 'queue.locked' });
    await queue.close(0);
    expect(await (await opened()).counts()).toEqual({ waiting: 1, active: 0 });
    expect(await readdir(folder)).toEqual(['data', 'lock']);
  });

  test('has doors for other threads, which close with it', async () => {
    await layStore(folder);
    const queue = await opened();
    const door = embeddedDoor(folder);
    if (door === undefined) throw new Error('there is no door');
    const other = await openQueue('embedded', { door });
    await other.add(review(1, 1));
    expect(await queue.counts()).toEqual({ waiting: 1, active: 0 });
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    (await hands.next()).end();
    await eventually(async () => await other.counts()).toEqual({ waiting: 0, active: 0 });
    expect(await other.healthy()).toBe(true);
    await queue.close(0);
    await expect(other.add(review(1, 2))).rejects.toMatchObject({ code: 'queue.unavailable' });
    await other.close(0);
    expect(embeddedDoor(folder)).toBeUndefined();
  });

  test('stops when its lock has become another process’s', async () => {
    await layStore(folder);
    const queue = await opened();
    const lock = path.join(folder, 'lock');
    await writeFile(path.join(lock, '2'), JSON.stringify({ token: 'another', pid: 1, host: 'elsewhere' }));
    await eventually(() => events).toMatchObject([{ event: 'store', error: { code: 'queue.locked' } }]);
    await expect(queue.add(review(1, 1))).rejects.toMatchObject({ code: 'queue.unavailable' });
    expect(await queue.healthy()).toBe(false);
    await queue.close(0);
    expect(await readFile(path.join(lock, '2'), 'utf8')).toContain('another');
  });

  test('says which way out there is when its data cannot be read', async () => {
    await mkdir(path.join(folder, 'data'), { recursive: true });
    await writeFile(path.join(folder, 'data', 'PG_VERSION'), 'seventeen\n');
    await expect(opened()).rejects.toMatchObject({
      code: 'configuration',
      remedy: expect.stringContaining('remove its folder') as string,
    });
  });

  test('says that it cannot write', async () => {
    await mkdir(path.dirname(folder), { recursive: true });
    await writeFile(folder, 'a file');
    await expect(opened()).rejects.toMatchObject({ code: 'configuration' });
    await expect(opened()).rejects.not.toThrow(root);
  });
});

describe('the lock of a folder', () => {
  const someone = { token: 'theirs', pid: process.ppid, host: hostname(), began: '1' };
  const silentMs = 600;
  let locks: string;
  beforeEach(async () => {
    locks = path.join(root, 'lock');
    await mkdir(locks);
  });

  test.each<[string, unknown]>([
    ['that was released', { ...someone, token: '' }],
    ['of a process that is dead', { ...someone, pid: 2 ** 22 + 1 }],
    ['of a process whose id came round again', someone],
    ['of a process that had our id', { ...someone, pid: process.pid }],
    ['of another host, silent', { ...someone, host: 'elsewhere' }],
    ['that is cut off, silent', ''],
  ])('%s is taken over', async (_, holder) => {
    await writeFile(path.join(locks, '7'), typeof holder === 'string' ? holder : JSON.stringify(holder));
    const lock = await lockFolder(locks, silentMs);
    if (!('token' in lock)) throw new Error(`held by ${lock.pid}`);
    expect(await readdir(locks)).toEqual(['8']);
    expect(await beat(locks, lock.token)).toBe(true);
    expect(await lockFolder(locks, silentMs)).toEqual({ pid: process.pid, host: hostname() });
    await lock.release();
    expect(await beat(locks, lock.token)).toBe(false);
    expect(await lockFolder(locks, silentMs)).toHaveProperty('token');
  });

  test('of another host that beats is left alone', async () => {
    // A busy machine may keep both sides from their turn.
    const patientMs = 5_000;
    const file = path.join(locks, '1');
    await writeFile(file, JSON.stringify({ ...someone, host: 'elsewhere' }));
    const beating = setInterval(() => void utimes(file, new Date(), new Date()), 100);
    try {
      expect(await lockFolder(locks, patientMs)).toEqual({ pid: someone.pid, host: 'elsewhere' });
    } finally {
      clearInterval(beating);
    }
  });

  test('goes to one of many who find it dead together, each time', async () => {
    for (let round = 0; round < 20; round += 1) {
      await writeFile(path.join(locks, String(1_000 + round * 10)), JSON.stringify({ ...someone, pid: 2 ** 22 + 1 }));
      const found = await Promise.all(Array.from({ length: 20 }, async () => await lockFolder(locks, silentMs)));
      expect(found.filter((lock) => 'token' in lock)).toHaveLength(1);
    }
  });
});
