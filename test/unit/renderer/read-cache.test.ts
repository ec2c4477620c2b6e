import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { type ErrorCode, SluiceError } from '../../../src/errors.ts';
import type { Tree } from '../../../src/ports.ts';
import { type Computed, type Kept, ReadCache } from '../../../src/adapters/renderer/read-cache.ts';
import { TreeView } from '../../../src/adapters/renderer/tree-view.ts';
import { type Files, memoryTree } from './memory-tree.ts';

/** A toy build: a file names others, one a line; `*` is the folder's listing; a missing file is an error. */
async function toyBuild(tree: Tree, path: string): Promise<Computed<string>> {
  const reads: string[] = [];
  async function walk(at: string, depth: number): Promise<string> {
    reads.push(at);
    const entry = await tree.entry(at);
    if (entry?.type === 'directory') return `[${[...((await tree.list(at)) ?? new Map()).keys()].join()}]`;
    if (entry === undefined) throw new SluiceError('build.pathMissing', `no ${at}`);
    if (entry.type === 'refused') throw new SluiceError('build.refused', `${at} is a ${entry.reason}`);
    const text = new TextDecoder().decode(await tree.read(at));
    if (depth > 4) return text;
    const parts = await Promise.all(
      text.split('\n').map(async (line) => (line in names ? await walk(line, depth + 1) : line)),
    );
    return `${at}(${parts.join(';')})`;
  }
  try {
    return { outcome: { value: await walk(path, 0) }, reads, bytes: 100 };
  } catch (error) {
    return { outcome: { error: error as SluiceError }, reads, bytes: 100 };
  }
}

const names: Record<string, true> = { a: true, b: true, 'd/x': true, 'd/y': true, d: true };

const files: fc.Arbitrary<Files> = fc.dictionary(
  fc.constantFrom('a', 'b', 'd/x', 'd/y', 'unread'),
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.array(fc.constantFrom('a', 'b', 'd/x', 'd/y', 'd', 'text', '1')).map((lines) => lines.join('\n')),
    },
    { weight: 1, arbitrary: fc.constant({ refused: 'symlink' as const }) },
  ),
);

function settle(promise: Promise<{ readonly value: string }>): Promise<string> {
  return promise.then(
    ({ value }) => value,
    (error: SluiceError) => `${error.code}: ${error.message}`,
  );
}

