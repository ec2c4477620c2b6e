// An embedded store that was opened once before. To make one takes four seconds of processor, to copy one a tenth of that.
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { holdLock } from '../../../src/adapters/go/build-lock.ts';
import { openEmbedded } from '../../../src/adapters/queue/embedded.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const cache = path.join(root, '.cache', 'test');

/** Lays an empty store into a folder that is not there yet: what opens it finds a database, and no job in it. */
export async function layStore(folder: string): Promise<void> {
  const made = path.join(cache, `store-${await version()}`);
  if (!(await exists(made))) await make(made);
  await mkdir(path.dirname(folder), { recursive: true });
  await cp(made, folder, { recursive: true });
}

async function make(made: string): Promise<void> {
  await mkdir(cache, { recursive: true });
  const release = await holdLock(`${made}.lock`, () => undefined);
  const work = await mkdtemp(path.join(cache, 'store-work-'));
  try {
    if (await exists(made)) return;
    const folder = path.join(work, 'queue');
    const store = await openEmbedded(folder, () => undefined);
    await store.close();
    // Nobody has held the copies yet.
    await rm(path.join(folder, 'lock'), { recursive: true });
    await rename(folder, made);
  } finally {
    await rm(work, { recursive: true, force: true });
    await release();
  }
}

/** Of all that decides what is in it: the versions in the lockfile, and what opens it. */
async function version(): Promise<string> {
  const digest = createHash('sha256');
  const sources = ['src/adapters/queue/embedded.ts', 'src/adapters/queue/postgres.ts', 'test/real/queue/made.ts'];
  for (const file of ['package-lock.json', ...sources]) digest.update(await readFile(path.join(root, file)));
  return digest.digest('hex').slice(0, 16);
}

async function exists(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined)) !== undefined;
}
