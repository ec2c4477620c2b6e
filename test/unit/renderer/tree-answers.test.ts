import { describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { TreeAnswers } from '../../../src/adapters/renderer/tree-answers.ts';
import { TreeView } from '../../../src/adapters/renderer/tree-view.ts';
import { memoryTree } from './memory-tree.ts';

const tree = memoryTree({
  'app/a.yaml': 'kind: A\n',
  'app/latin.txt': Uint8Array.from([0xe9, 0x0a]),
  'app/bom.yaml': '\ufeffkind: B\n',
  'app/link': { refused: 'symlink' },
  'app/sub/deep.yaml': 'kind: D\n',
});

async function answerTo(path: string): Promise<unknown> {
  return JSON.parse(await new TreeAnswers(1024).answer(new TreeView(tree), path));
}

describe('answers', () => {
  test.each([
    ['a file', 'app/a.yaml', { kind: 'file', text: 'kind: A\n' }],
    ['a byte order mark, kept', 'app/bom.yaml', { kind: 'file', text: '\ufeffkind: B\n' }],
    ['bytes that are no UTF-8', 'app/latin.txt', { kind: 'file', base64: '6Qo=' }],
    ['nothing', 'app/nope.yaml', { kind: 'missing' }],
    ['a path below a file', 'app/a.yaml/x', { kind: 'missing' }],
    ['a symlink', 'app/link', { kind: 'refused', reason: 'symlink' }],
    ['a path below a symlink', 'app/link/x/y.yaml', { kind: 'refused', reason: 'symlink' }],
    ['the root', '', { kind: 'directory', entries: [{ name: 'app', kind: 'directory' }] }],
    [
      'a folder',
      'app',
      {
        kind: 'directory',
        entries: [
          { name: 'a.yaml', kind: 'file' },
          { name: 'bom.yaml', kind: 'file' },
          { name: 'latin.txt', kind: 'file' },
          { name: 'link', kind: 'refused', reason: 'symlink' },
          { name: 'sub', kind: 'directory' },
        ],
      },
    ],
  ])('name %s', async (_, path, answer) => {
    expect(await answerTo(path)).toEqual(answer);
  });

  test.each([
    ['source.tooLarge', { kind: 'refused', reason: 'tooLarge' }],
    ['source.pathMissing', { kind: 'missing' }],
  ] as const)('turn %s of the tree into an answer', async (code, answer) => {
    const failing = { ...tree, read: () => Promise.reject(new SluiceError(code, 'no')) };
    expect(JSON.parse(await new TreeAnswers(0).answer(new TreeView(failing), 'app/a.yaml'))).toEqual(answer);
  });

  test('do not hide that a tree is corrupt', async () => {
    const failing = { ...tree, read: () => Promise.reject(new SluiceError('source.corrupt', 'no')) };
    const answers = new TreeAnswers(0);
    await expect(answers.answer(new TreeView(failing), 'app/a.yaml')).rejects.toMatchObject({ code: 'source.corrupt' });
  });

  test('read equal files once', async () => {
    const twins = memoryTree({ 'a/x.yaml': 'same', 'b/y.yaml': 'same' });
    const answers = new TreeAnswers(1024);
    const view = new TreeView(twins);
    await answers.answer(view, 'a/x.yaml');
    await answers.answer(view, 'b/y.yaml');
    expect(twins.readPaths).toEqual(['a/x.yaml']);
  });
});

describe('what is sent ahead', () => {
  test("is the folder and its own files where nothing is known, not its folders' files", async () => {
    const ahead = await new TreeAnswers(1024).ahead(new TreeView(tree), 'app', undefined);
    expect([...ahead.keys()]).toEqual(['app', 'app/a.yaml', 'app/bom.yaml', 'app/latin.txt']);
  });

  test('is what was read last time where that is known', async () => {
    const ahead = await new TreeAnswers(1024).ahead(new TreeView(tree), 'app', ['app/sub/deep.yaml', 'app/gone']);
    expect(Object.fromEntries(ahead)).toEqual({
      'app/sub/deep.yaml': '{"kind":"file","text":"kind: D\\n"}',
      'app/gone': '{"kind":"missing"}',
    });
  });

  test('stays within its limits', async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f/${index}.yaml`, `n: ${index}`]));
    const large = { 'f/a.yaml': 'a'.repeat(200_000), 'f/b.yaml': 'b'.repeat(200_000) };
    const answers = new TreeAnswers(0);
    expect((await answers.ahead(new TreeView(memoryTree(many)), 'f', undefined)).size).toBe(64);
    expect([...(await answers.ahead(new TreeView(memoryTree(large)), 'f', undefined)).keys()]).toEqual([
      'f',
      'f/a.yaml',
    ]);
  });
});
