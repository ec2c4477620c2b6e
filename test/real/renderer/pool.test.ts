import { existsSync, readlinkSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { memoryTree } from '../../unit/renderer/memory-tree.ts';
import { fakeRenderer, request, runs, until } from './fake.ts';

const tree = memoryTree({ 'app/a.yaml': 'kind: A\n', 'app/b.yaml': 'kind: B\n', 'far/c.yaml': 'kind: C\n' });

describe('the pool', () => {
  test('starts no child before the first request and no more than it may', async () => {
    const renderer = fakeRenderer({ children: 2 });
    onTestFinished(() => renderer.close());
    expect(renderer.counters.childrenStarted).toBe(0);
    const trees = Array.from({ length: 9 }, (_, index) => memoryTree({ 'app/a.yaml': `n: ${index}` }));
    const builds = await Promise.all(
      trees.map((one, index) => renderer.build({ ...request(one, 'app'), spec: { namePrefix: `${index}` } })),
    );
    expect(new Set(builds.map(({ digest }) => digest)).size).toBe(9);
    expect(builds.map(({ objects }) => JSON.stringify(objects[0]?.object['data']))).toEqual(
      trees.map((_, index) => `{"kind":"file","text":"n: ${index}"}`),
    );
    expect(renderer.counters).toEqual({ builds: 9, cacheHits: 0, closures: 0, childrenStarted: 2 });
  });

  test('builds equal requests once and counts exactly', async () => {
    const renderer = fakeRenderer();
    onTestFinished(() => renderer.close());
    const [one, two] = await Promise.all([renderer.build(request(tree, 'app')), renderer.build(request(tree, 'app'))]);
    const elsewhere = memoryTree({ 'app/a.yaml': 'kind: A\n', 'app/b.yaml': 'kind: B\n', 'far/c.yaml': 'changed' });
    const three = await renderer.build(request(elsewhere, 'app'));
    expect(two.objects).toBe(one.objects);
    expect(three).toEqual(one);
    expect(Object.isFrozen(three) && Object.isFrozen(three.objects[0]?.object.metadata)).toBe(true);
    await renderer.build(request(elsewhere, 'far'));
    expect(renderer.counters).toEqual({ builds: 2, cacheHits: 2, closures: 0, childrenStarted: 1 });
  });

  test('builds apart what differs in spec or substitution alone', async () => {
    const renderer = fakeRenderer();
    onTestFinished(() => renderer.close());
    const base = request(tree, 'app');
    const substitution = { variables: { A: '1' }, undetermined: [], always: false };
    const requests = [
      base,
      { ...base, spec: { namePrefix: 'a-' } },
      { ...base, substitution },
      { ...base, substitution: { ...substitution, variables: { A: '2' } } },
      { ...base, substitution: { ...substitution, undetermined: ['Secret a/b'] } },
    ];
    const builds = await Promise.all(requests.map((one) => renderer.build(one)));
    expect(new Set(builds.map(({ digest }) => digest)).size).toBe(requests.length);
    expect(renderer.counters.builds).toBe(requests.length);
  });

  test('leaves no process and no folder behind', async () => {
    const renderer = fakeRenderer({ children: 2 });
    await Promise.all([renderer.build(request(tree, 'app')), renderer.build(request(tree, 'far'))]);
    const pids = renderer.pids;
    expect(pids).toHaveLength(2);
    for (const pid of pids) {
      const [, directory = ''] = /^(.*\/sluice-renderer-\w+) \(deleted\)$/.exec(readlinkSync(`/proc/${pid}/cwd`)) ?? [];
      expect(directory).not.toBe('');
      expect(existsSync(directory)).toBe(false);
    }
    await renderer.close();
    await until(() => !pids.some(runs));
  });

  test('closes while it works: open and waiting requests fail at once', async () => {
    const renderer = fakeRenderer();
    const open = Promise.allSettled(['hang', 'app', 'far'].map((path) => renderer.build(request(tree, path))));
    await until(() => renderer.pids.length === 1);
    const pids = renderer.pids;
    await renderer.close();
    for (const result of await open) {
      expect(result).toMatchObject({ status: 'rejected', reason: { code: 'renderer.unavailable' } });
    }
    await expect(renderer.build(request(tree, 'app'))).rejects.toMatchObject({ code: 'renderer.unavailable' });
    await until(() => !pids.some(runs));
  });

  test('prewarmed has its children before the first request', async () => {
    const renderer = fakeRenderer({ children: 2, prewarm: true });
    onTestFinished(() => renderer.close());
    await until(() => renderer.counters.childrenStarted === 2);
    await renderer.build(request(tree, 'app'));
    expect(renderer.counters.childrenStarted).toBe(2);
  });
});

describe('a program that is no renderer', () => {
  test.each([
    ['is not there', { binary: '/nowhere/renderer', args: [] }, undefined],
    ['exits at once', { binary: '/bin/false', args: [] }, undefined],
    ['says nothing', { slowMs: 500 }, 'mute'],
    ['speaks another protocol', {}, 'old'],
    ['cannot be found', { binary: () => Promise.reject(new Error('no binary')) }, undefined],
  ])('%s: every request says so', async (_, options, mode) => {
    const renderer = fakeRenderer(options, mode);
    onTestFinished(() => renderer.close());
    for (let turn = 0; turn < 2; turn++) {
      await expect(renderer.build(request(tree, 'app'))).rejects.toThrow(/renderer|no binary/);
    }
    expect(renderer.pids).toEqual([]);
  });
});
