import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openRepository } from '../../../src/adapters/git/repository.ts';
import type { Tree } from '../../../src/ports.ts';
import { Checkout } from './objects.ts';
import { failure, listing, text } from './read.ts';

let checkout: Checkout;
beforeEach(() => {
  checkout = new Checkout();
});
afterEach(() => checkout.remove());

const working = async (): Promise<Tree> => (await openRepository(checkout.folder)).workingTree();

/** What Git would commit with everything added, as a tree id; the index stays as it was. */
function written(): string {
  checkout.git('stash', 'list');
  const before = checkout.git('write-tree');
  checkout.git('add', '-A');
  const after = checkout.git('write-tree');
  checkout.git('read-tree', before);
  return after;
}

describe('equal to what Git would commit', () => {
  test('unchanged: the id of HEAD, entry by entry', async () => {
    for (let at = 0; at < 40; at++) checkout.write(`apps/a${at % 5}/f${at}.yaml`, `a: ${at}\n`);
    checkout.write('apps/a1.yaml', 'sorted beside a folder\n');
    checkout.write('apps/a1-b/x', 'sorted beside a folder\n');
    checkout.write('run.sh', '#!/bin/sh\n');
    chmodSync(join(checkout.folder, 'run.sh'), 0o755);
    symlinkSync('run.sh', join(checkout.folder, 'link'));
    checkout.commit();
    const tree = await working();
    const head = await (await openRepository(checkout.folder)).tree('HEAD');
    expect(tree.id).toBe(checkout.git('rev-parse', 'HEAD^{tree}'));
    expect(await listing(tree)).toEqual(await listing(head));
    expect(await text(tree, 'apps/a0/f0.yaml')).toBe('a: 0\n');
  });

  test('changed, added, removed, renamed, made executable, made a link', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) checkout.write(`x/${name}.yaml`, `${name}\n`);
    checkout.commit();
    checkout.write('x/a.yaml', 'changed\n');
    checkout.write('new/deep/n.yaml', 'new\n');
    rmSync(join(checkout.folder, 'x/b.yaml'));
    renameSync(join(checkout.folder, 'x/c.yaml'), join(checkout.folder, 'x/moved.yaml'));
    chmodSync(join(checkout.folder, 'x/d.yaml'), 0o755);
    rmSync(join(checkout.folder, 'x/e.yaml'));
    symlinkSync('a.yaml', join(checkout.folder, 'x/e.yaml'));
    rmSync(join(checkout.folder, 'x/f.yaml'));
    checkout.write('x/f.yaml/now-a-folder', 'f\n');
    mkdirSync(join(checkout.folder, 'empty/empty'), { recursive: true });
    const tree = await working();
    expect(tree.id).toBe(written());
    expect(await text(tree, 'x/a.yaml')).toBe('changed\n');
    expect(await tree.entry('x/e.yaml')).toEqual({ type: 'refused', reason: 'symlink' });
    expect(await tree.entry('empty')).toBeUndefined();
  });

  test('changed within the same second, with the same size and times', async () => {
    checkout.write('a.yaml', 'one\n');
    checkout.commit();
    for (const content of ['two\n', 'six\n', 'ten\n']) {
      checkout.write('a.yaml', content);
      utimesSync(join(checkout.folder, 'a.yaml'), 1_700_000_000, 1_700_000_000);
      expect(await text(await working(), 'a.yaml')).toBe(content);
    }
  });

  test('indexes of other versions', async () => {
    for (const name of ['a.yaml', 'dir/b.yaml', 'dir/bb.yaml', 'zz/c.yaml']) checkout.write(name, name);
    checkout.commit();
    for (const version of ['4', '2', '3']) {
      checkout.git('update-index', '--index-version', version);
      expect((await working()).id).toBe(checkout.git('rev-parse', 'HEAD^{tree}'));
    }
  });

  test('a sparse checkout counts as whole', async () => {
    for (const name of ['a/x.yaml', 'b/y.yaml', 'b/c/z.yaml', 'top.yaml']) checkout.write(name, name);
    checkout.commit();
    checkout.git('sparse-checkout', 'set', '--cone', 'a');
    expect((await working()).id).toBe(checkout.git('rev-parse', 'HEAD^{tree}'));
    checkout.git('sparse-checkout', 'reapply', '--sparse-index');
    const tree = await working();
    expect(tree.id).toBe(checkout.git('rev-parse', 'HEAD^{tree}'));
    expect(await text(tree, 'b/c/z.yaml')).toBe('b/c/z.yaml');
  });

  test('line ends that Git converts make no difference', async () => {
    checkout.write('.gitattributes', '*.yaml text eol=crlf\n');
    checkout.write('a.yaml', 'a: 1\nb: 2\n');
    checkout.commit();
    rmSync(join(checkout.folder, 'a.yaml'));
    checkout.git('checkout', '-q', 'a.yaml');
    // The index is older than the file until Git has looked again.
    utimesSync(join(checkout.folder, 'a.yaml'), 1_700_000_000, 1_700_000_000);
    checkout.git('update-index', '--refresh');
    const tree = await working();
    expect(tree.id).toBe(checkout.git('rev-parse', 'HEAD^{tree}'));
    expect(await text(tree, 'a.yaml')).toBe('a: 1\nb: 2\n');
  });

  test('a submodule and a repository inside', async () => {
    const inner = new Checkout();
    inner.write('i.yaml', 'i\n');
    inner.commit();
    checkout.git('submodule', '--quiet', 'add', inner.folder, 'modules/inner');
    checkout.commit();
    checkout.write('modules/inner/i.yaml', 'changed inside\n');
    expect((await working()).id).toBe(checkout.git('rev-parse', 'HEAD^{tree}'));
    execFileSync('git', ['clone', '-q', inner.folder, join(checkout.folder, 'nested')]);
    const tree = await working();
    expect(await tree.entry('modules/inner')).toEqual({ type: 'refused', reason: 'submodule' });
    expect(await tree.entry('nested/i.yaml')).toEqual({ type: 'refused', reason: 'submodule' });
    inner.remove();
  });
});

