import { expect, test } from 'vitest';
import { memoryTree } from '../../../src/source/memory.ts';

const tree = memoryTree({
  'apps/web.yaml': 'kind: Deployment\n',
  'apps/base/kustomization.yaml': 'resources: []\n',
  'apps/raw.bin': new Uint8Array([0, 255]),
  link: { refused: 'symlink' },
  'A.yaml': '',
  'a.yaml': '',
});

test('ids are those that Git gives', () => {
  expect(memoryTree({}).id).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
  // git write-tree of the same files.
  expect(memoryTree({ 'a/b': 'x', 'a.d': 'hello\n' }).id).toBe('8cd7a534a640284cb7cec84291fb6cb61dc1806a');
});

test('folders, files and what is between them', async () => {
  expect([...((await tree.list('apps'))?.keys() ?? [])]).toEqual(['base', 'raw.bin', 'web.yaml']);
  expect(await tree.entry('apps')).toMatchObject({ type: 'directory' });
  expect(await tree.entry('')).toEqual({ type: 'directory', oid: tree.id });
  expect(await tree.entry('apps/none')).toBeUndefined();
  expect(await tree.entry('apps/web.yaml/x')).toBeUndefined();
  expect(await tree.list('apps/web.yaml')).toBeUndefined();
  expect(await tree.read('apps/raw.bin')).toEqual(new Uint8Array([0, 255]));
});

test('what cannot be read says why', async () => {
  await expect(tree.read('link')).rejects.toMatchObject({ code: 'source.symlink', place: { file: 'link' } });
  await expect(tree.read('link/below')).rejects.toMatchObject({ code: 'source.symlink' });
  await expect(tree.read('a.yaml')).rejects.toMatchObject({ code: 'source.duplicate' });
  await expect(tree.read('none')).rejects.toMatchObject({ code: 'source.pathMissing' });
  await expect(tree.read('apps')).rejects.toMatchObject({ code: 'source.pathMissing' });
  await expect(tree.read('x/'.repeat(200))).rejects.toMatchObject({ code: 'source.tooDeep' });
});
