// What a store that is another process can do to the queue: refuse, vanish, hang, fill up, come back.

import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../../../lab/cluster/port.ts';
import type { QueueEvent } from '../../../src/adapters/queue/event.ts';
import { openQueue, openQueues, type QueueOptions } from '../../../src/adapters/queue/open.ts';
import type { Queue } from '../../../src/ports/queue.ts';
import { eventually } from './eventually.ts';
import { Hands, review } from './hands.ts';
import { startWorker } from './processes.ts';
import { proxyTo } from './proxy.ts';
import { redisServer, type Server } from './servers.ts';
import { type TestStore, testStore } from './stores.ts';

const open: Queue[] = [];
const events: QueueEvent[] = [];

async function opened(address: string, options: QueueOptions = {}): Promise<Queue> {
  const queue = await openQueue(address, {
    lockMs: 10_000,
    stalledMs: 200,
    onEvent: (event) => events.push(event),
    ...options,
  });
  open.push(queue);
  return queue;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map(async (queue) => await queue.close(0)));
  events.length = 0;
});

describe.each(['Redis', 'Postgres'] as const)('%s', (storeName) => {
  let store: TestStore;
  let server: Server;
  beforeAll(async () => {
    store = await testStore(storeName);
    if (store.server === undefined) throw new Error('not a server');
    server = store.server;
  });
  afterAll(async () => await store.remove());

  test('vanishes: adding fails at once, and all goes on when it is back', async () => {
    const queue = await opened(store.address, { name: 'vanishes' });
    const hands = new Hands();
    await queue.work(hands.pass(), { concurrency: 1 });
    await queue.add(review(1, 1, 'before'));
    await hands.next();
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    await server.kill();
    await expect(queue.add(review(1, 2))).rejects.toMatchObject({ code: 'queue.unavailable', kind: 'transient' });
    expect(await queue.healthy()).toBe(false);
    await expect(queue.counts()).rejects.toMatchObject({ code: 'queue.unavailable' });
    await server.start();
    await eventually(async () => await queue.healthy()).toBe(true);
    await queue.add(review(1, 3, 'after'));
    expect((await hands.next()).job.cause).toBe('after');
    expect(events.map(({ event }) => event)).toContain('store');
    expect(events.every(({ event }) => event === 'store')).toBe(true);
  });

  test('is away while a job runs: the run is stopped once its lock has run out', async () => {
    const queue = await opened(store.address, { name: 'away', lockMs: 1_000 });
    const hands = new Hands();
    await queue.work(hands.hold, { concurrency: 1 });
    await queue.add(review(1, 1));
    const hand = await hands.next();
    await server.kill();
    await eventually(() => hand.taken.signal.aborted).toBe(true);
    expect(await hand.taken.superseded()).toBe(false);
    hand.end();
    await server.start();
    await eventually(async () => await queue.healthy()).toBe(true);
    await queue.add(review(1, 1, 'the sweep'));
    // Postgres kept the job, and runs it first.
    do (await hands.next()).end();
    while (hands.all.at(-1)?.job.cause !== 'the sweep');
    await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
  });

  test('hangs: adding gives up in time, and closing does too', async () => {
    const queue = await opened(store.address, { name: 'hangs', addMs: 300 });
    server.freeze();
    try {
      await expect(queue.add(review(1, 1))).rejects.toMatchObject({ code: 'queue.unavailable', kind: 'transient' });
    } finally {
      server.thaw();
    }
    await eventually(async () => await queue.healthy()).toBe(true);
  });

  test('gives the job of a frozen worker to another; the frozen one stops when it thaws', async () => {
    const worker = await startWorker(store, 'frozen');
    try {
      await worker.said('took from-the-process again=false');
      worker.child.kill('SIGSTOP');
      const queue = await opened(store.address, { name: 'frozen' });
      const hands = new Hands();
      await queue.work(hands.hold, { concurrency: 1 });
      const hand = await hands.next();
      expect(hand.taken.again).toBe(true);
      worker.child.kill('SIGCONT');
      await worker.said('aborted from-the-process');
      expect(hand.taken.signal.aborted).toBe(false);
      hand.end();
      await worker.kill();
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    } finally {
      await worker.kill();
    }
  });

  test('is not there at the start', async () => {
    const address = `${storeName === 'Redis' ? 'redis' : 'postgres'}://sluice:hunter2@127.0.0.1:${await freePort()}/`;
    const opening = openQueue(address, { startMs: 2_000 });
    await expect(opening).rejects.toMatchObject({ code: 'queue.unavailable', kind: 'transient' });
    await expect(opening).rejects.not.toThrow('hunter2');
  });
});

