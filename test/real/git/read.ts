// What tests ask of trees.
import { expect } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import type { Tree } from '../../../src/ports.ts';

/** Every file and refused entry: `<oid> <path>`, `symlink <path>`. */
export async function listing(tree: Tree, folder = ''): Promise<string[]> {
  const found: string[] = [];
  for (const [name, entry] of (await tree.list(folder)) ?? []) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (entry.type === 'directory') found.push(...(await listing(tree, path)));
    else found.push(`${entry.type === 'file' ? entry.oid : entry.reason} ${path}`);
  }
  return found;
}

export async function text(tree: Tree, path: string): Promise<string> {
  return Buffer.from(await tree.read(path)).toString('utf8');
}

/** The error of a failing promise; its message must not name the machine's folders. */
export async function failure(promise: Promise<unknown>): Promise<SluiceError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SluiceError);
  const ours = error as SluiceError;
  expect(`${ours.message} ${ours.remedy ?? ''} ${JSON.stringify(ours.place ?? {})}`).not.toMatch(
    /\/tmp\/|sluice-(?:git|checkout)|\n/,
  );
  return ours;
}

/**
 * The longest time that the event loop was held up while something ran, in milliseconds: of this thread's processor, which no
 * busy machine makes longer.
 */
export async function longestPause(work: () => Promise<unknown>): Promise<number> {
  const usedMs = (): number => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  let longest = 0;
  let last = usedMs();
  const timer = setInterval(() => {
    longest = Math.max(longest, usedMs() - last);
    last = usedMs();
  }, 1);
  await work();
  await new Promise((resolve) => setTimeout(resolve, 5));
  clearInterval(timer);
  return longest;
}
