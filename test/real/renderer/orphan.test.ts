import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { runs, until } from './fake.ts';

const parent = fileURLToPath(new URL('orphan-parent.ts', import.meta.url));
const fake = fileURLToPath(new URL('fake-child.ts', import.meta.url));

describe('a child', () => {
  test.each([
    ['the real one', 'SIGKILL', [inject('renderer')]],
    ['any', 'SIGKILL', [process.execPath, fake]],
    ['any', 'SIGTERM', [process.execPath, fake]],
  ] as const)('(%s) dies with its parent, even by %s, and leaves nothing', async (_, signal, program) => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-orphan-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const parentProcess = spawn(process.execPath, [parent, ...program], {
      env: { ...process.env, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) => {
      parentProcess.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    });
    expect(runs(pid)).toBe(true);
    parentProcess.kill(signal);
    await until(() => !runs(pid));
    expect(await readdir(folder)).toEqual([]);
  });
});
