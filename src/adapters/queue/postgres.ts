// The queue's store on Postgres: a server, or the embedded one behind a pool of the same shape.
import {
  type BackendFactory,
  createPostgresBackend,
  type IQueueBackend,
  type JobProgress,
  type PgPool,
  type PostgresConnectionOptions,
  Queue,
  runMigrations,
  Worker,
} from 'bullmq';
import pg from 'pg';
import { SluiceError } from '../../errors.ts';
import { absent, settled } from './deadline.ts';
import {
  type JobProcessor,
  type JobQueue,
  type JobWorker,
  type JobWorkerOptions,
  keptEvents,
  type Standing,
  type Store,
} from './store.ts';

const closeMs = 2_000;
/** A wait for a notification ends after this, so that one that was lost costs seconds. */
const longestBlockSeconds = 10;

/**
 * Opens Postgres and brings BullMQ's schema `bullmq` up to date, once, however many processes start together: the
 * migrations run in one transaction under an advisory lock.
 *
 * @param address `postgres://` or `postgresql://`; a connection of its own, not a pooler in transaction mode
 * @throws SluiceError `queue.unavailable`, transient, where it does not answer; `configuration` where it refuses us or is
 * of another version
 */
export async function openPostgres(address: string, startMs: number): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: address,
    options: '-c search_path=bullmq,public',
    application_name: 'sluice',
    // Who is connected goes on where the server takes nobody new.
    min: 1,
    max: 10,
    keepAlive: true,
    connectionTimeoutMillis: Math.min(startMs, 5_000),
    query_timeout: 10_000,
  });
  // Idle connections that drop are replaced; BullMQ reports what matters.
  pool.on('error', () => undefined);
  // One that is in use fails its query, and tells it once more, to end a process in which nobody listens.
  pool.on('connect', (client) => client.on('error', () => undefined));
  try {
    await migrate(pool as unknown as PgPool);
  } catch (error) {
    await settled(pool.end(), closeMs);
    throw asOpenError(error);
  }
  // Each queue and worker listens for its errors.
  pool.setMaxListeners(0);
  return postgresStore(pool as unknown as PgPool, {
    close: async () => {
      await settled(pool.end(), closeMs);
    },
    // A worker keeps one to hear of jobs.
    grow: () => {
      pool.options.min = (pool.options.min ?? 0) + 1;
      pool.options.max += 1;
    },
  });
}

/** Brings the schema up to date on one connection. */
export async function migrate(pool: PgPool): Promise<void> {
  const client = await pool.connect();
  try {
    await runMigrations(client);
  } finally {
    client.release();
  }
}

/** Returns the store over a migrated pool whose search path finds the schema `bullmq`. */
export function postgresStore(
  pool: PgPool,
  { close, grow }: { readonly close: () => Promise<void>; readonly grow?: () => void },
): Store {
  return {
    queue: (name): JobQueue =>
      new Queue<unknown, unknown, string, unknown, unknown, string, IQueueBackend, PostgresConnectionOptions>(
        name,
        { connection: pool, streams: { events: { maxLen: keptEvents } } },
        backend,
      ) as unknown as JobQueue,
    worker: (name, processor: JobProcessor, options: JobWorkerOptions): JobWorker => {
      grow?.();
      return new PollingWorker(name, processor, { ...options, connection: pool }, backend) as unknown as JobWorker;
    },
    standing: async (queue, subject) => await standing(pool, queue.name, subject),
    close,
  };
}

const backend: BackendFactory<IQueueBackend, PostgresConnectionOptions> = createPostgresBackend;

class PollingWorker extends Worker<unknown, unknown, string, IQueueBackend, JobProgress, PostgresConnectionOptions> {
  override get maximumBlockTimeout(): number {
    return longestBlockSeconds;
  }
}

/** Reads BullMQ 6.7's tables `dedup` and `dedup_next` (migration 0001_schema). */
async function standing(pool: PgPool, queue: string, subject: string): Promise<Standing> {
  const { rows } = await pool.query<{ holder: string | null; newer: unknown }>(
    `SELECT (SELECT job_id FROM bullmq.dedup WHERE queue = $1 AND dedup_id = $2) AS holder,
            (SELECT payload -> 'data' FROM bullmq.dedup_next WHERE queue = $1 AND dedup_id = $2) AS newer`,
    [queue, subject],
  );
  return { holder: rows[0]?.holder ?? undefined, newer: rows[0]?.newer ?? undefined };
}

/** SQLSTATE classes and codes (Postgres documentation, appendix A) that waiting does not heal. */
const refusals = new Map([
  ['28', 'refuses the credentials'],
  ['3D', 'has no such database'],
  ['42501', 'does not let this user create the schema bullmq'],
]);

function asOpenError(error: unknown): SluiceError {
  const { code = '', name = '' } = error as { code?: string; name?: string };
  const refusal = refusals.get(code) ?? refusals.get(code.slice(0, 2));
  if (refusal !== undefined) {
    return new SluiceError('configuration', `the Postgres of the queue ${refusal}`, {
      remedy: "correct the queue's address, or grant what is missing",
      cause: error,
    });
  }
  if (name === 'SchemaVersionMismatchError' || name === 'UnsupportedPostgresVersionError') {
    return new SluiceError('configuration', 'the Postgres of the queue does not suit this version of Sluice', {
      remedy: 'Postgres 14 or newer is needed; a schema that a newer Sluice brought up to date needs that Sluice',
      cause: error,
    });
  }
  return absent('Postgres', error);
}
