// What a Git server may do to a fetch: the group "Q: Git server faults" of the list.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GitFault } from '../../../../lab/github/faults.ts';
import type { LabGitHub } from '../../../../lab/github/github.ts';
import { createMirrors } from '../../../../src/adapters/git/mirrors.ts';
import type { SluiceError } from '../../../../src/errors.ts';
import type { Mirrors, Remote } from '../../../../src/ports/mirror.ts';
import { startRepository } from '../../git/hosted.ts';

let github: LabGitHub;
let folder: string;
let remote: Remote;
const name = 'acme/web';
beforeAll(async () => {
  github = await startRepository(name);
  await github.pushFiles(name, 'ada', { branch: 'main', files: { 'a.txt': 'a', 'b/c.txt': 'c' } });
  remote = { key: '1-2', url: `${github.address}/${name}.git`, token: () => Promise.resolve(github.user('ada').token) };
  folder = await mkdtemp(join(tmpdir(), 'sluice-mirror-'));
});
afterAll(async () => {
  await github.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  github.faults.clear();
  await rm(join(folder, '1-2'), { recursive: true, force: true });
});

const mirrors = (limits: { deadlineMs?: number; maxBytes?: number } = {}): Mirrors =>
  createMirrors({ folder, ...limits });

async function refusal(work: Promise<unknown>): Promise<SluiceError> {
  return work.then(
    () => {
      throw new Error('it went well');
    },
    (error: unknown) => error as SluiceError,
  );
}

async function leftovers(): Promise<readonly string[]> {
  const names = await readdir(join(folder, '1-2'), { recursive: true }).catch(() => []);
  return names.filter((one) => one.includes('incoming-') || /\.(pack|idx|tmp)$/.test(one));
}

const broken: readonly (readonly [string, GitFault])[] = [
  ['a pack that is cut', { on: 'git', kind: 'truncate', packOnly: true }],
  ['a list of refs that is cut', { on: 'git', kind: 'truncate' }],
  ['a pack with a wrong byte', { on: 'git', kind: 'corrupt', packOnly: true }],
  ['a connection that is reset', { on: 'git', kind: 'reset' }],
  ['a server that refuses', { on: 'git', kind: 'refuse' }],
];

describe('316', () => {
  it.each(broken)(
    '316 %s is a passing failure, nothing of it is kept, and the next fetch is whole',
    async (_, fault) => {
      const mine = mirrors();
      github.fault({ ...fault, service: 'upload-pack' });
      expect(await refusal(mine.fetch(remote, 'refs/heads/main'))).toMatchObject({
        code: 'fleet.source',
        kind: 'transient',
      });
      expect(await leftovers()).toEqual([]);
      const fetched = await mine.fetch(remote, 'refs/heads/main');
      expect(fetched?.commit).toBe(github.repository(name).refs.get('refs/heads/main'));
    },
  );

  it('316 a fault in a later fetch leaves what was there readable', async () => {
    const mine = mirrors();
    const before = await mine.fetch(remote, 'refs/heads/main');
    await github.pushFiles(name, 'ada', { branch: 'main', files: { 'a.txt': `${Math.random()}` } });
    github.fault({ on: 'git', kind: 'truncate', packOnly: true, service: 'upload-pack' });
    await refusal(mine.fetch(remote, 'refs/heads/main'));
    expect(await before?.repository.resolve(before.commit)).toBe(before?.commit);
    expect((await mirrors().fetch(remote, 'refs/heads/main'))?.commit).toBe(
      github.repository(name).refs.get('refs/heads/main'),
    );
  });
});

describe('317', () => {
  it.each([
    ['hangs after its headers', { on: 'git', kind: 'hang' }],
    ['sends a byte a second', { on: 'git', kind: 'drip', bytesPerSecond: 1 }],
    ['sends progress without end', { on: 'git', kind: 'chatter', packOnly: true }],
  ] satisfies [string, GitFault][])('317 a server that %s is given up at the deadline', async (_, fault) => {
    const mine = mirrors({ deadlineMs: 700 });
    github.fault({ ...fault, service: 'upload-pack' });
    const started = performance.now();
    expect(await refusal(mine.fetch(remote, 'refs/heads/main'))).toMatchObject({ kind: 'transient' });
    expect(performance.now() - started).toBeLessThan(30_000);
    expect(await leftovers()).toEqual([]);
  });
});

it('314 319 a force push to an unrelated commit is fetched, and the old commit stays', async () => {
  const mine = mirrors();
  const before = await mine.fetch(remote, 'refs/heads/main');
  await github.pushFiles(name, 'ada', { branch: 'main', force: true, files: { 'a.txt': `${Math.random()}` } });
  const after = await mine.fetch(remote, 'refs/heads/main');
  expect(after?.commit).toBe(github.repository(name).refs.get('refs/heads/main'));
  expect(await mine.fetch(remote, 'refs/heads/gone')).toBeUndefined();
  expect(await after?.repository.resolve(before?.commit ?? '')).toBe(before?.commit);
});

it('321 a repository that sends more than a mirror takes is refused for good, and nothing of it is kept', async () => {
  await github.pushFiles(name, 'ada', {
    branch: 'large',
    files: { 'large.txt': Array.from({ length: 40_000 }, () => Math.random()).join('\n') },
  });
  const error = await refusal(mirrors({ maxBytes: 100_000 }).fetch(remote, 'refs/heads/large'));
  expect(error).toMatchObject({ code: 'source.tooLarge', kind: 'terminal' });
  expect(error.message).not.toContain(folder);
  expect(await leftovers()).toEqual([]);
});

it('307 a token that Git does not take is replaced once', async () => {
  const good = github.user('ada').token;
  const asked: (string | undefined)[] = [];
  const token = (refused?: string): Promise<string> => {
    asked.push(refused);
    return Promise.resolve(refused === undefined ? 'ghs_expired' : good);
  };
  expect(await mirrors().fetch({ ...remote, token }, 'refs/heads/main')).toBeDefined();
  expect(asked.slice(0, 2)).toEqual([undefined, 'ghs_expired']);
});
