import { mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { openRepository } from '../../../src/adapters/git/repository.ts';
import type { Tree } from '../../../src/ports.ts';
import { type PackedObject, RawRepository, rawDelta, rawId, rawTree } from './objects.ts';
import { failure, longestPause, text } from './read.ts';

const repository = new RawRepository();
afterAll(() => repository.remove());

const good = repository.object('blob', 'kind: ConfigMap\n');
const folder = repository.tree([{ mode: '100644', name: 'good.yaml', oid: good }]);
const missing = '1'.repeat(40);

async function treeOf(entries: Parameters<RawRepository['tree']>[0]): Promise<Tree> {
  const opened = await openRepository(repository.folder);
  return opened.tree(repository.commit(repository.tree(entries)));
}

/** A bad entry harms nobody: the file beside it reads. */
async function expectGood(tree: Tree): Promise<void> {
  expect(await text(tree, 'good.yaml')).toBe('kind: ConfigMap\n');
}

const beside = { mode: '100644', name: 'good.yaml', oid: good };

describe('refused entries', () => {
  const link = repository.object('blob', '/etc/passwd');
  const cases: [string, { mode: string; name: string | Uint8Array; oid: string }, string, string, string][] = [
    [
      '099 a link to a file of the machine',
      { mode: '120000', name: 'link.yaml', oid: link },
      'link.yaml',
      'symlink',
      'source.symlink',
    ],
    [
      '099 a link to itself',
      { mode: '120000', name: 'self', oid: repository.object('blob', 'self') },
      'self',
      'symlink',
      'source.symlink',
    ],
    ['a submodule', { mode: '160000', name: 'sub', oid: missing }, 'sub', 'submodule', 'source.submodule'],
    ['101 a slash', { mode: '100644', name: 'a/b', oid: good }, 'a\\x2fb', 'name', 'source.name'],
    ['101 a backslash', { mode: '100644', name: 'a\\b', oid: good }, 'a\\\\b', 'name', 'source.name'],
    ['the parent folder', { mode: '40000', name: '..', oid: folder }, '\\u{2e}\\u{2e}', 'name', 'source.name'],
    ['the folder itself', { mode: '40000', name: '.', oid: folder }, '\\u{2e}', 'name', 'source.name'],
    ['.git', { mode: '40000', name: '.git', oid: folder }, '.git', 'name', 'source.name'],
    ['.GiT', { mode: '40000', name: '.GiT', oid: folder }, '.GiT', 'name', 'source.name'],
    ['an NTFS short name', { mode: '40000', name: 'GIT~1', oid: folder }, 'GIT~1', 'name', 'source.name'],
    [
      'an NTFS stream',
      { mode: '40000', name: '.git::$INDEX_ALLOCATION', oid: folder },
      '.git::$INDEX_ALLOCATION',
      'name',
      'source.name',
    ],
    ['an HFS+ alias', { mode: '40000', name: '.g\u200cit', oid: folder }, '.g\\u{200c}it', 'name', 'source.name'],
    ['104 a line break', { mode: '100644', name: 'a\nb.yaml', oid: good }, 'a\\x0ab.yaml', 'name', 'source.name'],
    [
      '104 an escape sequence',
      { mode: '100644', name: '\u001b[31mred', oid: good },
      '\\x1b[31mred',
      'name',
      'source.name',
    ],
    [
      '104 a direction override',
      { mode: '100644', name: 'a\u202elmay.b', oid: good },
      'a\\u{202e}lmay.b',
      'name',
      'source.name',
    ],
    ['104 a leading dash', { mode: '100644', name: '--exec=x', oid: good }, '--exec=x', 'name', 'source.name'],
    ['104 300 bytes', { mode: '100644', name: 'x'.repeat(300), oid: good }, 'x'.repeat(300), 'name', 'source.name'],
    ['104 a trailing space', { mode: '100644', name: 'a ', oid: good }, 'a ', 'name', 'source.name'],
    ['104 a trailing dot', { mode: '100644', name: 'a.', oid: good }, 'a.', 'name', 'source.name'],
    ['invalid UTF-8', { mode: '100644', name: Buffer.from([0x61, 0xff]), oid: good }, 'a\\xff', 'name', 'source.name'],
    ['106 a setuid mode', { mode: '104755', name: 'tool', oid: good }, 'tool', 'mode', 'source.mode'],
    ['106 a mode of nothing', { mode: '170000', name: 'odd', oid: good }, 'odd', 'mode', 'source.mode'],
  ];

  test.each(cases)('%s', async (_title, entry, key, reason, code) => {
    const tree = await treeOf([entry, beside]);
    expect((await tree.list(''))?.get(key)).toEqual({ type: 'refused', reason });
    expect((await failure(tree.read(key))).code).toBe(code);
    if (typeof entry.name === 'string' && entry.name !== key) expect(await tree.entry(entry.name)).toBeUndefined();
    await expectGood(tree);
  });

  test('a path below a link answers with the link', async () => {
    const tree = await treeOf([{ mode: '120000', name: 'base', oid: link }, beside]);
    expect(await tree.entry('base/kustomization.yaml')).toEqual({ type: 'refused', reason: 'symlink' });
    expect((await failure(tree.read('base/kustomization.yaml'))).code).toBe('source.symlink');
  });

  test('102 names that stand for each other are all refused', async () => {
    const names: [string, string][] = [
      ['x', '120000'],
      ['x', '40000'],
      ['App.yaml', '100644'],
      ['app.yaml', '100644'],
      ['caf\u00e9', '100644'],
      ['cafe\u0301', '100644'],
      ['stra\u00dfe', '100644'],
      ['STRASSE', '100644'],
    ];
    const tree = await treeOf([
      ...names.map(([name, mode]) => ({ name, mode, oid: mode === '40000' ? folder : good })),
      beside,
    ]);
    for (const [name] of names) expect(await tree.entry(name)).toEqual({ type: 'refused', reason: 'duplicate' });
    expect((await failure(tree.read('app.yaml'))).code).toBe('source.duplicate');
    await expectGood(tree);
  });

  test('106 old modes are files', async () => {
    const modes = ['100644', '100755', '100664', '100600', '0100644'];
    const tree = await treeOf([
      ...modes.map((mode, at) => ({ mode, name: `f${at}`, oid: good })),
      { mode: '040000', name: 'd', oid: folder },
    ]);
    for (const at of modes.keys()) expect(await tree.entry(`f${at}`)).toEqual({ type: 'file', oid: good });
    expect(await text(tree, 'd/good.yaml')).toBe('kind: ConfigMap\n');
  });

  test('116 an LFS pointer is the text it is', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n';
    const tree = await treeOf([{ mode: '100644', name: 'big.yaml', oid: repository.object('blob', pointer) }]);
    expect(await text(tree, 'big.yaml')).toBe(pointer);
  });
});

