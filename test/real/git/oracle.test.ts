// Everything read here is held against what Git itself says.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRepository } from '../../../src/adapters/git/repository.ts';
import { defaultLimits } from '../../../src/source/limits.ts';
import { Checkout, git } from './objects.ts';
import { failure, listing, text } from './read.ts';

const checkout = new Checkout();
const folders: string[] = [];
const extra = (name: string): string => {
  const folder = `${checkout.folder}-${name}`;
  folders.push(folder);
  return folder;
};
afterAll(() => {
  checkout.remove();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const commits: string[] = [];

beforeAll(() => {
  for (let at = 0; at < 60; at++) {
    checkout.write(`apps/team-${at % 7}/app-${at}.yaml`, `kind: ConfigMap\nname: ${at}\n`.repeat(at + 1));
  }
  checkout.write('run.sh', '#!/bin/sh\n');
  checkout.git('update-index', '--add', '--chmod=+x', 'run.sh');
  checkout.write('empty.yaml', '');
  checkout.write('\u4e2d\u6587/\u00e9.yaml', 'a: 1\n');
  checkout.write('large.yaml', Buffer.alloc(300_000, 'abcdefg\n'));
  commits.push(checkout.commit('first'));
  for (let at = 0; at < 20; at++) {
    checkout.write('apps/team-1/app-1.yaml', `${'line\n'.repeat(400)}change: ${at}\n`);
    commits.push(checkout.commit(`change ${at}`));
  }
  checkout.git('tag', 'light');
  checkout.git('tag', '-a', 'annotated', '-m', 'x', 'HEAD~3');
  checkout.git('tag', '-a', 'nested', '-m', 'x', 'annotated');
  checkout.git('checkout', '-q', '-b', 'feature/one', 'HEAD~5');
  checkout.write('feature.yaml', 'a: 1\n');
  commits.push(checkout.commit('feature'));
  checkout.git('checkout', '-q', 'main');
});

async function expectSameTree(folder: string, revision: string): Promise<void> {
  const repository = await openRepository(folder);
  const commit = await repository.resolve(revision);
  expect(commit).toBe(git(folder, 'rev-parse', `${revision}^{commit}`));
  const tree = await repository.tree(commit ?? '');
  expect(tree.id).toBe(git(folder, 'rev-parse', `${revision}^{tree}`));
  const theirs = git(folder, 'ls-tree', '-r', '-z', '--format=%(objectname) %(path)', revision)
    .split('\0')
    .filter(Boolean);
  expect((await listing(tree)).sort()).toEqual(theirs.sort());
  for (const path of ['apps/team-1/app-1.yaml', 'large.yaml', 'empty.yaml', '\u4e2d\u6587/\u00e9.yaml']) {
    expect((await text(tree, path)).trimEnd()).toBe(git(folder, 'cat-file', 'blob', `${revision}:${path}`).trimEnd());
  }
}

describe('trees', () => {
  test('loose objects', () => expectSameTree(checkout.folder, 'HEAD'));
  test('an older commit', () => expectSameTree(checkout.folder, 'HEAD~10'));

  test('packed, with deltas', async () => {
    const folder = extra('packed');
    git(checkout.folder, 'clone', '-q', '--bare', checkout.folder, folder);
    git(folder, 'repack', '-adfq', '--depth=50', '--window=50');
    for (const revision of ['HEAD', 'HEAD~1', 'HEAD~19', 'feature/one']) await expectSameTree(folder, revision);
  });

  test('packed with deltas by id, packed references, a multi-pack index', async () => {
    const folder = extra('refdelta');
    git(checkout.folder, 'clone', '-q', '--bare', checkout.folder, folder);
    git(folder, '-c', 'repack.useDeltaBaseOffset=false', 'repack', '-adfq');
    git(folder, 'multi-pack-index', 'write');
    git(folder, 'pack-refs', '--all');
    await expectSameTree(folder, 'HEAD~2');
    await expectSameTree(folder, 'annotated');
  });

  test('a clone that borrows objects', async () => {
    const folder = extra('shared');
    git(checkout.folder, 'clone', '-q', '--shared', checkout.folder, folder);
    await expectSameTree(folder, 'HEAD');
  });

  test('objects that arrive after the repository was opened', async () => {
    const folder = extra('later');
    git(checkout.folder, 'clone', '-q', '--bare', '--single-branch', '--branch', 'main', checkout.folder, folder);
    const repository = await openRepository(folder);
    await repository.tree('HEAD');
    expect(await repository.resolve('feature/one')).toBeUndefined();
    git(folder, '-c', 'fetch.unpackLimit=1', 'fetch', '-q', checkout.folder, 'feature/one:feature/one');
    expect(await repository.resolve('feature/one')).toBe(git(folder, 'rev-parse', 'feature/one'));
    expect(await text(await repository.tree('feature/one'), 'feature.yaml')).toBe('a: 1\n');
  });
});

describe('revisions', () => {
  const revisions = [
    'HEAD',
    'main',
    'feature/one',
    'light',
    'annotated',
    'nested',
    'refs/heads/main',
    'refs/tags/nested',
    'heads/main',
  ];
  test.each([...revisions, 'HEAD~3', 'HEAD^', 'main~2^', 'annotated~1'])('%s', async (revision) => {
    const repository = await openRepository(checkout.folder);
    expect(await repository.resolve(revision)).toBe(git(checkout.folder, 'rev-parse', `${revision}^{commit}`));
  });

  test('commit ids, whole and abbreviated, loose and packed', async () => {
    const folder = extra('abbreviated');
    git(checkout.folder, 'clone', '-q', '--bare', checkout.folder, folder);
    git(folder, 'repack', '-adq');
    for (const place of [checkout.folder, folder]) {
      const repository = await openRepository(place);
      for (const commit of commits) {
        expect(await repository.resolve(commit)).toBe(commit);
        expect(await repository.resolve(commit.slice(0, 12))).toBe(commit);
      }
      expect(await repository.resolve('f'.repeat(40))).toBeUndefined();
      expect(await repository.resolve('nowhere')).toBeUndefined();
      expect(await repository.resolve('HEAD~500')).toBeUndefined();
    }
  });

  test('a tree or a file is no commit', async () => {
    const repository = await openRepository(checkout.folder);
    expect((await failure(repository.resolve(git(checkout.folder, 'rev-parse', 'HEAD^{tree}')))).code).toBe(
      'source.refMissing',
    );
  });
});

describe('merge bases', () => {
  const history = new Checkout();
  const names: string[] = [];
  afterAll(() => history.remove());

  beforeAll(() => {
    // A history with forks, merges, a criss-cross, an unrelated root and clocks that run backwards.
    const commit = (name: string, parents: string[], time: number): void => {
      const tree = history.git('mktree', '--missing');
      const date = `${1_700_000_000 + time} +0000`;
      const args = parents.flatMap((parent) => ['-p', parent]);
      const oid = history.git('-c', `user.name=${name}`, 'commit-tree', tree, '-m', `${name} ${date}`, ...args);
      const raw = history
        .git('cat-file', 'commit', oid)
        .replace(/^(author|committer) (.*) \d+ \+0000$/gm, `$1 $2 ${date}`);
      history.write('raw', `${raw}\n`);
      history.git('tag', name, history.git('hash-object', '-t', 'commit', '-w', 'raw'));
      names.push(name);
    };
    commit('root', [], 0);
    commit('a1', ['root'], 10);
    commit('b1', ['root'], 20);
    commit('m1', ['a1', 'b1'], 30);
    commit('m2', ['b1', 'a1'], 31);
    commit('a2', ['m1'], 40);
    commit('b2', ['m2'], 41);
    commit('old', ['a2'], -100);
    commit('older', ['old'], -200);
    commit('merge', ['a2', 'b2'], 50);
    commit('island', [], 60);
    commit('bridge', ['island', 'older'], 5);
    commit('tip', ['bridge', 'b2'], 70);
  });

  test('every pair agrees with Git', async () => {
    const repository = await openRepository(history.folder);
    for (const one of names) {
      for (const other of names) {
        let theirs: string[] = [];
        try {
          theirs = history.git('merge-base', '--all', one, other).split('\n');
        } catch {
          // Git answers with an exit code where there is none.
        }
        const ours = await repository.mergeBase(one, other);
        if (theirs.length === 0) expect([one, other, ours]).toEqual([one, other, undefined]);
        else expect([one, other, theirs]).toEqual([one, other, expect.arrayContaining([ours])]);
        if (theirs.length === 1) expect([one, other, ours]).toEqual([one, other, theirs[0]]);
      }
    }
  });

  test('the newest of several is chosen', async () => {
    const repository = await openRepository(history.folder);
    expect(await repository.mergeBase('m1', 'm2')).toBe(history.git('rev-parse', 'b1'));
  });

  test('names what is not here, and stops at a limit', async () => {
    const repository = await openRepository(history.folder, { limits: { ...defaultLimits, commits: 3 } });
    expect((await failure(repository.mergeBase('tip', 'nowhere'))).code).toBe('source.refMissing');
    expect((await failure(repository.mergeBase('merge', 'island'))).code).toBe('source.tooMany');
  });

  test('a shallow clone ends where it was cut', async () => {
    const folder = extra('shallow');
    git(checkout.folder, 'clone', '-q', '--depth', '3', '--no-single-branch', `file://${checkout.folder}`, folder);
    const repository = await openRepository(folder);
    expect(await repository.resolve('HEAD~2')).toBe(git(checkout.folder, 'rev-parse', 'HEAD~2'));
    expect(await repository.resolve('HEAD~3')).toBeUndefined();
    expect(await repository.mergeBase('HEAD', 'origin/feature/one')).toBeUndefined();
    expect(await repository.mergeBase('HEAD', 'HEAD~1')).toBe(git(folder, 'rev-parse', 'HEAD~1'));
    await expectSameTree(folder, 'HEAD');
  });

  test('a partial clone says what is missing', async () => {
    const folder = extra('partial');
    git(checkout.folder, 'config', 'uploadpack.allowFilter', 'true');
    git(checkout.folder, 'clone', '-q', '--bare', '--filter=blob:none', `file://${checkout.folder}`, folder);
    const tree = await (await openRepository(folder)).tree('HEAD');
    const error = await failure(tree.read('large.yaml'));
    expect(error.code).toBe('source.corrupt');
    expect(error.message).toContain('partial clone');
  });
});

describe('where a repository is', () => {
  test('from a folder inside, with the branch and the origin', async () => {
    const folder = extra('inside');
    git(checkout.folder, 'clone', '-q', checkout.folder, folder);
    git(folder, 'remote', 'set-url', 'origin', 'https://bot:s3cret@git.example.com/acme/platform.git');
    const repository = await openRepository(join(folder, 'apps/team-1'));
    expect(repository.root).toBe(folder);
    expect(repository.subdirectory).toBe('apps/team-1');
    expect(await repository.currentBranch()).toBe('main');
    expect(await repository.originUrl()).toBe('https://git.example.com/acme/platform.git');
  });

  test('a linked worktree', async () => {
    const folder = extra('worktree');
    checkout.git('worktree', 'add', '-q', folder, 'feature/one');
    const repository = await openRepository(folder);
    expect(await repository.currentBranch()).toBe('feature/one');
    expect(await repository.resolve('HEAD')).toBe(checkout.git('rev-parse', 'feature/one'));
    expect(await repository.resolve('main')).toBe(checkout.git('rev-parse', 'main'));
    expect((await repository.workingTree()).id).toBe(checkout.git('rev-parse', 'feature/one^{tree}'));
  });

  test('a detached HEAD', async () => {
    const folder = extra('detached');
    git(checkout.folder, 'clone', '-q', checkout.folder, folder);
    git(folder, 'checkout', '-q', 'HEAD~1');
    const repository = await openRepository(folder);
    expect(await repository.currentBranch()).toBeUndefined();
    expect(await repository.resolve('HEAD')).toBe(git(folder, 'rev-parse', 'HEAD'));
  });

  test('a bare repository has no files on disk', async () => {
    const folder = extra('bare');
    git(checkout.folder, 'clone', '-q', '--bare', checkout.folder, folder);
    const repository = await openRepository(folder);
    expect(repository.root).toBeUndefined();
    expect((await failure(repository.workingTree())).code).toBe('source.notRepository');
  });

  test('a repository without commits', async () => {
    const empty = new Checkout();
    folders.push(empty.folder);
    empty.write('a.yaml', 'a: 1\n');
    const repository = await openRepository(empty.folder);
    expect(await repository.resolve('HEAD')).toBeUndefined();
    expect(await repository.currentBranch()).toBe('main');
    expect(await listing(await repository.workingTree())).toHaveLength(1);
  });

  test.each(['/nonexistent', '/'])('%s is none', async (folder) => {
    const error = await failure(openRepository(folder));
    expect(error.code).toBe('source.notRepository');
    expect(error.remedy).toContain('git init');
  });

  test('a format that would be misread is refused', async () => {
    const folder = extra('sha256');
    git('/', 'init', '-q', '--object-format=sha256', folder);
    const error = await failure(openRepository(folder));
    expect(error.code).toBe('source.notRepository');
    expect(error.message).toContain('SHA-256');
  });
});
