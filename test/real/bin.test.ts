import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

function start(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { encoding: 'utf8', env: {} });
}

describe('bin/sluice.js', () => {
  test('is the command line, through a link too', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bin-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const link = join(folder, 'sluice');
    symlinkSync(bin, link);
    for (const path of [bin, link]) {
      expect(start(path, '--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('sluice check') });
    }
  });

  test('ends quietly where nobody reads any more', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bin-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const child = spawn(process.execPath, [bin, 'check', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.destroy();
    child.stderr.destroy();
    expect((await once(child, 'close'))[0]).toBe(2);
    const help = spawn(process.execPath, [bin, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
    help.stdout.destroy();
    const said = await text(help.stderr);
    expect([said, help.exitCode ?? (await once(help, 'close'))[0]]).toEqual(['', 0]);
  });

  test('says in one line that an older Node will not do', () => {
    const older = `data:text/javascript,${encodeURIComponent('Object.defineProperty(process, "versions", { value: { node: "20.1.0" } })')}`;
    expect(start('--import', older, bin, 'check')).toEqual(
      expect.objectContaining({
        status: 2,
        stdout: '',
        stderr: 'Sluice runs on Node 24 or newer; this is 20.1.0. In the checkout: npm ci && npx sluice …\n',
      }),
    );
  });
});
