import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import type { Tree } from '../../../src/ports.ts';
import { applyIgnore, type IgnoreFilesMemo } from '../../../src/source/ignore.ts';
import { memoryTree } from '../../../src/source/memory.ts';

async function paths(tree: Tree, folder = ''): Promise<string[]> {
  const found: string[] = [];
  for (const [name, entry] of (await tree.list(folder)) ?? []) {
    const path = folder === '' ? name : `${folder}/${name}`;
    found.push(...(entry.type === 'directory' ? await paths(tree, path) : [path]));
  }
  return found;
}

const tree = (...files: string[]): Tree => memoryTree(Object.fromEntries(files.map((file) => [file, file])));

describe('what Flux leaves out', () => {
  const plain = [
    '.gitignore',
    '.gitattributes',
    '.gitmodules',
    'a/.gitignore',
    '.sops.yaml',
    'a/b/.flux.yaml',
    '.github/workflows/ci.yaml',
    'logo.png',
    'a/x.zip',
    'app.yaml',
    'a/app.yaml',
    'cloudbuild.yaml',
    'a/cloudbuild.yaml',
  ];

  test('by default', async () => {
    expect(await paths(await applyIgnore(tree(...plain)))).toEqual(['a/app.yaml', 'app.yaml']);
  });

  test('one rule anywhere brings the defaults back, but never what is Git’s', async () => {
    const kept = [
      '.github/workflows/ci.yaml',
      '.sops.yaml',
      'a/app.yaml',
      'a/b/.flux.yaml',
      'a/cloudbuild.yaml',
      'a/x.zip',
      'app.yaml',
      'cloudbuild.yaml',
      'logo.png',
    ];
    expect(await paths(await applyIgnore(tree(...plain), '/nothing'))).toEqual(kept);
    const deep = memoryTree({ ...Object.fromEntries(plain.map((file) => [file, ''])), 'z/y/.sourceignore': 'x\n' });
    expect(await paths(await applyIgnore(deep))).toEqual([...kept, 'z/y/.sourceignore']);
  });

  test('comments and blank lines are no rules', async () => {
    expect(await paths(await applyIgnore(tree('a.png', 'a.yaml'), '# a comment\n\n   \n'))).toEqual(['a.yaml']);
  });

  test('a .sourceignore speaks of its folder, and the last rule decides', async () => {
    const source = memoryTree({
      '.sourceignore': '*.md\n/top.yaml\n',
      'top.yaml': '',
      'a/top.yaml': '',
      'a/x.md': '',
      'a/keep.md': '',
      'a/.sourceignore': '!keep.md\nlocal.yaml\r\n',
      'a/local.yaml': '',
      'local.yaml': '',
      'keep.md': '',
    });
    expect(await paths(await applyIgnore(source))).toEqual([
      '.sourceignore',
      'a/.sourceignore',
      'a/keep.md',
      'a/top.yaml',
      'local.yaml',
    ]);
    expect(await paths(await applyIgnore(source, 'keep.md\n!/top.yaml'))).toEqual([
      '.sourceignore',
      'a/.sourceignore',
      'a/top.yaml',
      'local.yaml',
      'top.yaml',
    ]);
  });

  test('everything out, one folder in (Flux’s own example)', async () => {
    const source = tree(
      'app.yaml',
      'deploy/a.yaml',
      'deploy/readme.md',
      'deploy/x/b.yaml',
      'deploy/x/notes.txt',
      'src/main.go',
    );
    const rules = '/*\n!/deploy\n/deploy/**/*.md\n/deploy/**/*.txt\n';
    expect(await paths(await applyIgnore(source, rules))).toEqual(['deploy/a.yaml', 'deploy/x/b.yaml']);
  });

  test('a file of a folder that is out can come back, unlike in Git', async () => {
    const filtered = await applyIgnore(tree('a/b/c.yaml', 'a/b/d.yaml', 'a/e.yaml'), 'a/\n!a/b/c.yaml\n');
    expect(await paths(filtered)).toEqual(['a/b/c.yaml']);
    expect(await filtered.entry('a/b')).toMatchObject({ type: 'directory' });
    expect(await filtered.list('a/b')).toHaveProperty('size', 1);
  });
});

describe('the filtered tree', () => {
  test('what is left out cannot be read, listed or found', async () => {
    const filtered = await applyIgnore(tree('a/secret.yaml', 'b.yaml'), 'a\n');
    expect(await filtered.entry('a')).toBeUndefined();
    expect(await filtered.list('a')).toBeUndefined();
    expect(await filtered.entry('a/secret.yaml')).toBeUndefined();
    const error = await filtered.read('a/secret.yaml').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe('source.pathMissing');
    expect((error as SluiceError).message).toContain('ignore rules');
    expect(Buffer.from(await filtered.read('b.yaml')).toString()).toBe('b.yaml');
  });

  test('refused entries stay refused', async () => {
    const filtered = await applyIgnore(memoryTree({ link: { refused: 'symlink' }, 'a.yaml': '' }));
    expect(await filtered.entry('link')).toEqual({ type: 'refused', reason: 'symlink' });
  });

  test('the id follows content and rules', async () => {
    const ids = await Promise.all([
      applyIgnore(tree('a', 'b')),
      applyIgnore(tree('a', 'b')),
      applyIgnore(tree('a', 'c')),
      applyIgnore(tree('a', 'b'), 'a'),
      applyIgnore(tree('a', 'b'), 'b'),
    ]);
    expect(ids[0]?.id).toBe(ids[1]?.id);
    expect(new Set(ids.map(({ id }) => id)).size).toBe(4);
  });

  test('equal folders under rules that tell them apart have other ids', async () => {
    const filtered = await applyIgnore(tree('x/f', 'y/f'), '/x/f\n');
    expect(await filtered.entry('x')).not.toEqual(await filtered.entry('y'));
  });

  test('folders that were searched for rules once are not searched again', async () => {
    let lists = 0;
    const inner = tree('a/b/c.yaml', 'd/.sourceignore', 'd/e.yaml');
    const counting = (): Tree => ({
      id: inner.id,
      entry: (path) => inner.entry(path),
      read: (path) => inner.read(path),
      list: (path) => {
        lists++;
        return inner.list(path);
      },
    });
    const memo: IgnoreFilesMemo = new Map();
    const first = await applyIgnore(counting(), undefined, memo);
    const cold = lists;
    const second = await applyIgnore(counting(), undefined, memo);
    expect(cold).toBe(4);
    expect(lists).toBe(cold);
    expect(second.id).toBe(first.id);
  });

  test('the same tree under the same rules is filtered once', async () => {
    const source = tree('a.yaml');
    expect(await applyIgnore(source, 'x')).toBe(await applyIgnore(source, 'x'));
    expect(await applyIgnore(source, 'y')).not.toBe(await applyIgnore(source, 'x'));
  });

  test('too many rules, and patterns that would take for ever', async () => {
    const error = await applyIgnore(tree('a'), 'x\n'.repeat(2_001)).catch((thrown: unknown) => thrown);
    expect((error as SluiceError).code).toBe('source.tooMany');
    const started = performance.now();
    const slow = `${'*a'.repeat(500)}b\n${'**/a/'.repeat(180)}b\n`;
    const filtered = await applyIgnore(tree('a'.repeat(250), `${'a/'.repeat(90)}a`), slow);
    expect((await paths(filtered)).length).toBe(2);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
