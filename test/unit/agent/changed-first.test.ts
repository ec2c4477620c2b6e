// The order in which readers of one source are due, by what of it changed.
import { expect, test } from 'vitest';
import { changedFirst } from '../../../src/agent/changed-first.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { Tree } from '../../../src/ports.ts';
import { memoryTree } from '../../../src/source/memory.ts';

const reader = (name: string, path?: string): readonly [string, KubeObject] => [
  `shop/${name}`,
  {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { namespace: 'shop', name },
    spec: { sourceRef: { kind: 'GitRepository', name: 'shop' }, ...(path !== undefined && { path }) },
  } as KubeObject,
];

const before = memoryTree({
  'apps/a/x.yaml': '1',
  'apps/b/x.yaml': '1',
  'apps/c/deep/x.yaml': '1',
  'base/x.yaml': '1',
});

test('whose folder changed, or came, is first; the rest keeps its order', async () => {
  const after = memoryTree({
    'apps/a/x.yaml': '1',
    'apps/b/x.yaml': '2',
    'apps/c/deep/x.yaml': '2',
    'apps/new/x.yaml': '1',
    'base/x.yaml': '1',
  });
  const readers = [
    reader('same', './apps/a'),
    reader('base', 'base/'),
    reader('changed', './apps/b'),
    reader('deeper', '/apps/c'),
    reader('came', 'apps/new'),
    reader('root'),
    reader('gone', 'apps/none'),
  ];
  expect(await changedFirst(readers, before, after)).toEqual([
    'shop/changed',
    'shop/deeper',
    'shop/came',
    'shop/root',
    'shop/same',
    'shop/base',
    'shop/gone',
  ]);
});

test('a path that leads out of the source, and a tree that cannot be read, lose nobody', async () => {
  const broken: Tree = {
    id: 'broken',
    list: () => Promise.resolve(undefined),
    read: () => Promise.reject(new Error('no disk')),
    entry: () => Promise.reject(new Error('no disk')),
  };
  const readers = [reader('out', '../../etc'), reader('a', 'apps/a')];
  expect(await changedFirst(readers, before, broken)).toEqual(['shop/out', 'shop/a']);
});
