// What a Postgres does that only a Postgres can: it dies in a migration, has no connection left, or gives up a transaction.
import pg from 'pg';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openQueue, type QueueOptions } from '../../../src/adapters/queue/open.ts';
import { asSluiceError } from '../../../src/errors.ts';
import type { Queue } from '../../../src/ports/queue.ts';
import { eventually } from './eventually.ts';
import { Hands, review } from './hands.ts';
import { postgresServer, type Server } from './servers.ts';

let server: Server;
const queues: Queue[] = [];
const clients: pg.Client[] = [];

beforeAll(async () => {
  server = await postgresServer();
});
afterEach(async () => {
  await Promise.all(queues.splice(0).map((queue) => queue.close(0)));
  await Promise.all(clients.splice(0).map((client) => client.end()));
});
afterAll(async () => {
  await server?.remove();
});

async function opened(options: QueueOptions = {}): Promise<Queue> {
  const queue = await openQueue(server.address, { lockMs: 10_000, stalledMs: 200, ...options });
  queues.push(queue);
  return queue;
}

async function client(): Promise<pg.Client> {
  const one = new pg.Client(server.address);
  // The server may die under it.
  one.on('error', () => undefined);
  await one.connect();
  clients.push(one);
  return one;
}

const tables = "SELECT count(*)::int AS count FROM pg_tables WHERE schemaname = 'bullmq'";

test('276: it dies in the middle of a migration, of which nothing stays, and the next start makes it whole', async () => {
  const holder = await client();
  // The migration makes tables, and stops at the first index.
  await holder.query(`CREATE FUNCTION wait() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock(42); END $$`);
  await holder.query(
    "CREATE EVENT TRIGGER wait ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION wait()",
  );
  await holder.query('SELECT pg_advisory_lock(42)');
  const opening = openQueue(server.address, { startMs: 20_000 }).then(
    () => undefined,
    (error: unknown) => asSluiceError(error),
  );
  const waits = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 42 AND NOT granted";
  await eventually(async () => (await holder.query(waits)).rowCount).toBe(1);
  await server.kill();
  expect(await opening).toMatchObject({ code: 'queue.unavailable', kind: 'transient' });
  await server.start();
  const after = await client();
  expect((await after.query<{ count: number }>(tables)).rows[0]?.count).toBe(0);
  await after.query('DROP EVENT TRIGGER wait');
  const queue = await opened();
  expect((await after.query<{ count: number }>(tables)).rows[0]?.count).toBeGreaterThan(3);
  await queue.add(review(1, 1));
  const hands = new Hands();
  await queue.work(hands.pass(), { concurrency: 1 });
  await hands.next();
  await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
});

test('276: it dies while jobs are added: each that was taken is there again, and the others can be added anew', async () => {
  const queue = await opened({ name: 'amid' });
  let count = 0;
  const taken = new Set<number>();
  const enough = Promise.withResolvers<void>();
  // Each adds one after the other until one fails, so that it dies while they do.
  const adding = Array.from({ length: 20 }, async () => {
    for (;;) {
      count += 1;
      const pull = count;
      try {
        await queue.add(review(1, pull));
      } catch (error) {
        return asSluiceError(error);
      }
      if (taken.add(pull).size === 100) enough.resolve();
    }
  });
  await enough.promise;
  await server.kill();
  for (const error of await Promise.all(adding))
    expect(error).toMatchObject({ code: 'queue.unavailable', kind: 'transient' });
  expect(count - taken.size).toBe(20);
  await server.start();
  await eventually(async () => await queue.healthy()).toBe(true);
  for (let pull = 1; pull <= count; pull += 1) if (!taken.has(pull)) await queue.add(review(1, pull));
  // One that had its effect, and of which nobody heard, is the same job.
  expect(await queue.counts()).toEqual({ waiting: count, active: 0 });
  const hands = new Hands();
  await queue.work(hands.pass(), { concurrency: 8 });
  const all = await hands.take(count);
  expect(new Set(all.map(({ job }) => (job.kind === 'review' ? job.pull : -1))).size).toBe(count);
  await eventually(async () => await queue.counts()).toEqual({ waiting: 0, active: 0 });
  expect(hands.all).toHaveLength(count);
});

test('276: it has no connection left: a start says so as what passes, and who is connected goes on', async () => {
  // Those of the tests before are gone, or one that ends late makes room.
  const observer = await client();
  const others = "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
  await eventually(async () => (await observer.query(others)).rowCount).toBe(0);
  const connected = await opened({ name: 'crowded' });
  await connected.add(review(1, 1));
  const crowd: pg.Client[] = [];
  try {
    for (;;) crowd.push(await client());
  } catch (error) {
    expect(error).toMatchObject({ code: '53300' });
  }
  expect(crowd.length).toBeGreaterThan(10);
  await expect(openQueue(server.address, { startMs: 2_000 })).rejects.toMatchObject({
    code: 'queue.unavailable',
    kind: 'transient',
  });
  await connected.add(review(1, 2));
  expect(await connected.counts()).toEqual({ waiting: 2, active: 0 });
  await crowd[0]?.end();
  clients.splice(clients.indexOf(crowd[0] as pg.Client), 1);
  await (await opened({ name: 'crowded' })).add(review(1, 3));
  expect(await connected.counts()).toEqual({ waiting: 3, active: 0 });
});

test('276: it gives up transactions that meet: what fails passes, and no job is lost', async () => {
  const admin = await client();
  const givenUp = async (): Promise<number> => {
    const { rows } = await admin.query<{ count: string }>(
      "SELECT xact_rollback AS count FROM pg_stat_database WHERE datname = 'postgres'",
    );
    return Number(rows[0]?.count);
  };
  const before = await givenUp();
  await admin.query("ALTER DATABASE postgres SET default_transaction_isolation = 'serializable'");
  const options = { name: 'meeting', lockMs: 1_000 };
  const both = [await opened(options), await opened(options)];
  const add = async (pull: number): Promise<void> => {
    try {
      await both[pull % 2]?.add(review(1, pull));
    } catch (error) {
      expect(asSluiceError(error)).toMatchObject({ kind: 'transient' });
      await add(pull);
    }
  };
  const hands = new Hands();
  for (const queue of both) await queue.work(hands.pass(), { concurrency: 4 });
  await Promise.all(Array.from({ length: 100 }, (_, at) => add(at + 1)));
  await eventually(async () => await both[0]?.counts()).toEqual({ waiting: 0, active: 0 });
  // Whose end was given up runs once more, as a job may at any time.
  expect(new Set(hands.all.map(({ job }) => (job.kind === 'review' ? job.pull : -1))).size).toBe(100);
  await admin.query('ALTER DATABASE postgres RESET default_transaction_isolation');
  await eventually(async () => (await givenUp()) - before).toBeGreaterThan(0);
});
