import { describe, expect, onTestFinished, test } from 'vitest';
import { memoryTree } from '../../unit/renderer/memory-tree.ts';
import { childProcesses, fakeRenderer, request, until } from './fake.ts';

const tree = memoryTree({ 'app/a.yaml': 'kind: A\n' });

describe('a child that misbehaves', () => {
  test.each([
    ['hang', 'build.timeout', { wallMs: 1_000 }],
    ['shout', 'build.timeout', { wallMs: 1_000 }],
    ['unending', 'build.timeout', { wallMs: 1_000 }],
    ['crash', 'build.crash', {}],
    ['panic', 'build.crash', {}],
    ['lastWords', 'build.crash', {}],
    ['memory', 'build.memory', {}],
    ['hog', 'build.memory', { maxResidentBytes: 256 * 1024 * 1024 }],
    ['giant', 'build.tooLarge', {}],
    ['garbage', 'renderer.protocol', {}],
    ['flood', 'renderer.protocol', {}],
    ['greedy', 'build.tooLarge', { maxReads: 500 }],
    ['escape', 'renderer.protocol', {}],
    ['twice', 'renderer.protocol', {}],
    ['unknownCode', 'renderer.protocol', {}],
    ['noShape', 'renderer.protocol', {}],
    ['prototype', 'renderer.protocol', {}],
  ])('%s: fails that request with %s, twice, and the next one works', async (misdeed, code, options) => {
    const renderer = fakeRenderer(options);
    onTestFinished(() => renderer.close());
    for (let turn = 0; turn < 2; turn++) {
      const building = renderer.build(request(tree, misdeed));
      const error = await building.catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'SluiceError', code });
      expect(JSON.stringify(error) + String(error)).not.toMatch(/CANARY|passwd|\/work\/|\/tmp\//);
    }
    expect((await renderer.build(request(tree, 'app'))).objects).toHaveLength(1);
    await renderer.close();
    await until(() => childProcesses().length === 0);
  });

  test('takes no other request down with it', async () => {
    const renderer = fakeRenderer({ children: 2, wallMs: 2_000 });
    onTestFinished(() => renderer.close());
    const paths = ['hang', 'app', 'crash', 'far', 'memory', 'nothing'];
    const all = await Promise.allSettled(paths.map((path) => renderer.build(request(tree, path))));
    expect(all.map(({ status }) => status)).toEqual(
      paths.map((path) => (['hang', 'crash', 'memory'].includes(path) ? 'rejected' : 'fulfilled')),
    );
  });

  test('killed from outside in the middle of a build: that build fails, the next works', async () => {
    const renderer = fakeRenderer();
    onTestFinished(() => renderer.close());
    const building = renderer.build(request(tree, 'hang')).catch((error: unknown) => error);
    await until(() => renderer.pids.length === 1);
    process.kill(renderer.pids[0] ?? 0, 'SIGKILL');
    expect(await building).toMatchObject({ code: 'build.crash' });
    expect((await renderer.build(request(tree, 'app'))).objects).toHaveLength(1);
    expect(renderer.counters).toMatchObject({ builds: 2, childrenStarted: 2 });
  });

  test('dead while idle is replaced without anybody noticing', async () => {
    const renderer = fakeRenderer();
    onTestFinished(() => renderer.close());
    await renderer.build(request(tree, 'app'));
    const [pid = 0] = renderer.pids;
    process.kill(pid, 'SIGKILL');
    await until(() => renderer.pids.length === 0);
    await expect(renderer.build(request(tree, 'nothing'))).resolves.toMatchObject({ objects: [] });
  });
});

describe('an error of the tree', () => {
  test('is what the caller sees, whatever the child makes of it', async () => {
    const renderer = fakeRenderer();
    onTestFinished(() => renderer.close());
    const broken = { ...tree, id: 'broken', read: () => Promise.reject(new Error('disk on fire')) };
    await expect(renderer.build(request(broken, 'app'))).rejects.toThrow('disk on fire');
    await expect(renderer.build(request(tree, 'app'))).resolves.toMatchObject({ copiesSecrets: false });
  });

  test('from the renderer comes with place and remedy, on one line', async () => {
    const renderer = fakeRenderer();
    onTestFinished(() => renderer.close());
    await expect(renderer.build(request(tree, 'refused'))).rejects.toMatchObject({
      code: 'build.remote',
      message: 'a b  c',
      remedy: 'vendor it',
      place: { file: 'a.yaml', line: 4 },
      kind: 'terminal',
    });
  });
});
