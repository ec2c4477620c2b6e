import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import type { Tree } from '../../../src/ports.ts';
import { composeTree, includeTree, type TreeCopy } from '../../../src/source/include.ts';
import { memoryTree } from '../../../src/source/memory.ts';

async function contents(tree: Tree, folder = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const [name, entry] of (await tree.list(folder)) ?? []) {
    const path = folder === '' ? name : `${folder}/${name}`;
    if (entry.type === 'directory') Object.assign(found, await contents(tree, path));
    else found[path] = entry.type === 'refused' ? entry.reason : Buffer.from(await tree.read(path)).toString();
  }
  return found;
}

const source = memoryTree({
  'deploy/a.yaml': 'a',
  'deploy/b.yaml': 'b',
  'deploy/x/c.yaml': 'c',
  'deploy/x/y/d.md': 'd',
  'other/a.yaml': 'other',
  'root.yaml': 'root',
  'deploy/link': { refused: 'symlink' },
});

describe('copies of an ArtifactGenerator', () => {
  const cases: [string, Omit<TreeCopy, 'tree'>, string][] = [
    [
      'everything in a folder',
      { from: 'deploy/**', to: 'out/' },
      'out/a.yaml out/b.yaml out/link out/x/c.yaml out/x/y/d.md',
    ],
    ['everything in a folder, to the root', { from: 'deploy/**', to: '' }, 'a.yaml b.yaml link x/c.yaml x/y/d.md'],
    ['a folder goes below the target', { from: 'deploy/x', to: 'out' }, 'out/x/c.yaml out/x/y/d.md'],
    ['a folder with a slash too', { from: 'deploy/x/', to: 'out/' }, 'out/x/c.yaml out/x/y/d.md'],
    [
      'the root',
      { from: '', to: 'out' },
      'out/deploy/a.yaml out/deploy/b.yaml out/deploy/link out/deploy/x/c.yaml out/deploy/x/y/d.md out/other/a.yaml out/root.yaml',
    ],
    ['a file gets a name', { from: 'root.yaml', to: 'new.yaml' }, 'new.yaml'],
    ['a file goes into a folder', { from: 'root.yaml', to: 'out/' }, 'out/root.yaml'],
    ['a pattern keeps the path', { from: 'deploy/*.yaml', to: 'out/' }, 'out/deploy/a.yaml out/deploy/b.yaml'],
    ['two stars inside stand for one name', { from: 'deploy/**/*.yaml', to: '' }, 'deploy/x/c.yaml'],
    ['a name is excluded anywhere', { from: 'deploy/**', to: '', exclude: ['*.md', 'a.yaml'] }, 'b.yaml link x/c.yaml'],
    [
      'a path is excluded from the source’s root',
      { from: 'deploy/**', to: '', exclude: ['deploy/x/**'] },
      'a.yaml b.yaml link',
    ],
    [
      'a path is excluded from the pattern’s folder',
      { from: 'deploy/**', to: '', exclude: ['x/**', '*.{md,yaml}'] },
      'link',
    ],
    [
      'a path is excluded at any depth',
      { from: 'deploy/**', to: '', exclude: ['**/y/**', 'link'] },
      'a.yaml b.yaml x/c.yaml',
    ],
    ['a clean way around', { from: './deploy//x/./y', to: '/out/../in' }, 'in/y/d.md'],
  ];
  test.each(cases)('%s', async (_title, copy, expected) => {
    expect(Object.keys(await contents(await composeTree([{ tree: source, ...copy }]))).join(' ')).toBe(expected);
  });

  test('later copies lie over earlier ones, and content is that of the source', async () => {
    const made = await composeTree([
      { tree: source, from: 'deploy/**', to: '' },
      { tree: source, from: 'other/**', to: '', exclude: ['*.md'] },
      { tree: memoryTree({ 'v.yaml': 'v' }), from: 'v.yaml', to: 'x' },
    ]);
    expect(await contents(made)).toEqual({
      'a.yaml': 'other',
      'b.yaml': 'b',
      link: 'symlink',
      'x/c.yaml': 'c',
      'x/v.yaml': 'v',
      'x/y/d.md': 'd',
    });
  });

  test('the id is that of the content, however it was made', async () => {
    const one = await composeTree([{ tree: memoryTree({ 'q/a': '1', 'q/b/c': '2' }), from: 'q/**', to: '' }]);
    expect(one.id).toBe(memoryTree({ a: '1', 'b/c': '2' }).id);
  });

  test.each<[string, Omit<TreeCopy, 'tree'>, string]>([
    ['a file that is missing', { from: 'none.yaml', to: 'x' }, 'source.pathMissing'],
    ['a pattern without a match', { from: 'none/*', to: 'x' }, 'source.pathMissing'],
    ['a way out of the source', { from: '../x', to: 'x' }, 'source.name'],
    ['a way out of the source with a pattern', { from: '../*', to: 'x' }, 'source.pathMissing'],
    ['a way out of the artifact', { from: 'root.yaml', to: '../../etc/x' }, 'source.name'],
    ['merging', { from: 'root.yaml', to: 'x', strategy: 'Merge' }, 'fleet.unsupported'],
    ['extracting', { from: 'root.yaml', to: 'x', strategy: 'Extract' }, 'fleet.unsupported'],
  ])('%s is an error', async (_title, copy, code) => {
    const error = await composeTree([{ tree: source, ...copy }]).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SluiceError);
    expect((error as SluiceError).code).toBe(code);
  });

  test('a file over a folder is an error, both ways', async () => {
    const file = { tree: source, from: 'root.yaml' };
    const folder = { tree: source, from: 'deploy/**' };
    for (const copies of [
      [
        { ...file, to: 'x' },
        { ...folder, to: 'x/' },
      ],
      [
        { ...folder, to: 'root.yaml/root.yaml' },
        { ...file, to: 'root.yaml/' },
      ],
    ]) {
      const error = await composeTree(copies).catch((thrown: unknown) => thrown);
      expect((error as SluiceError).code).toBe('fleet.source');
    }
  });
});

describe('what a GitRepository includes', () => {
  test('the content of a folder, at a path, over its own', async () => {
    const base = memoryTree({ 'app.yaml': 'app', 'vendor/lib/a.yaml': 'old' });
    const made = await includeTree(base, [
      { tree: source, fromPath: './deploy/x', toPath: 'vendor/lib' },
      { tree: source, fromPath: 'other', toPath: 'vendor/lib/' },
    ]);
    expect(await contents(made)).toEqual({
      'app.yaml': 'app',
      'vendor/lib/a.yaml': 'other',
      'vendor/lib/c.yaml': 'c',
      'vendor/lib/y/d.md': 'd',
    });
  });

  test('a folder that is missing', async () => {
    const error = await includeTree(source, [{ tree: source, fromPath: 'none', toPath: 'x' }]).catch(
      (thrown: unknown) => thrown,
    );
    expect((error as SluiceError).code).toBe('source.pathMissing');
  });
});