describe('what is left out', () => {
  const patterns = [
    '*.log',
    '!keep.log',
    '/root.yaml',
    'build/',
    '!build/',
    'a/**/z',
    '**/deep',
    'x/**',
    '!x/keep',
    'doc/*.txt',
    '\\#hash',
    '\\!bang',
    'sp\\ ace',
    'trail   ',
    '[ab].yaml',
    '[!ab].yml',
    '[[:digit:]]',
    '?.md',
    '*',
    '!*/',
    '!*.yaml',
    'foo',
    '!foo',
    '/foo/bar',
    '# comment',
    '',
    '**/',
    '/**',
    'a*c',
    'dir/',
    'nested/*',
    '!nested/in',
  ];
  const paths = [
    'a.log',
    'keep.log',
    'root.yaml',
    'sub/root.yaml',
    'build/out',
    'a/z',
    'a/b/c/z',
    'q/deep',
    'deep/q',
    'x/one',
    'x/keep',
    'x/y/z',
    'doc/a.txt',
    'doc/b/a.txt',
    '#hash',
    '!bang',
    'sp ace',
    'trail',
    'a.yaml',
    'c.yaml',
    'a.yml',
    'c.yml',
    '1',
    'x.md',
    'xy.md',
    'foo',
    'sub/foo',
    'foo2/bar',
    'abc',
    'a/c',
    'dir',
    'nested/in',
    'nested/out',
  ];

  test('agrees with git check-ignore on many rule sets', async () => {
    for (const path of paths) {
      try {
        checkout.write(path, path);
      } catch {
        // A path whose folder is another path's file.
      }
    }
    let seed = 42;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (seed >> 8) % below;
    };
    const pick = (): string =>
      Array.from({ length: 1 + random(5) }, () => patterns[random(patterns.length)]).join('\n');
    for (let round = 0; round < 60; round++) {
      checkout.write('.gitignore', `${pick()}\n`);
      checkout.write('sub/.gitignore', `${pick()}\n`);
      checkout.write('.git/info/exclude', `${pick()}\n`);
      const theirs = checkout.git('ls-files', '-z', '--others', '--exclude-standard').split('\0').filter(Boolean);
      const ours = (await listing(await working())).map((line) => line.slice(line.indexOf(' ') + 1));
      expect(ours.sort()).toEqual(theirs.sort());
    }
  });

  test('what is tracked stays, also in a folder that is left out', async () => {
    checkout.write('build/tracked.yaml', 'a\n');
    checkout.commit();
    checkout.write('.gitignore', 'build/\n*.tmp\n');
    checkout.write('build/other.yaml', 'b\n');
    checkout.write('x.tmp', 'c\n');
    const tree = await working();
    expect(await text(tree, 'build/tracked.yaml')).toBe('a\n');
    expect(await tree.entry('x.tmp')).toBeUndefined();
    expect(await tree.entry('.git')).toBeUndefined();
  });
});

