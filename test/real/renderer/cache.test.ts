// What the cache and the closures promise, on the real renderer: never another answer than a build would give.
import fc from 'fast-check';
import { afterAll, expect, inject, test } from 'vitest';
import { createRenderer } from '../../../src/adapters/renderer/renderer.ts';
import type { Renderer, Tree } from '../../../src/ports.ts';
import { type Files, memoryTree } from '../../unit/renderer/memory-tree.ts';
import { request } from './fake.ts';

const cached = createRenderer({ binary: inject('renderer'), children: 2 });
const plain = createRenderer({ binary: inject('renderer'), children: 1, cacheBytes: 0 });
afterAll(() => Promise.all([cached.close(), plain.close()]));

function config(name: string, value: number): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {value: "${value}"}\n`;
}

const value = fc.integer({ min: 0, max: 2 });
const refused = fc.constant({ refused: 'symlink' as const });
const resources = fc.subarray(['a.yaml', 'b.yaml', '../base', '../bare', 'missing.yaml'], { minLength: 1 });

/** Files of a small tree by path; a path may be absent, another thing, or differ by a value. */
const someFiles: fc.Arbitrary<Files> = fc.record(
  {
    'app/kustomization.yaml': fc
      .tuple(resources, fc.boolean(), fc.boolean())
      .map(([list, generate, patch]) =>
        [
          `resources: [${list.join()}]`,
          generate ? 'configMapGenerator: [{name: g, files: [g.txt]}]' : '',
          patch ? 'patches: [{path: patch.yaml, target: {kind: ConfigMap}}]' : '',
        ].join('\n'),
      ),
    'app/a.yaml': fc.oneof(
      { weight: 9, arbitrary: value.map((n) => config('a', n)) },
      { weight: 1, arbitrary: refused },
    ),
    'app/b.yaml': value.map((n) => config('b', n)),
    'app/g.txt': value.map(String),
    'app/patch.yaml': value.map((n) => `- {op: add, path: /data/patched, value: "${n}"}\n`),
    'app/unread.md': value.map(String),
    'base/kustomization.yaml': fc.constant('resources: [c.yaml]\n'),
    'base/c.yaml': value.map((n) => config('c', n)),
    'bare/d.yaml': value.map((n) => config('d', n)),
    'bare/deep/e.yaml': value.map((n) => config('e', n)),
  },
  { requiredKeys: ['app/kustomization.yaml'] },
);

async function answer(renderer: Renderer, tree: Tree, path: string): Promise<string> {
  try {
    const { digest: _, ...build } = await renderer.build(request(tree, path));
    return JSON.stringify(build);
  } catch (error) {
    const { code, message, place } = error as { code: string; message: string; place: unknown };
    return JSON.stringify({ code, message, place });
  }
}

test('a kept result is what a build gives; equal closures are equal builds; equal digests are equal results', async () => {
  const byClosure = new Map<string, string>();
  const byDigest = new Map<string, string>();
  await fc.assert(
    fc.asyncProperty(
      fc.array(someFiles, { minLength: 2, maxLength: 6 }),
      fc.constantFrom('app', 'bare', ''),
      async (edits, path) => {
        await Promise.all(
          edits.map(async (files) => {
            const tree = memoryTree(files);
            const expected = await answer(plain, tree, path);
            expect(await answer(cached, tree, path)).toBe(expected);
            const closure = await cached.closure(request(tree, path)).catch(() => undefined);
            if (closure !== undefined) {
              expect(byClosure.get(closure.digest) ?? expected).toBe(expected);
              byClosure.set(closure.digest, expected);
            }
            const build = await cached.build(request(tree, path)).catch(() => undefined);
            if (build !== undefined) {
              expect(byDigest.get(build.digest) ?? expected).toBe(expected);
              byDigest.set(build.digest, expected);
            }
          }),
        );
      },
    ),
    { numRuns: 100 },
  );
  expect(cached.counters.cacheHits).toBeGreaterThan(0);
  expect(cached.counters.builds).toBeLessThan(plain.counters.builds);
  // The trees must be good often enough for the above to mean something.
  expect(byDigest.size).toBeGreaterThan(20);
});
