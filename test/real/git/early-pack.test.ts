// A commit that a branch is said to be at is fetched while the server is asked where the branch is; the server alone decides.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LabGitHub } from '../../../lab/github/github.ts';
import { createMirrors } from '../../../src/adapters/git/mirrors.ts';
import type { Mirrors, Remote } from '../../../src/ports/mirror.ts';
import { type Posts, startPosts } from './posts.ts';
import { startRepository } from './hosted.ts';

const name = 'acme/web';
const main = 'refs/heads/main';
let github: LabGitHub;
let posts: Posts;
let folder: string;
let remote: Remote;
let mirrors: Mirrors;

beforeAll(async () => {
  github = await startRepository(name);
  posts = await startPosts(github.address);
});

afterAll(async () => {
  await posts?.stop();
  await github?.stop();
});

beforeEach(async (context) => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-early-'));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  github.faults.clear();
  await push();
  const token = (): Promise<string> => Promise.resolve(github.user('ada').token);
  remote = { key: 'web', url: `${posts.address}/${name}.git`, token };
  mirrors = createMirrors({ folder });
  await mirrors.fetch(remote, main);
  posts.forget();
});

function push(branch = 'main'): Promise<string> {
  return github.pushFiles(name, 'ada', { branch, files: { 'a.txt': `${Math.random()}` } });
}

async function packs(): Promise<number> {
  return (await readdir(join(folder, 'web', 'objects', 'pack'))).filter((one) => one.endsWith('.pack')).length;
}

test('the right one is asked for before the server has said where the branch is, and once', async () => {
  const commit = await push();
  // The list of refs is not answered before the pack was asked for.
  const held = posts.hold((body) => body.includes('command=ls-refs'));
  const fetching = mirrors.fetch(remote, main, [], commit);
  await posts.seen((body) => body.includes(`want ${commit}`));
  expect(await packs()).toBe(1);
  held.release();
  const fetched = await fetching;
  expect(fetched?.commit).toBe(commit);
  expect(await fetched?.repository.tree(commit).then((tree) => tree.entry('a.txt'))).toMatchObject({ type: 'file' });
  expect(posts.bodies.filter((body) => body.includes('command=fetch'))).toHaveLength(1);
});

test('another one is not kept, though the server would give it', async () => {
  const other = await push('topic');
  const commit = await push();
  const held = posts.hold((body) => body.includes('command=ls-refs'));
  const fetching = mirrors.fetch(remote, main, [], other);
  await posts.answered((body) => body.includes(`want ${other}`));
  held.release();
  const fetched = await fetching;
  expect(fetched?.commit).toBe(commit);
  expect(fetched?.refs).toEqual(new Map([[main, commit]]));
  expect(await fetched?.repository.resolve(other)).toBeUndefined();
  expect(await fetched?.repository.resolve(commit)).toBe(commit);
});

test('one that comes no more is not waited for', async () => {
  const other = await push('topic');
  const commit = await push();
  const held = posts.hold((body) => body.includes(`want ${other}`));
  expect((await mirrors.fetch(remote, main, [], other))?.commit).toBe(commit);
  held.release();
});

test.each(['0'.repeat(40), 'f'.repeat(40)])(
  '%s, which the server has not, costs nothing but the question',
  async (none) => {
    const commit = await push();
    const fetched = await mirrors.fetch(remote, main, [], none);
    expect(fetched?.commit).toBe(commit);
    expect(await fetched?.repository.resolve(commit)).toBe(commit);
  },
);

test.each(['truncate', 'reset', 'refuse'] as const)(
  'where its pack fails (%s), it is asked for again in order',
  async (kind) => {
    const commit = await push();
    const held = posts.hold((body) => body.includes('command=ls-refs'));
    github.fault({ on: 'git', kind, service: 'upload-pack' });
    const fetching = mirrors.fetch(remote, main, [], commit);
    await posts.answered((body) => body.includes(`want ${commit}`));
    held.release();
    const fetched = await fetching;
    expect(fetched?.commit).toBe(commit);
    expect(await fetched?.repository.resolve(commit)).toBe(commit);
    expect(posts.bodies.filter((body) => body.includes(`want ${commit}`))).toHaveLength(2);
  },
);

test('one that is here already, and the first of all, are not asked for early', async () => {
  const here = github.repository(name).refs.get(main) ?? '';
  await mirrors.fetch(remote, main, [], here);
  expect(posts.bodies.filter((body) => body.includes('command=fetch'))).toEqual([]);
  const held = posts.hold((body) => body.includes('command=ls-refs'));
  const first = mirrors.fetch({ ...remote, key: 'another' }, main, [], here);
  await posts.seen((body) => body.includes('command=ls-refs'), 2);
  held.release();
  expect((await first)?.commit).toBe(here);
  const [asked, wanted] = posts.bodies.slice(-2);
  expect(asked).toContain('command=ls-refs');
  expect(wanted).toContain(`want ${here}`);
});

test('many who hope for the same one ask for it once', async () => {
  const commit = await push();
  const held = posts.hold((body) => body.includes(`want ${commit}`));
  const fetching = Array.from({ length: 5 }, () => mirrors.fetch(remote, main, [], commit));
  await posts.answered((body) => body.includes('command=ls-refs'), 5);
  held.release();
  for (const fetched of await Promise.all(fetching)) expect(fetched?.commit).toBe(commit);
  expect(posts.bodies.filter((body) => body.includes('command=fetch'))).toHaveLength(1);
  expect(await packs()).toBe(2);
});
