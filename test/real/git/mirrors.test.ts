// Copies on disk that somebody takes away while a process has them open.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { LabGitHub } from '../../../lab/github/github.ts';
import { createMirrors } from '../../../src/adapters/git/mirrors.ts';
import { createLog } from '../../../src/adapters/log/log.ts';
import { GitSources } from '../../../src/agent/sources.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { Mirrors, Remote } from '../../../src/ports/mirror.ts';
import { failure, text } from './read.ts';
import { startRepository } from './hosted.ts';

const name = 'acme/web';
const main = 'refs/heads/main';
let github: LabGitHub;
let folder: string;
let remote: Remote;
let mirrors: Mirrors;

beforeAll(async () => {
  github = await startRepository(name);
});

afterAll(() => github?.stop());

beforeEach(async (context) => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-mirrors-'));
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const token = (): Promise<string> => Promise.resolve(github.user('ada').token);
  remote = { key: 'web', url: `${github.address}/${name}.git`, token };
  mirrors = createMirrors({ folder });
  await push('one');
  expect(await fetched()).toBe('one');
});

function push(said: string): Promise<string> {
  const files = { 'a.txt': said, 'b.txt': randomBytes(600_000).toString('base64') };
  return github.pushFiles(name, 'ada', { branch: 'main', files });
}

async function fetched(path = 'a.txt'): Promise<string> {
  const found = await mirrors.fetch(remote, main);
  if (found === undefined) throw new Error('the branch is not there');
  return text(await found.repository.tree(found.commit), path);
}

test('one that was deleted is fetched again, once for all who want it', async () => {
  await rm(join(folder, 'web'), { recursive: true });
  // What is larger is not in memory.
  const all = await Promise.all(Array.from({ length: 3 }, () => fetched('b.txt')));
  for (const one of all) expect(one).toHaveLength(800_000);
  expect(await readdir(join(folder, 'web', 'objects', 'pack'))).toHaveLength(2);
});

test('one that was deleted is fetched again where its branch has moved since', async () => {
  await rm(folder, { recursive: true });
  await push('two');
  expect(await fetched()).toBe('two');
  await push('three');
  expect(await fetched()).toBe('three');
});

test('a source whose copy was deleted has the tree of the new one, though its branch has not moved', async () => {
  const object: KubeObject = {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { namespace: 'shop', name: 'shop' },
    spec: { url: remote.url, ref: { branch: 'main' }, interval: '1h' },
  };
  const sources = new GitSources({
    mirrors,
    log: createLog({ level: 'silent' }),
    remote: () => Promise.resolve(remote),
    elapsed: () => performance.now(),
    random: () => 0,
    onRewritten: () => {},
    onFetched: () => {},
  });
  sources.update(object);
  // In a pack of its own, which the new copy has not.
  await push('two');
  await sources.refresh('shop/shop');
  const before = sources.outcome('shop/shop')?.state;
  await rm(folder, { recursive: true });
  await sources.refresh('shop/shop');
  const now = sources.outcome('shop/shop')?.state;
  expect(now?.revision).toBe(before?.revision);
  expect(now === undefined ? '' : await text(now.tree, 'b.txt')).toHaveLength(800_000);
});

test('one that cannot be written is told as what it is, not as a fault of the server', async () => {
  // A file where the folder of its packs was.
  const packs = join(folder, 'web', 'objects', 'pack');
  await rm(packs, { recursive: true });
  await writeFile(packs, '');
  await push('two');
  const error = await failure(fetched());
  expect(error).toMatchObject({
    code: 'fleet.source',
    kind: 'transient',
    remedy: expect.stringContaining('SLUICE_DATA'),
  });
  expect(error.message).toMatch(/the copy of it cannot be written here$/);
  expect(error.message).not.toContain(folder);
});

test('what a process that was killed while it made or fetched a copy left behind is taken away by the next', async () => {
  await rm(join(folder, 'web'), { recursive: true });
  await mkdir(join(folder, 'web.new-abc123', 'objects'), { recursive: true });
  mirrors = createMirrors({ folder });
  expect(await fetched()).toBe('one');
  expect(await readdir(folder)).toEqual(['web']);
  await mkdir(join(folder, 'web', 'incoming-abc123'));
  mirrors = createMirrors({ folder });
  expect(await fetched()).toBe('one');
  expect(await readdir(join(folder, 'web'))).not.toContain('incoming-abc123');
});
