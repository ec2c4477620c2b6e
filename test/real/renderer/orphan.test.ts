import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, inject, test } from 'vitest';
import { runs, until } from './fake.ts';

const parent = fileURLToPath(new URL('orphan-parent.ts', import.meta.url));
const fake = fileURLToPath(new URL('fake-child.ts', import.meta.url));

describe('a child', () => {
  test.each([
    ['the real one', 'SIGKILL', [inject('renderer')]],
    ['any', 'SIGKILL', [process.execPath, fake]],
    ['any', 'SIGTERM', [process.execPath, fake]],
  ] as const)('(%s) dies with its parent, even by %s', async (_, signal, program) => {
    const parentProcess = spawn(process.execPath, [parent, ...program], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => {
      parentProcess.stdout.once('data', (line: Buffer) => resolve(Number(line.toString())));
    });
    expect(runs(pid)).toBe(true);
    parentProcess.kill(signal);
    await until(() => !runs(pid));
  });
});
