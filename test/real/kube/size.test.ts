// Clusters that are large, or made large by somebody: 50,000 objects, 10,000 definitions, pages of the largest objects.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { KubeCluster, ObjectMetadata } from '../../../src/ports/kube.ts';
import {
  configMap,
  configMaps,
  connect,
  json,
  list,
  type Script,
  type Scripted,
  startScripted,
  watch,
} from './scripted.ts';

let server: Scripted;
let kube: KubeCluster;
beforeEach(async () => {
  server = await startScripted();
  kube = connect(server, { deadlineMs: 30_000 });
});
afterEach(async () => {
  kube.close();
  await server.stop();
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heapMiB = (): number => {
  collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
};

/** Answers lists of `total` objects, page by page as they are asked for. */
function pages(total: number, item: (index: number) => unknown): { script: Script; sizes: number[] } {
  const sizes: number[] = [];
  const script: Script = (response, asked) => {
    const query = new URL(asked.path, 'http://localhost').searchParams;
    if (query.has('watch')) return watch([])(response, asked);
    const from = Number(query.get('continue') ?? 0);
    const size = Math.min(Number(query.get('limit')), total - from);
    sizes.push(size);
    const next = from + size < total ? { continue: String(from + size) } : {};
    return list(
      Array.from({ length: size }, (_, index) => item(from + index)),
      next,
    )(response, asked);
  };
  return { script, sizes };
}

test('50,000 objects are followed in 50 pages and less than 50 MiB', async () => {
  const managedFields = [{ manager: 'kustomize-controller', fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } } }];
  const { script, sizes } = pages(50_000, (index) => {
    const owner = {
      'kustomize.toolkit.fluxcd.io/name': `app-${index % 1000}`,
      'kustomize.toolkit.fluxcd.io/namespace': 'a',
    };
    return configMap(`object-${index}`, {}, { labels: owner, annotations: { note: 'x'.repeat(200) }, managedFields });
  });
  server.answer(script);
  const stop = new AbortController();
  const before = heapMiB();
  let kept: readonly ObjectMetadata[] = [];
  const follower = {
    listed: (items: readonly ObjectMetadata[]) => {
      kept = items;
    },
    changed: () => undefined,
    deleted: () => undefined,
  };
  await kube.followMetadata(configMaps, follower, { signal: stop.signal });
  const grown = heapMiB() - before;
  expect(kept).toHaveLength(50_000);
  expect(kept.at(-1)?.name).toBe('object-49999');
  expect(sizes).toHaveLength(50);
  expect(grown).toBeLessThan(50);
  stop.abort();
});

test('10,000 groups of one kind are discovered at once and held in less than 30 MiB', async () => {
  const resources = [
    {
      resource: 'things',
      responseKind: { kind: 'Thing' },
      scope: 'Namespaced',
      verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    },
  ];
  const items = Array.from({ length: 10_000 }, (_, index) => ({
    metadata: { name: `group-${index}.example` },
    versions: [{ version: 'v1', freshness: 'Current', resources }],
  }));
  const all = JSON.stringify({ kind: 'APIGroupDiscoveryList', metadata: {}, items });
  const none = JSON.stringify({ kind: 'APIGroupDiscoveryList', metadata: {}, items: [] });
  server.answer((response, asked) => json(asked.path === '/apis' ? all : none, 200, { etag: '"1"' })(response, asked));
  const before = heapMiB();
  const kinds = await kube.kinds();
  expect(kinds.find('group-9999.example', 'Thing')).toMatchObject({ plural: 'things' });
  expect(heapMiB() - before).toBeLessThan(30);
  expect(server.asked).toHaveLength(2);
});

test('a page that large objects make too large is asked for in smaller ones, and the rest in whole ones again', async () => {
  const large = 'x'.repeat(1024 * 1024);
  const { script, sizes } = pages(2_000, (index) =>
    configMap(`object-${index}`, index < 30 ? { data: { large } } : {}, {}),
  );
  server.answer(script);
  const found = await kube.listMetadata(configMaps);
  expect(found.map(({ name }) => name)).toEqual(Array.from({ length: 2_000 }, (_, index) => `object-${index}`));
  expect(sizes.slice(0, 4)).toEqual([1000, 250, 62, 15]);
  expect(sizes.length).toBeLessThan(20);
  expect(sizes.at(-2)).toBeGreaterThan(400);
});

test('an object that no page can hold is an error, not a loop', async () => {
  const { script, sizes } = pages(2, () => configMap('huge', { data: { large: 'x'.repeat(17 * 1024 * 1024) } }));
  server.answer(script);
  await expect(kube.list(configMaps)).rejects.toMatchObject({ code: 'kube.tooLarge' });
  expect(sizes.length).toBeLessThan(8);
});