describe('limits', () => {
  const bombSize = 600 * 1024 * 1024;
  // A megabyte of zeros deflates to a kilobyte; the stream repeats it.
  const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024));
  const honest = deflateSync(
    Buffer.concat([Buffer.from(`blob ${64 * 1024 * 1024}\0`), Buffer.alloc(64 * 1024 * 1024)]),
  );
  const liar = deflateSync(Buffer.concat([Buffer.from('blob 16\0'), Buffer.alloc(64 * 1024 * 1024)]));

  test.each<[string, string, (oid: string) => void, string]>([
    ['a loose object that says how large it is', 'a1', (oid) => repository.loose(oid, honest), 'source.tooLarge'],
    ['a loose object that says it is small', 'a2', (oid) => repository.loose(oid, liar), 'source.corrupt'],
    [
      'a packed object that says how large it is',
      'a3',
      (oid) => repository.pack([{ oid, kind: 3, size: bombSize, content: bomb }]),
      'source.tooLarge',
    ],
    [
      'a packed object that says it is small',
      'a4',
      (oid) => repository.pack([{ oid, kind: 3, size: 2 * 1024 * 1024, content: Buffer.alloc(64 * 1024 * 1024) }]),
      'source.corrupt',
    ],
  ])('107 %s stops at the ceiling', async (_title, start, write, code) => {
    const oid = start.repeat(20);
    write(oid);
    const tree = await treeOf([{ mode: '100644', name: 'bomb.yaml', oid }, beside]);
    const before = process.memoryUsage().arrayBuffers;
    let error: Awaited<ReturnType<typeof failure>> | undefined;
    const pauses: number[] = [];
    // The best of three: a busy machine makes pauses of its own.
    for (let attempt = 0; attempt < 3; attempt++) {
      const read = async (): Promise<void> => {
        error = await failure(tree.read('bomb.yaml'));
      };
      pauses.push(await longestPause(read));
    }
    expect(error?.code).toBe(code);
    expect(error?.place).toEqual({ file: 'bomb.yaml' });
    expect(Math.min(...pauses)).toBeLessThan(50);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(80 * 1024 * 1024);
    await expectGood(tree);
  });

  test('107 a tree that inflates without end', async () => {
    const oid = 'a5'.repeat(20);
    repository.loose(
      oid,
      deflateSync(Buffer.concat([Buffer.from(`tree ${64 * 1024 * 1024}\0`), Buffer.alloc(64 * 1024 * 1024)])),
    );
    const tree = await treeOf([{ mode: '40000', name: 'bomb', oid }, beside]);
    expect((await failure(tree.list('bomb'))).code).toBe('source.tooLarge');
    await expectGood(tree);
  });

  test('107 a delta that announces too much, and one whose instructions leave their base', async () => {
    const base = { oid: rawId('blob', Buffer.alloc(64)), kind: 3, content: Buffer.alloc(64) };
    const large = 'b1'.repeat(20);
    const wild = 'b2'.repeat(20);
    const self = 'b3'.repeat(20);
    repository.pack([
      base,
      { oid: large, kind: 6, base: base.oid, content: rawDelta(64, bombSize, [0x90, 64]) },
      { oid: wild, kind: 6, base: base.oid, content: rawDelta(64, 64, [0x91, 32, 64]) },
      { oid: self, kind: 7, baseOid: self, content: rawDelta(64, 64, [0x90, 64]) },
    ]);
    const tree = await treeOf(
      [large, wild, self].map((oid, at) => ({ mode: '100644', name: `f${at}`, oid })).concat(beside),
    );
    expect((await failure(tree.read('f0'))).code).toBe('source.tooLarge');
    expect((await failure(tree.read('f1'))).code).toBe('source.corrupt');
    expect((await failure(tree.read('f2'))).code).toBe('source.corrupt');
    await expectGood(tree);
  });

  test('107 deltas that lead in a circle, read at once', async () => {
    const oids = ['c1', 'c2', 'c3'].map((start) => start.repeat(20));
    const objects = oids.map(
      (oid, at): PackedObject => ({
        oid,
        kind: 7,
        baseOid: oids[(at + 1) % 3] ?? '',
        content: rawDelta(4, 4, [0x90, 4]),
      }),
    );
    repository.pack(objects);
    const tree = await treeOf(oids.map((oid, at) => ({ mode: '100644', name: `f${at}`, oid })).concat(beside));
    const errors = await Promise.all(oids.map((_oid, at) => failure(tree.read(`f${at}`))));
    expect(errors.map(({ code }) => code)).toEqual(['source.corrupt', 'source.corrupt', 'source.corrupt']);
    await expectGood(tree);
  });

  test('109 a folder of 100,000 entries', async () => {
    const entries = Array.from({ length: 100_000 }, (_one, at) => ({ mode: '100644', name: `f${at}.yaml`, oid: good }));
    const tree = await treeOf([{ mode: '40000', name: 'many', oid: repository.tree(entries) }, beside]);
    const error = await failure(tree.list('many'));
    expect(error.code).toBe('source.tooMany');
    await expectGood(tree);
  });

  test('109 a tree 2,000 levels deep', async () => {
    let oid = folder;
    for (let level = 0; level < 2_000; level++) oid = repository.tree([{ mode: '40000', name: 'd', oid }]);
    const tree = await treeOf([{ mode: '40000', name: 'd', oid }, beside]);
    expect((await tree.list(`${'d/'.repeat(99)}d`))?.size).toBe(1);
    expect((await failure(tree.list(`${'d/'.repeat(1_999)}d`))).code).toBe('source.tooDeep');
    expect((await failure(tree.read(`${'d/'.repeat(2_001)}good.yaml`))).code).toBe('source.tooDeep');
    await expectGood(tree);
  });

  test('109 a commit message of 100 MB and one with 10,000 parents', async () => {
    const opened = await openRepository(repository.folder);
    const who = 'A <a@example.com> 1 +0000';
    const head = `tree ${folder}\nauthor ${who}\ncommitter ${who}\n\n`;
    const long = repository.object('commit', Buffer.concat([Buffer.from(head), Buffer.alloc(20 * 1024 * 1024, 97)]));
    expect((await failure(opened.tree(long))).code).toBe('source.tooLarge');
    const parents = Array.from({ length: 10_000 }, () => missing);
    expect((await opened.tree(repository.commit(folder, parents))).id).toBe(folder);
  });
});

