import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { redisServer } from './queue/servers.ts';

const bin = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));

const older = preload('Object.defineProperty(process, "versions", { value: { node: "20.1.0" } })');
const withoutExecve = preload('process.execve = undefined');

function preload(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

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

  test('is run by the Node of its own checkout where it was started by an older one', () => {
    const { status, stdout, stderr } = start('--import', older, bin, 'version');
    expect([status, stdout, stderr]).toEqual([0, expect.stringMatching(/^sluice \d/), '']);
    expect(start('--import', older, bin, 'chekc')).toMatchObject({ status: 2 });
  });

  test('is passed what it is told, and ends as that Node does, where the older one cannot become it', async () => {
    const preloaded = ['--import', older, '--import', withoutExecve, bin];
    expect(start(...preloaded, 'version')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^sluice \d/) });
    expect(start(...preloaded, 'chekc')).toMatchObject({ status: 2 });
    const redis = await redisServer();
    onTestFinished(() => redis.remove());
    const env = {
      SLUICE_APP_ID: '1',
      SLUICE_WEBHOOK_SECRET: 'x'.repeat(32),
      SLUICE_PLATFORM: 'acme/platform',
      SLUICE_QUEUE: redis.address,
      SLUICE_LISTEN: '127.0.0.1:0',
      SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
    };
    const role = spawn(process.execPath, [...preloaded, 'serve'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void role.kill('SIGKILL'));
    let said = '';
    role.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await expect.poll(() => said, { timeout: 30_000 }).toContain('"ready"');
    role.kill('SIGTERM');
    expect(await once(role, 'exit')).toEqual([0, null]);
    expect(said).toContain('"stopping"');
  }, 60_000);

  test('says in one line that an older Node will not do where there is no other', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-bin-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    cpSync(fileURLToPath(new URL('../../package.json', import.meta.url)), join(folder, 'package.json'));
    cpSync(bin, join(folder, 'bin', 'sluice.js'));
    expect(start('--import', older, join(folder, 'bin', 'sluice.js'), 'check')).toEqual(
      expect.objectContaining({
        status: 2,
        stdout: '',
        stderr: 'Sluice runs on Node 24 or newer; this is 20.1.0. Run npm ci in its checkout, which brings one.\n',
      }),
    );
  });
});
