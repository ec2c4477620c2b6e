// What a process of Sluice's shows of itself to whoever is on its machine, and what it is made of.
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import lock from '../../../../package-lock.json' with { type: 'json' };
import manifest from '../../../../package.json' with { type: 'json' };
import { freePort } from '../../../../lab/cluster/port.ts';

const home = fileURLToPath(new URL('../../../..', import.meta.url));
const bin = join(home, 'bin', 'sluice.js');
const secret = 'hunter2-of-the-environment';

/** A store that takes connections and says nothing, so that whoever opens it stays where it is for a while. */
let silent: Server;
beforeAll(async () => {
  silent = createServer(() => {});
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(() => {
  silent?.close();
});

function isOpen(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(port, '127.0.0.1');
  socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const app = {
  SLUICE_APP_ID: '1',
  SLUICE_PRIVATE_KEY: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
  SLUICE_WEBHOOK_SECRET: secret.padEnd(32, 'x'),
  SLUICE_PLATFORM: 'acme/platform',
};

test.each([
  ['agent', { SLUICE_CLUSTER: 'eu' }],
  ['serve', app],
  ['worker', app],
  ['start', { ...app, SLUICE_CLUSTERS: 'eu=/nowhere' }],
])(
  '332: no signal opens a debugger on sluice %s, in which whoever is beside the process reads all it has',
  async (role, settings) => {
    const [port, other] = [await freePort(), await freePort()];
    const { port: store } = silent.address() as { port: number };
    const env = {
      SLUICE_QUEUE: `redis://u:${secret}@127.0.0.1:${store}`,
      SLUICE_DATA: '/nowhere',
      PATH: process.env['PATH'],
      ...settings,
    };
    const options = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
    const plain = spawn(
      process.execPath,
      [`--inspect-port=${other}`, '-e', 'console.log("up"); setInterval(() => {}, 1000)'],
      options,
    );
    await once(plain.stdout, 'data');
    const met = once(silent, 'connection');
    const sluice = spawn(process.execPath, [`--inspect-port=${port}`, bin, role], { ...options, env });
    const ends = [sluice, plain].map((child) => once(child, 'exit'));
    onTestFinished(async () => {
      for (const child of [sluice, plain]) child.kill('SIGKILL');
      await Promise.all(ends);
    });
    let said = '';
    for (const stream of [sluice.stdout, sluice.stderr])
      stream.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    const early = once(sluice, 'exit').then(() => Promise.reject(new Error(said)));
    await Promise.race([met, early]);
    for (const child of [sluice, plain]) child.kill('SIGUSR1');
    // So it goes where nobody sees to it.
    await expect.poll(() => isOpen(other)).toBe(true);
    sluice.kill('SIGUSR1');
    expect(await isOpen(port)).toBe(false);
    expect([sluice.exitCode, sluice.signalCode]).toEqual([null, null]);
    expect(said).not.toContain('Debugger');
    expect(said).not.toContain(secret);
  },
);

test('332: no manifest and no recipe asks for a debugger, reports of crashes, or snapshots of the heap', async () => {
  const folder = join(home, 'deploy');
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
  const texts = await Promise.all(files.map((one) => readFile(join(one.parentPath, one.name), 'utf8')));
  expect(texts.length).toBeGreaterThan(10);
  const all = [...texts, await readFile(bin, 'utf8'), JSON.stringify(manifest.scripts)].join('\n');
  expect(all).not.toMatch(/--inspect|--report-|--heapsnapshot|--abort-on|--heap-prof|--cpu-prof|NODE_OPTIONS/);
});

describe('334: what is installed', () => {
  const packages = Object.entries(lock.packages as Record<string, Package>).filter(([path]) => path !== '');

  test('stands in the lockfile with its digest, and comes from nowhere but a registry', () => {
    expect(packages.length).toBeGreaterThan(100);
    // Packages that are within another one come with that one's digest.
    const loose = packages.filter(([, one]) => one.integrity === undefined && one.inBundle !== true);
    expect(loose.map(([path]) => path)).toEqual([]);
    const weak = packages.filter(([, one]) => one.integrity !== undefined && !one.integrity.startsWith('sha512-'));
    expect(weak.map(([path]) => path)).toEqual([]);
    const elsewhere = packages.filter(([, one]) => one.link === true || /^(?:git|file|http:)/.test(one.resolved ?? ''));
    expect(elsewhere.map(([path]) => path)).toEqual([]);
  });

  test('is named in one version', () => {
    const { dependencies, devDependencies } = manifest;
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test('to run is what the sources import, and they import nothing that another package happens to bring', async () => {
    const folder = join(home, 'src');
    const files = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.ts'));
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
    const imported = texts.flatMap((text) => [...text.matchAll(/(?:[}\w*] from |import\()'([@\w][^']*)'/g)]);
    const names = imported.map(([, name = '']) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? '');
    const outside = new Set(names.filter((name) => !name.startsWith('node:')));
    expect([...outside].toSorted()).toEqual(Object.keys(manifest.dependencies).toSorted());
  });

  test('runs no script of its own but those that are named', () => {
    const scripted = packages
      .filter(([, one]) => one.hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''));
    expect(scripted.toSorted()).toEqual(Object.keys(manifest.allowScripts).toSorted());
    expect(Object.entries(manifest.allowScripts).filter(([, allowed]) => allowed)).toEqual([['node', true]]);
    expect(manifest.dependencies).not.toHaveProperty('node');
  });
});

interface Package {
  readonly integrity?: string;
  readonly resolved?: string;
  readonly inBundle?: boolean;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}