describe('the cache', () => {
  test('gives what a build gives, for any trees and edits, one after the other or at once', async () => {
    const requests = fc.array(fc.record({ files, path: fc.constantFrom('a', 'b', 'd/x', 'd') }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(requests, fc.boolean(), fc.constantFrom(0, 700, 1_000_000), async (list, atOnce, limit) => {
        const cache = new ReadCache<string>(limit);
        const kept: Kept<string>[] = [];
        const run = async ({ files: content, path }: { files: Files; path: string }): Promise<void> => {
          const tree = memoryTree(content);
          const cached = cache.get(new TreeView(tree), path, path, () => toyBuild(tree, path));
          cached.then((one) => kept.push(one)).catch(() => {});
          const plain = await toyBuild(tree, path);
          const expected =
            'value' in plain.outcome
              ? plain.outcome.value
              : `${plain.outcome.error.code}: ${plain.outcome.error.message}`;
          expect(await settle(cached)).toBe(expected);
        };
        if (atOnce) await Promise.all(list.map(run));
        else for (const one of list) await run(one);
        // Equal digests, equal values.
        const byDigest = new Map<string, string>();
        for (const { digest, value } of kept) expect(byDigest.get(digest) ?? value).toBe(value);
      }),
      { numRuns: 120 },
    );
  });

  async function builds(...trees: readonly Tree[]): Promise<{ count: number; digests: string[] }> {
    const cache = new ReadCache<string>(10_000);
    let count = 0;
    const digests: string[] = [];
    for (const tree of trees) {
      const kept = await cache.get(new TreeView(tree), 'a', 'a', () => {
        count += 1;
        return toyBuild(tree, 'a');
      });
      digests.push(kept.digest);
    }
    return { count, digests };
  }

  const before = { a: 'b\nd', b: 'text', 'd/x': 'x', unread: '1' };

  test.each([
    ['a file that is not read', { ...before, unread: '2' }],
    ['a file below a folder that is only listed', { ...before, 'd/x': 'other' }],
  ])('builds once when %s changes', async (_, after) => {
    const { count, digests } = await builds(memoryTree(before), memoryTree(after), memoryTree(before));
    expect(count).toBe(1);
    expect(new Set(digests).size).toBe(1);
  });

  test.each([
    ['a file that is read changes', { ...before, b: 'other' }],
    ['a listed folder grows', { ...before, 'd/y': 'y' }],
    ['a listed file turns into a folder', { ...before, 'd/x': { refused: 'mode' as const } }],
  ])('builds again when %s, and not when it is put back', async (_, after) => {
    const { count, digests } = await builds(memoryTree(before), memoryTree(after), memoryTree(before));
    expect(count).toBe(2);
    expect(digests[0]).toBe(digests[2]);
    expect(digests[0]).not.toBe(digests[1]);
  });

  test('builds once for equal requests at once, on one tree or on two that differ elsewhere', async () => {
    const cache = new ReadCache<string>(10_000);
    let count = 0;
    const trees = [memoryTree({ 'd/x': 'b', b: '1' }), memoryTree({ 'd/x': 'b', b: '1', unread: '9' })];
    const ask = (tree: Tree): Promise<Kept<string>> =>
      cache.get(new TreeView(tree), 'd/x', 'd/x', () => {
        count += 1;
        return toyBuild(tree, 'd/x');
      });
    const kept = await Promise.all([...trees, ...trees].map(ask));
    expect(count).toBe(1);
    expect(kept.map(({ fresh }) => fresh)).toEqual([true, false, false, false]);
  });

  test.each<[ErrorCode, number]>([
    ['build.yaml', 1],
    ['build.remote', 1],
    ['build.timeout', 2],
    ['build.memory', 2],
    ['build.crash', 2],
    ['renderer.protocol', 2],
    ['renderer.unavailable', 2],
  ])('after %s builds %i times for two requests', async (code, expected) => {
    const cache = new ReadCache<string>(10_000);
    let count = 0;
    const ask = (): Promise<unknown> =>
      cache.get(new TreeView(memoryTree(before)), 'a', 'a', async () => {
        count += 1;
        const error = new SluiceError(code, 'no', { place: { file: 'a', line: 3 }, remedy: 'fix it' });
        return { outcome: { error }, reads: ['a'], bytes: 10 };
      });
    for (let turn = 0; turn < 2; turn++) {
      await expect(ask()).rejects.toMatchObject({ code, place: { file: 'a', line: 3 }, remedy: 'fix it' });
    }
    expect(count).toBe(expected);
  });

  test('forgets a computation that failed by itself', async () => {
    const cache = new ReadCache<string>(10_000);
    const tree = memoryTree(before);
    const broken = cache.get(new TreeView(tree), 'a', 'a', () => Promise.reject(new TypeError('disk')));
    await expect(broken).rejects.toThrow('disk');
    expect((await cache.get(new TreeView(tree), 'a', 'a', () => toyBuild(tree, 'a'))).fresh).toBe(true);
  });

  test('hands on what was read last time', async () => {
    const cache = new ReadCache<string>(10_000);
    const seen: unknown[] = [];
    for (const text of ['1', '2']) {
      const tree = memoryTree({ ...before, b: text });
      await cache.get(new TreeView(tree), 'a', 'a', (known) => {
        seen.push(known);
        return toyBuild(tree, 'a');
      });
    }
    expect(seen).toEqual([undefined, ['a', 'b', 'd']]);
  });

  test('stays within its bytes', async () => {
    const cache = new ReadCache<string>(1_000);
    let count = 0;
    for (const text of ['1', '2', '3', '1']) {
      const tree = memoryTree({ a: text });
      await cache.get(new TreeView(tree), 'a', 'a', async () => {
        count += 1;
        return { ...(await toyBuild(tree, 'a')), bytes: 250 };
      });
    }
    expect(count).toBe(4);
  });
});
