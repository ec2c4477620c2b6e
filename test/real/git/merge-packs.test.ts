// A copy that is fetched into often: its packs stay few, and whoever reads finds everything at any moment.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, expect, test } from 'vitest';
import { mergePacks } from '../../../src/adapters/git/merge-packs.ts';
import { createMirrors } from '../../../src/adapters/git/mirrors.ts';
import { type LocalRepository, openRepository } from '../../../src/adapters/git/repository.ts';
import { startRepository } from './hosted.ts';
import { text } from './read.ts';

// Packs of their own, that are as large as what is in them.
const quick = ['-c', 'fastimport.unpackLimit=0', '-c', 'core.compression=0'];

let folder: string;
let gitdir: string;
let commits: string[];

beforeEach(async (context) => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-packs-'));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  gitdir = join(folder, 'web');
  commits = [];
  await mkdir(gitdir);
  await git([], 'init', '--quiet', '--bare');
});

async function git(input: readonly string[], ...options: string[]): Promise<string> {
  const running = promisify(execFile)('git', ['-C', gitdir, ...quick, ...options]);
  running.child.stdin?.on('error', () => undefined).end(input.join('\n'));
  return (await running).stdout;
}

/** A commit in a pack of its own, with a small file and one that takes several reads. */
async function arrive(): Promise<void> {
  const file = (path: string, said: string): string[] => [`M 644 inline ${path}`, `data ${said.length}`, said];
  const identity = `committer Ada <ada@example.com> ${1_700_000_000 + commits.length} +0000`;
  const said = await git(
    [
      'commit refs/heads/main',
      'mark :1',
      identity,
      'data 1',
      'x',
      ...(commits.length === 0 ? [] : [`from ${commits.at(-1)}`]),
      ...file('said.txt', String(commits.length)),
      ...file('large.txt', randomBytes(300_000).toString('hex')),
      'get-mark :1',
      'done\n',
    ],
    'fast-import',
    '--quiet',
    '--done',
    '--cat-blob-fd=1',
  );
  commits.push(said.trim());
}

const packs = async (): Promise<string[]> =>
  (await readdir(join(gitdir, 'objects', 'pack'))).filter((file) => file.endsWith('.idx')).sort();

/** That a reader finds all that every commit says. */
async function everything(repository: LocalRepository): Promise<void> {
  for (const [at, commit] of commits.entries()) {
    const tree = await repository.tree(commit);
    expect(await text(tree, 'said.txt')).toBe(String(at));
    expect(await text(tree, 'large.txt')).toHaveLength(600_000);
  }
}

async function wholeForGit(): Promise<void> {
  await git([], 'fsck', '--full', '--strict');
}

async function wellFormed(): Promise<void> {
  for (const one of await packs()) await git([], 'verify-pack', join(gitdir, 'objects', 'pack', one));
}

test('packs stay few however many come, whole for Git itself, and nobody who reads misses anything', async () => {
  while (commits.length < 31) await arrive();
  await mergePacks(gitdir);
  expect(await packs()).toHaveLength(31);
  const before = await openRepository(gitdir);
  for (const commit of commits) await before.tree(commit);
  let most = 0;
  while (commits.length < 64) {
    await arrive();
    await mergePacks(gitdir);
    most = Math.max(most, (await packs()).length);
  }
  expect(most).toBeLessThan(33);
  await everything(before);
  await everything(await openRepository(gitdir));
  await wholeForGit();
  await wellFormed();
  expect((await readdir(gitdir)).filter((one) => one.startsWith('incoming-'))).toEqual([]);
});

test('what a merge that was killed leaves behind, packs that are there twice, is read and merged again', async () => {
  while (commits.length < 32) await arrive();
  const all = join(gitdir, 'objects', 'pack');
  await cp(all, join(folder, 'before'), { recursive: true });
  await mergePacks(gitdir);
  expect(await packs()).toHaveLength(1);
  await cp(join(folder, 'before'), all, { recursive: true });
  await everything(await openRepository(gitdir));
  await mergePacks(gitdir);
  expect((await packs()).length).toBeLessThan(3);
  await everything(await openRepository(gitdir));
  await wholeForGit();
});

test('a pack that is not what its index says is left as it is, with all others', async () => {
  while (commits.length < 32) await arrive();
  const kept = await packs();
  const path = join(gitdir, 'objects', 'pack', (kept[0] ?? '').replace('.idx', '.pack'));
  const whole = await readFile(path);
  const broken = Buffer.from(whole);
  broken.writeUInt32BE(1_000, 8);
  await rm(path);
  await writeFile(path, broken);
  await expect(mergePacks(gitdir)).rejects.toThrow('the pack is not as its index says');
  expect(await packs()).toEqual(kept);
  await writeFile(path, whole);
  await everything(await openRepository(gitdir));
});

test('what is fetched into is merged behind the fetch', async (context) => {
  const github = await startRepository('acme/web');
  context.onTestFinished(() => github.stop());
  while (commits.length < 31) await arrive();
  const token = (): Promise<string> => Promise.resolve(github.user('ada').token);
  const mirrors = createMirrors({ folder });
  await github.pushFiles('acme/web', 'ada', { branch: 'main', files: { 'said.txt': 'hosted' } });
  const remote = { key: 'web', url: `${github.address}/acme/web.git`, token };
  const fetched = await mirrors.fetch(remote, 'refs/heads/main');
  if (fetched === undefined) throw new Error('the branch is not there');
  await expect.poll(async () => (await packs()).length).toBe(1);
  expect(await text(await fetched.repository.tree(fetched.commit), 'said.txt')).toBe('hosted');
  await everything(await openRepository(gitdir));
});
