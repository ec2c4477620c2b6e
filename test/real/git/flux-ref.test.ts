import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openRepository } from '../../../src/adapters/git/repository.ts';
import { Checkout, git } from './objects.ts';
import { failure } from './read.ts';

const origin = new Checkout();
const clone = `${origin.folder}-clone`;
afterAll(() => {
  origin.remove();
  rmSync(clone, { recursive: true, force: true });
});

const tags = ['v1.0.0', '1.2.0', 'v1.3.0-rc.1', 'v2.0.0', 'v2.1.0-beta.1', '0.9.1', 'not-a-version', 'v3'];

beforeAll(() => {
  for (const tag of tags) {
    origin.write('version', tag);
    origin.commit(tag);
    origin.git('tag', '-a', tag, '-m', tag);
  }
  origin.git('tag', 'v2.0.0+build.1', 'HEAD');
  origin.git('branch', 'stale');
  origin.git('branch', 'ahead');
  origin.git('branch', 'parted');
  origin.git('branch', 'only-there');
  git(origin.folder, 'clone', '-q', origin.folder, clone);
  for (const branch of ['stale', 'ahead', 'parted']) git(clone, 'branch', branch, `origin/${branch}`);
  git(clone, 'branch', 'only-here', 'HEAD~2');
  for (const branch of ['ahead', 'parted']) {
    git(clone, 'checkout', '-q', branch);
    git(clone, 'commit', '-q', '--allow-empty', '-m', `local ${branch}`);
  }
  for (const branch of ['stale', 'parted']) {
    origin.git('checkout', '-q', branch);
    origin.git('commit', '-q', '--allow-empty', '-m', `remote ${branch}`);
  }
  git(clone, 'fetch', '-q');
  git(clone, 'checkout', '-q', 'main');
});

const rev = (revision: string): string => git(clone, 'rev-parse', `${revision}^{commit}`);

describe('what a GitRepository follows', () => {
  test.each<[string, object, string, string]>([
    ['a branch', { branch: 'main' }, 'main', 'main@sha1:'],
    ['a branch that was fetched since', { branch: 'stale' }, 'origin/stale', 'stale@sha1:'],
    ['a branch under work', { branch: 'ahead' }, 'refs/heads/ahead', 'ahead@sha1:'],
    ['a branch that has parted', { branch: 'parted' }, 'refs/heads/parted', 'parted@sha1:'],
    ['a branch of origin alone', { branch: 'only-there' }, 'origin/only-there', 'only-there@sha1:'],
    ['a local branch alone', { branch: 'only-here' }, 'only-here', 'only-here@sha1:'],
    ['a tag', { tag: 'v1.0.0' }, 'v1.0.0', 'v1.0.0@sha1:'],
    ['a tag before a branch', { tag: 'v1.0.0', branch: 'main' }, 'v1.0.0', 'v1.0.0@sha1:'],
    ['a range', { semver: '1.x' }, '1.2.0', '1.2.0@sha1:'],
    ['a range with prereleases', { semver: '>=1.0.0-0 <2.0.0' }, 'v1.3.0-rc.1', 'v1.3.0-rc.1@sha1:'],
    ['a range before a tag', { semver: '<1', tag: 'v1.0.0' }, '0.9.1', '0.9.1@sha1:'],
    ['equal versions, the newer commit', { semver: '>=1.0.0' }, 'v2.0.0+build.1', 'v2.0.0+build.1@sha1:'],
    ['a full reference', { name: 'refs/tags/v1.0.0' }, 'v1.0.0', 'refs/tags/v1.0.0@sha1:'],
    ['a full reference before a range', { name: 'refs/heads/main', semver: '1.x' }, 'main', 'refs/heads/main@sha1:'],
  ])('%s', async (_title, ref, revision, prefix) => {
    const repository = await openRepository(clone);
    expect(await repository.resolveRef(ref)).toEqual({ revision: `${prefix}${rev(revision)}`, commit: rev(revision) });
  });

  test('a commit before all others, with its branch in the revision', async () => {
    const repository = await openRepository(clone);
    const commit = rev('HEAD~4');
    const all = { commit, name: 'refs/heads/main', semver: '*', tag: 'v2.0.0' };
    expect(await repository.resolveRef(all)).toEqual({ revision: `sha1:${commit}`, commit });
    expect(await repository.resolveRef({ commit, branch: 'main' })).toEqual({
      revision: `main@sha1:${commit}`,
      commit,
    });
  });

  test('what is not here', async () => {
    const repository = await openRepository(clone);
    const refs = [
      {},
      { branch: 'none' },
      { tag: 'none' },
      { semver: '>=9' },
      { name: 'refs/pull/1/head' },
      { commit: 'f'.repeat(40) },
    ];
    for (const ref of refs) expect(await repository.resolveRef(ref)).toBeUndefined();
    expect((await failure(repository.resolveRef({ semver: 'latest' }))).code).toBe('fleet.source');
  });
});