describe('what is broken is never a partial tree', () => {
  test.each<[string, string, (oid: string) => void]>([
    ['is missing', 'd1', () => undefined],
    ['is no zlib stream', 'd2', (oid) => repository.loose(oid, Buffer.from('not zlib at all'))],
    ['is cut short', 'd3', (oid) => repository.loose(oid, deflateSync(Buffer.from('blob 5\0hello')).subarray(0, 12))],
    ['is empty', 'd4', (oid) => repository.loose(oid, Buffer.alloc(0))],
    ['has a header of another kind', 'd5', (oid) => repository.loose(oid, deflateSync(Buffer.from('blobs 5\0hello')))],
    [
      'has another length than announced',
      'd6',
      (oid) => repository.loose(oid, deflateSync(Buffer.from('blob 9\0hello'))),
    ],
    [
      'holds other bytes than its id says',
      'd7',
      (oid) => repository.loose(oid, deflateSync(Buffer.from('blob 5\0hello'))),
    ],
    [
      'holds other bytes than its id says, in a pack',
      'd8',
      (oid) => repository.pack([{ oid, kind: 3, content: Buffer.from('hello') }]),
    ],
    [
      'is in a pack that is cut short',
      'd9',
      (oid) => repository.pack([{ oid, kind: 3, content: Buffer.from('hello') }], 25),
    ],
    [
      'is a delta of something that is missing',
      'da',
      (oid) => repository.pack([{ oid, kind: 7, baseOid: missing, content: rawDelta(4, 4, [0x90, 4]) }]),
    ],
    ['has an unknown kind', 'db', (oid) => repository.pack([{ oid, kind: 5, content: Buffer.from('hello') }])],
  ])('111 a file that %s', async (_title, start, write) => {
    const oid = start.repeat(20);
    write(oid);
    const tree = await treeOf([{ mode: '100644', name: 'bad.yaml', oid }, beside]);
    const error = await failure(tree.read('bad.yaml'));
    expect(error.code).toBe('source.corrupt');
    expect(error.message).toContain('bad.yaml');
    await expectGood(tree);
  });

  test.each<[string, Buffer]>([
    ['ends inside an id', rawTree([beside]).subarray(0, 30)],
    ['has a mode that is no number', rawTree([{ mode: 'rwx', name: 'a', oid: good }])],
    ['is text', Buffer.from('hello')],
  ])('111 a tree that %s', async (_title, bytes) => {
    const opened = await openRepository(repository.folder);
    const commit = repository.commit(repository.object('tree', bytes));
    expect((await failure(opened.tree(commit))).code).toBe('source.corrupt');
  });

  test('111 a tree that is not here', async () => {
    const opened = await openRepository(repository.folder);
    expect((await failure(opened.tree(repository.commit(missing)))).code).toBe('source.corrupt');
  });

  test('an index that cannot be read once is read the next time', async () => {
    const own = new RawRepository();
    onTestFinished(() => own.remove());
    const bytes = Buffer.from('hello');
    own.pack([{ oid: rawId('blob', bytes), kind: 3, content: bytes }]);
    const commit = own.commit(own.tree([{ mode: '100644', name: 'a', oid: rawId('blob', bytes) }]));
    const packs = join(own.folder, 'objects', 'pack');
    const index = join(packs, readdirSync(packs).find((name) => name.endsWith('.idx')) ?? '');
    renameSync(index, `${index}.away`);
    mkdirSync(index);
    const opened = await openRepository(own.folder);
    expect((await failure(opened.tree(commit))).code).toBe('source.corrupt');
    rmdirSync(index);
    renameSync(`${index}.away`, index);
    expect(await text(await opened.tree(commit), 'a')).toBe('hello');
  });

  const who = 'A <a@example.com> 1 +0000';
  test.each<[string, string]>([
    ['two trees', `tree ${folder}\ntree ${folder}\nauthor ${who}\ncommitter ${who}\n\nm`],
    ['a second tree after the committer', `tree ${folder}\nauthor ${who}\ncommitter ${who}\ntree ${folder}\n\nm`],
    ['no tree', `author ${who}\ncommitter ${who}\n\nm`],
    ['a parent that is no id', `tree ${folder}\nparent x\nauthor ${who}\ncommitter ${who}\n\nm`],
    ['a NUL in its headers', `tree ${folder}\nauthor \0 ${who}\ncommitter ${who}\n\nm`],
    ['no author', `tree ${folder}\ncommitter ${who}\n\nm`],
  ])('112 a commit with %s', async (_title, content) => {
    const opened = await openRepository(repository.folder);
    expect((await failure(opened.tree(repository.object('commit', content)))).code).toBe('source.corrupt');
    await expectGood(await treeOf([beside]));
  });
});

