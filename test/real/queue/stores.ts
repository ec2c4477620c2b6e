// The three stores as the contract suite sees them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { openEmbedded } from '../../../src/adapters/queue/embedded.ts';
import { openPostgres } from '../../../src/adapters/queue/postgres.ts';
import { openRedis } from '../../../src/adapters/queue/redis.ts';
import type { Store } from '../../../src/adapters/queue/store.ts';
import { layStore } from './made.ts';
import { postgresServer, redisServer, type Server } from './servers.ts';

export interface TestStore {
  readonly address: string;
  /** Set for the embedded one. */
  readonly folder?: string;
  /** Set where the store is another process. */
  readonly server?: Server;
  openStore(): Promise<Store>;
  /** Loses all that is in the store. The embedded one must be closed. */
  flush(): Promise<void>;
  remove(): Promise<void>;
}

export const storeNames = ['Redis', 'Postgres', 'embedded'] as const;

export async function testStore(name: (typeof storeNames)[number]): Promise<TestStore> {
  if (name === 'embedded') return await embedded();
  const server = name === 'Redis' ? await redisServer() : await postgresServer();
  const { address } = server;
  return {
    address,
    server,
    openStore: async () => (name === 'Redis' ? await openRedis(address, 10_000) : await openPostgres(address, 10_000)),
    flush: async () => await (name === 'Redis' ? flushRedis(address) : flushPostgres(address)),
    remove: async () => await server.remove(),
  };
}

async function embedded(): Promise<TestStore> {
  const root = await mkdtemp(path.join(tmpdir(), 'sluice-queue-'));
  const folder = path.join(root, 'queue');
  await layStore(folder);
  return {
    address: 'embedded',
    folder,
    openStore: async () => await openEmbedded(folder, () => undefined),
    flush: async () => await rm(folder, { recursive: true, force: true }),
    remove: async () => await rm(root, { recursive: true, force: true }),
  };
}

async function flushRedis(address: string): Promise<void> {
  const client = new Redis(address);
  await client.flushall();
  await client.quit();
}

async function flushPostgres(address: string): Promise<void> {
  const client = new pg.Client(address);
  await client.connect();
  await client.query('TRUNCATE bullmq.job, bullmq.dedup, bullmq.dedup_next, bullmq.meta, bullmq.event CASCADE');
  await client.end();
}