describe('what is refused', () => {
  test('links are never followed, neither to files nor to folders', async () => {
    writeFileSync(`${checkout.folder}-secret`, 'secret\n');
    symlinkSync(`${checkout.folder}-secret`, join(checkout.folder, 'file.yaml'));
    symlinkSync('/etc', join(checkout.folder, 'etc'));
    symlinkSync('.', join(checkout.folder, 'loop'));
    checkout.write('good.yaml', 'a\n');
    const tree = await working();
    for (const path of ['file.yaml', 'etc/passwd', 'loop/loop/good.yaml']) {
      expect((await failure(tree.read(path))).code).toBe('source.symlink');
    }
    expect(await text(tree, 'good.yaml')).toBe('a\n');
    rmSync(`${checkout.folder}-secret`);
  });

  test('a file that became a link after it was listed', async () => {
    checkout.write('a.yaml', 'a\n');
    const tree = await working();
    rmSync(join(checkout.folder, 'a.yaml'));
    symlinkSync('/etc/hostname', join(checkout.folder, 'a.yaml'));
    const error = await failure(tree.read('a.yaml'));
    expect([error.code, error.kind]).toEqual(['source.corrupt', 'transient']);
  });

  test('large files, odd names, pipes', async () => {
    checkout.write('large.yaml', Buffer.alloc(6 * 1024 * 1024, 97));
    checkout.write('a\nb.yaml', 'x\n');
    writeFileSync(Buffer.concat([Buffer.from(`${checkout.folder}/bad-`), Buffer.from([0xff])]), 'x\n');
    execFileSync('mkfifo', [join(checkout.folder, 'pipe.yaml')]);
    checkout.write('good.yaml', 'a\n');
    const tree = await working();
    const refused = (await listing(tree)).filter((line) => !/^[0-9a-f]{40} /.test(line));
    expect(refused.sort()).toEqual(['mode pipe.yaml', 'name a\\x0ab.yaml', 'name bad-\\xff', 'tooLarge large.yaml']);
    expect((await failure(tree.read('large.yaml'))).code).toBe('source.tooLarge');
    expect(await text(tree, 'good.yaml')).toBe('a\n');
  });

  test('too many files', async () => {
    for (let at = 0; at < 20; at++) checkout.write(`f${at}`, 'x');
    const repository = await openRepository(checkout.folder, { limits: { files: 10 } });
    expect((await failure(repository.workingTree())).code).toBe('source.tooMany');
  });

  test('a split index', async () => {
    checkout.write('a.yaml', 'a\n');
    checkout.commit();
    checkout.git('update-index', '--split-index');
    const error = await failure(working());
    expect(error.code).toBe('source.corrupt');
    expect(error.message).toContain('--no-split-index');
  });
});