describe('114 names of references', () => {
  beforeAll(() => repository.ref('refs/heads/main', repository.commit(folder)));

  test.each([
    'refs/heads/../../config',
    '--output=x',
    '-x',
    'a:b',
    'a b',
    'a..b',
    '@{upstream}',
    'x'.repeat(4096),
    'main\u0000',
    'main\n',
    'a\\b',
    '/etc/passwd',
    'refs/heads/main.lock',
    '.git/config',
    '',
    'ref\u202e',
  ])('%j is refused', async (name) => {
    const opened = await openRepository(repository.folder);
    expect((await failure(opened.resolve(name))).code).toBe('source.refMissing');
    expect((await failure(opened.resolveRef({ branch: name }))).code).toBe('source.refMissing');
    expect((await failure(opened.resolveRef({ tag: name }))).code).toBe('source.refMissing');
    expect((await failure(opened.resolveRef({ name }))).code).toBe('source.refMissing');
    expect((await failure(opened.resolveRef({ commit: name }))).code).toBe('source.refMissing');
  });

  test('files of the repository are no references', async () => {
    const opened = await openRepository(repository.folder);
    for (const name of ['config', 'objects', 'packed-refs']) expect(await opened.resolve(name)).toBeUndefined();
  });

  test('a branch named like a commit does not stand for it', async () => {
    const first = repository.commit(folder, [], 1);
    const second = repository.commit(folder, [], 2);
    repository.ref(`refs/heads/${first}`, second);
    const opened = await openRepository(repository.folder);
    expect(await opened.resolve(first)).toBe(first);
  });

  test('a symbolic reference may not leave the references, and no circle hangs', async () => {
    repository.write('refs/heads/out', 'ref: ../../etc/passwd\n');
    repository.write('refs/heads/one', 'ref: refs/heads/two\n');
    repository.write('refs/heads/two', 'ref: refs/heads/one\n');
    const opened = await openRepository(repository.folder);
    for (const name of ['out', 'one']) expect((await failure(opened.resolve(name))).code).toBe('source.corrupt');
    expect(await opened.resolve('main')).toMatch(/^[0-9a-f]{40}$/);
  });
});
