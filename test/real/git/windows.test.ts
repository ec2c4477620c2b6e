// What is read of a file and kept holds no more memory than its bytes, since budgets count those.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRange } from '../../../src/adapters/git/range.ts';
import { readWindow } from '../../../src/adapters/git/windows.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-windows-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([200, 5_000, 100_000])('327: a window of a pack of %i bytes keeps nothing beside them', async (size) => {
  const path = join(folder, `${size}.pack`);
  await writeFile(path, Buffer.alloc(size, 'x'));
  for (const read of [await readWindow(path, 0, 100), await readRange(path, 0, size)]) {
    expect(read?.size).toBe(size);
    expect(read?.bytes.buffer.byteLength).toBe(size);
  }
});
