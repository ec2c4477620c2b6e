import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import type { Tree } from '../../../src/ports.ts';
import { changedPaths } from '../../../src/source/changed.ts';
import { memoryTree } from '../../../src/source/memory.ts';

type Files = Parameters<typeof memoryTree>[0];
const changes = async (base: Files, head: Files): Promise<string[]> =>
  (await changedPaths(memoryTree(base), memoryTree(head))).map(({ path, kind }) => `${kind} ${path}`);

describe('changedPaths', () => {
  test.each<[string, Files, Files, string[]]>([
    ['nothing', { a: '1' }, { a: '1' }, []],
    ['content', { a: '1', b: '2' }, { a: '1', b: '3' }, ['modified b']],
    ['added and removed', { a: '1', x: '1' }, { b: '1', x: '1' }, ['removed a', 'added b']],
    [
      'folders',
      { 'd/a': '1', 'e/f/g': '1' },
      { 'd/a': '2', 'h/i': '1' },
      ['modified d/a', 'removed e/f/g', 'added h/i'],
    ],
    ['a file becomes a folder', { a: '1' }, { 'a/b': '1' }, ['removed a', 'added a/b']],
    ['a folder becomes a file', { 'a/b': '1' }, { a: '1' }, ['added a', 'removed a/b']],
    ['a file becomes a link', { a: '1' }, { a: { refused: 'symlink' } }, ['modified a']],
    ['sorted by path', { 'a/b': '1', 'a-b': '1', ab: '1' }, {}, ['removed a-b', 'removed a/b', 'removed ab']],
  ])('%s', async (_title, base, head, expected) => {
    expect(await changes(base, head)).toEqual(expected);
  });

  test('equal folders are not looked into', async () => {
    const listed: string[] = [];
    const watch = (tree: Tree): Tree => ({
      id: tree.id,
      entry: (path) => tree.entry(path),
      read: () => Promise.reject(new Error('no file is read')),
      list: (path) => {
        listed.push(path);
        return tree.list(path);
      },
    });
    const files = Object.fromEntries(Array.from({ length: 50 }, (_one, at) => [`team-${at}/app.yaml`, `${at}`]));
    const base = watch(memoryTree(files));
    const head = watch(memoryTree({ ...files, 'team-7/app.yaml': 'changed' }));
    expect(await changedPaths(base, head)).toEqual([{ path: 'team-7/app.yaml', kind: 'modified' }]);
    expect(listed).toEqual(['', '', 'team-7', 'team-7']);
  });

  test('a folder past a limit stands for itself; what is broken is an error', async () => {
    const failing = (code: 'source.tooMany' | 'source.corrupt'): Tree => {
      const tree = memoryTree({ 'd/a': '2', e: '2' });
      return {
        id: tree.id,
        entry: (path) => tree.entry(path),
        read: (path) => tree.read(path),
        list: (path) => (path === 'd' ? Promise.reject(new SluiceError(code, 'x')) : tree.list(path)),
      };
    };
    const base = memoryTree({ 'd/a': '1', e: '1' });
    expect(await changedPaths(base, failing('source.tooMany'))).toEqual([
      { path: 'd', kind: 'modified' },
      { path: 'e', kind: 'modified' },
    ]);
    await expect(changedPaths(base, failing('source.corrupt'))).rejects.toMatchObject({ code: 'source.corrupt' });
  });
});