describe('Redis', () => {
  test.each(['allkeys-lru', 'volatile-ttl'])('is refused when it may evict (%s)', async (policy) => {
    const server = await redisServer(['--maxmemory', '100mb', '--maxmemory-policy', policy]);
    try {
      await expect(openQueue(server.address)).rejects.toMatchObject({
        code: 'configuration',
        kind: 'terminal',
        message: expect.stringContaining(policy) as string,
        remedy: expect.stringContaining('noeviction') as string,
      });
    } finally {
      await server.remove();
    }
  });

  test('is refused when it asks for other credentials', async () => {
    const server = await redisServer(['--requirepass', 'right']);
    try {
      await expect(openQueue(server.address)).rejects.toMatchObject({ code: 'configuration' });
      const wrong = openQueue(server.address.replace('redis://', 'redis://:wrong@'));
      await expect(wrong).rejects.toMatchObject({ code: 'configuration' });
      await expect(wrong).rejects.not.toThrow('wrong');
      const queue = await opened(server.address.replace('redis://', 'redis://:right@'));
      await queue.add(review(1, 1));
      expect(await queue.counts()).toEqual({ waiting: 1, active: 0 });
    } finally {
      await Promise.all(open.splice(0).map(async (queue) => await queue.close(0)));
      await server.remove();
    }
  });

  test('is full: adding fails, what is there can still be worked on', async () => {
    const server = await redisServer();
    try {
      const queue = await opened(server.address);
      await queue.add(review(1, 1));
      await server.command('config', 'set', 'maxmemory', '1');
      await expect(queue.add(review(1, 2))).rejects.toMatchObject({ code: 'queue.unavailable', kind: 'transient' });
      await server.command('config', 'set', 'maxmemory', '0');
      await queue.add(review(1, 2));
      const hands = new Hands();
      await queue.work(hands.pass(), { concurrency: 1 });
      await hands.take(2);
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
    } finally {
      await Promise.all(open.splice(0).map(async (queue) => await queue.close(0)));
      await server.remove();
    }
  });

  test('holds nothing of a job once it is over, whatever its end', async () => {
    const server = await redisServer();
    try {
      const queue = await opened(server.address);
      const hands = new Hands();
      await queue.work(hands.hold, { concurrency: 1 });
      await queue.add(review(1, 1, 'good'));
      (await hands.next()).end();
      await queue.add(review(1, 2, 'bad'));
      (await hands.next()).end(new Error('ghs_secret'));
      await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
      const keys = await server.command('keys', '*');
      expect(JSON.stringify(keys)).not.toMatch(/t\d+-/);
      const told = await server.command('xrange', 'sluice:review:events', '-', '+');
      expect(JSON.stringify(told)).not.toContain('ghs_secret');
    } finally {
      await Promise.all(open.splice(0).map(async (queue) => await queue.close(0)));
      await server.remove();
    }
  });
});

describe('Postgres', () => {
  let store: TestStore;
  beforeAll(async () => {
    store = await testStore('Postgres');
  });
  afterAll(async () => await store.remove());

  async function sql(...statements: readonly string[]): Promise<void> {
    const client = new pg.Client(store.address);
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  }

  test('is brought up to date once, however many start together', async () => {
    const queues = await Promise.all(Array.from({ length: 4 }, async () => await opened(store.address)));
    await Promise.all(queues.map(async (queue, at) => await queue.add(review(1, at + 1))));
    expect(await queues[0]?.counts()).toEqual({ waiting: 4, active: 0 });
  });

  test('has a connection for each of many clusters that one process works for', async () => {
    const queues = await openQueues(store.address);
    const hands = new Hands();
    try {
      for (let at = 1; at <= 15; at += 1) {
        const queue = await queues.open(`reconcile-${at}`);
        await queue.work(hands.pass(), { concurrency: 1 });
      }
      for (let at = 1; at <= 15; at += 1) {
        const job = { version: 1, cluster: String(at), namespace: 'apps', name: 'web', cause: 'interval' } as const;
        await (await queues.open(`reconcile-${at}`)).add({ kind: 'reconcile', ...job });
      }
      await hands.take(15);
    } finally {
      await queues.close(0);
    }
  });

  // A worker that waits is told of jobs over a connection of its own.
  test('277: has forgotten the connection on which a worker listens: it looks by itself', async () => {
    const proxy = await proxyTo(store.address);
    try {
      const worker = await opened(proxy.address, { name: 'silent' });
      const hands = new Hands();
      await worker.work(hands.pass(), { concurrency: 1 });
      await worker.add(review(1, 1, 'heard'));
      await hands.next();
      await eventually(async () => await worker.counts()).toEqual({ waiting: 0, active: 0 });
      // It may have taken the first one without waiting for it.
      await eventually(() => proxy.saying('LISTEN')).toBe(1);
      proxy.silence('LISTEN');
      const queue = await opened(store.address, { name: 'silent' });
      await queue.add(review(1, 2, 'unheard'));
      expect((await hands.next()).job.cause).toBe('unheard');
      await queue.add(review(1, 3, 'unheard again'));
      expect((await hands.next()).job.cause).toBe('unheard again');
    } finally {
      await proxy.close();
    }
  });

  test('is refused without the database, or without the right to make the schema', async () => {
    const missing = store.address.replace(/\/postgres$/, '/nowhere');
    await expect(openQueue(missing)).rejects.toMatchObject({ code: 'configuration', kind: 'terminal' });
    await sql('CREATE ROLE guest LOGIN', 'CREATE DATABASE other', 'REVOKE CREATE ON DATABASE other FROM PUBLIC');
    const guest = store.address.replace('sluice@', 'guest@').replace(/\/postgres$/, '/other');
    await expect(openQueue(guest)).rejects.toMatchObject({ code: 'configuration', kind: 'terminal' });
  });

  test('is refused when a newer version has brought it up to date', async () => {
    await opened(store.address);
    await sql('UPDATE bullmq.migration SET min_client_version = 99 WHERE version = 1');
    await expect(openQueue(store.address)).rejects.toMatchObject({ code: 'configuration', kind: 'terminal' });
    await sql('UPDATE bullmq.migration SET min_client_version = 6 WHERE version = 1');
  });
});

describe('an address', () => {
  test.each(['', 'mysql://root:hunter2@localhost/', 'localhost:6379', 'redis:hunter2', 'embedded'])(
    'of no kind, or without a folder, is refused and not repeated: %j',
    async (address) => {
      const opening = openQueue(address);
      await expect(opening).rejects.toMatchObject({ code: 'configuration', kind: 'terminal' });
      await expect(opening).rejects.not.toThrow('hunter2');
    },
  );
});
