// What an agent's process does when its disk is full or cannot be written, or when it has no file handle left.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { randomBytes } from 'node:crypto';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type LabGitHub, startGitHub } from '../../../../lab/github/github.ts';
import { createMirrors } from '../../../../src/adapters/git/mirrors.ts';

interface Outcome {
  readonly said?: string;
  readonly code?: string;
  readonly kind?: string;
  readonly message?: string;
  readonly remedy?: string;
}
interface Told {
  readonly during: readonly [fetched: Outcome, built: Outcome, again: Outcome];
  readonly left: readonly string[];
  readonly after: readonly [fetched: Outcome, built: Outcome];
  readonly anew: Outcome;
}

let github: LabGitHub;
let folder: string;
const name = 'acme/web';
beforeAll(async () => {
  github = await startGitHub();
  github.createOrganisation('acme');
  github.createUser('ada');
  github.addMember('acme', 'ada', 'admin');
  await github.createRepository(name);
  // More than the smaller of the disks hold, and nothing that could be packed.
  const files = { 'a.txt': 'a', 'b.txt': randomBytes(200_000).toString('hex') };
  await github.pushFiles(name, 'ada', { branch: 'main', files });
  folder = await mkdtemp(join(tmpdir(), 'sluice-scarce-'));
});
afterAll(async () => {
  await github?.stop();
  await rm(folder, { recursive: true, force: true });
});

const program = fileURLToPath(new URL('scarce.ts', import.meta.url));

function source(path: string): string {
  return pathToFileURL(fileURLToPath(new URL(`../../../../src/adapters/${path}`, import.meta.url))).href;
}

/** Runs the program in a mount namespace of its own, so that no mount outlives it. */
async function lacking(lack: string, limits = ''): Promise<Told> {
  const apart = process.getuid?.() === 0 ? ['--mount'] : ['--user', '--map-root-user', '--mount'];
  const url = `${github.address}/${name}.git`;
  const words = [process.execPath, program, lack, folder, url, github.user('ada').token, inject('renderer')];
  const command = `${limits} exec "$@"`;
  const { stdout, stderr } = await promisify(execFile)('unshare', [...apart, 'sh', '-c', command, 'sh', ...words], {
    env: { PATH: process.env['PATH'], HOME: folder },
  });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as Told;
}

const good = [{ said: '2 files' }, { said: '1 objects' }];

test.each([
  ['a disk without space for a repository', 'full', /no space left/],
  ['a disk with space for a part of it', 'little', /no space left/],
  ['a disk that cannot be written', 'sealed', /cannot be written/],
])(
  '324: %s: the fetch fails as a passing failure, nothing half stays, and it goes on once there is room',
  async (_what, lack, words) => {
    const { during, left, after, anew } = await lacking(lack);
    const [first, built, again] = during;
    expect(built.said ?? built.kind).toBe(lack === 'sealed' ? 'transient' : '1 objects');
    for (const failed of [first, again]) {
      expect(failed).toMatchObject({ code: 'fleet.source', kind: 'transient', remedy: expect.any(String) });
      expect(failed.message).toMatch(words);
      expect(JSON.stringify(failed)).not.toContain(folder);
    }
    expect(left.filter((one) => one.startsWith('incoming'))).toEqual([]);
    expect([...after, anew]).toEqual([...good, good[0]]);
    expect(await readdir(folder)).toEqual([]);
  },
);

test('324: without a file handle to be had, fetch and build fail as passing failures, and both go on once there are some', async () => {
  const { during, after, anew } = await lacking('handles', 'ulimit -n 64;');
  for (const failed of during) {
    expect(failed).toMatchObject({ kind: 'transient' });
    expect(failed.code).toMatch(/^(?:fleet\.source|renderer\.unavailable)$/);
    expect(JSON.stringify(failed)).not.toContain(folder);
  }
  expect([...after, anew]).toEqual([...good, good[0]]);
  expect(await readdir(folder)).toEqual([]);
});

test('324: without a file handle to be had, what is here cannot be read for the moment, and is once there are some', async () => {
  const remote = { key: 'read', url: `${github.address}/${name}.git`, token: async () => github.user('ada').token };
  const fetched = await createMirrors({ folder }).fetch(remote, 'refs/heads/main');
  const at = join(folder, 'read');
  const code = `const { closeSync, openSync } = await import('node:fs');
const { openRepository } = await import(${JSON.stringify(source('git/repository.ts'))});
const opened = await openRepository(${JSON.stringify(at)});
const read = async () => {
  try {
    return [...(await (await opened.tree('${fetched?.commit}')).list('')).keys()];
  } catch ({ code, kind, message, remedy }) {
    return { code, kind, message, remedy };
  }
};
const taken = [];
try {
  for (;;) taken.push(openSync('/dev/null', 'r'));
} catch {}
const during = await read();
for (const one of taken) closeSync(one);
process.stdout.write(JSON.stringify([during, await read()]));`;
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    'ulimit -n 64; exec "$0" --input-type=module -e "$1"',
    process.execPath,
    code,
  ]);
  const [during, after] = JSON.parse(stdout) as [Outcome, readonly string[]];
  expect(during).toMatchObject({ code: 'source.corrupt', kind: 'transient', remedy: expect.stringContaining('limit') });
  expect(JSON.stringify(during)).not.toContain(folder);
  expect(after).toEqual(['a.txt', 'b.txt']);
  await rm(at, { recursive: true });
});

test('324: a copy in which the disk cut references short is brought up to date all the same', async () => {
  const remote = { key: 'torn', url: `${github.address}/${name}.git`, token: async () => github.user('ada').token };
  const first = await createMirrors({ folder }).fetch(remote, 'refs/heads/main');
  const refs = ['refs/sluice/have/0', 'refs/heads/main'].map((one) => join(folder, 'torn', one));
  for (const ref of refs) await truncate(ref, 0);
  const again = await createMirrors({ folder }).fetch(remote, 'refs/heads/main');
  expect(again?.commit).toBe(first?.commit);
  for (const ref of refs) expect((await readFile(ref, 'utf8')).trim()).toBe(first?.commit);
  await rm(join(folder, 'torn'), { recursive: true });
});

// Where standard error leads to a full disk, say.
test('324: a log that cannot be written ends nothing', async () => {
  const code = `const { createLog } = await import(${JSON.stringify(source('log/log.ts'))});
const log = createLog({ level: 'info' });
for (let line = 0; line < 2_000; line += 1) log.info('x'.repeat(1_000));
setTimeout(() => process.stderr.write('alive'), 200);`;
  const { stderr } = await promisify(execFile)('sh', [
    '-c',
    'exec "$0" --input-type=module -e "$1" >/dev/full',
    process.execPath,
    code,
  ]);
  expect(stderr).toBe('alive');
});
