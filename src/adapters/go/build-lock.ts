// Lets one process of this machine do something at a time, by a file that names its holder.
import { open, readFile, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const pollMs = 200;

/**
 * Resolves when the lock is ours, with what releases it. A lock whose holder is dead is taken over. `onWait` is called
 * once when somebody else holds it.
 */
export async function holdLock(file: string, onWait: () => void): Promise<() => Promise<void>> {
  let waited = false;
  while (!(await create(file))) {
    if (!(await holderLives(file))) {
      // Two may take over at once; then the thing is done twice, which its atomic end makes harmless.
      await rm(file, { force: true });
      continue;
    }
    if (!waited) onWait();
    waited = true;
    await sleep(pollMs);
  }
  return async () => await rm(file, { force: true });
}

async function create(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'wx');
    await handle.writeFile(String(process.pid));
    await handle.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function holderLives(file: string): Promise<boolean> {
  const pid = Number(await readFile(file, 'utf8').catch(() => ''));
  // Between creation and writing the file is empty for a moment.
  if (pid === 0) {
    await sleep(pollMs);
    return Number(await readFile(file, 'utf8').catch(() => '')) > 0;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
