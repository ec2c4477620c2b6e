import { describe, expect, test } from 'vitest';
import { serve } from '../../../src/apply/served.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import { MemoryCluster, servedKind } from '../../kube-memory/cluster.ts';
import { configMap, deployment } from './manifests.ts';

const cluster = new MemoryCluster();
const flux: readonly (readonly [string, string, string])[] = [
  ['source.toolkit.fluxcd.io', 'v1', 'GitRepository'],
  ['notification.toolkit.fluxcd.io', 'v1beta3', 'Alert'],
  ['image.toolkit.fluxcd.io', 'v1', 'ImagePolicy'],
  ['example.com', 'v1', 'Widget'],
];
cluster.served.push(...flux.map(([group, version, kind]) => servedKind([group, version, kind, true])));
cluster.incomplete = ['metrics.k8s.io'];
const kinds = cluster.kinds();

function object(apiVersion: string, kind: string, namespace: string | undefined = 'a'): KubeObject {
  return { apiVersion, kind, metadata: { name: 'x', ...(namespace === '' ? {} : { namespace }) } };
}

test('a served version is taken as it is written', () => {
  const manifest = deployment();
  expect(serve(manifest, kinds)).toEqual({
    address: { kind: kinds.find('apps', 'Deployment'), namespace: 'a', name: 'web' },
    object: manifest,
    note: undefined,
  });
});

describe('documents of Flux in a version that is no longer served', () => {
  test.each([
    ['kustomize.toolkit.fluxcd.io/v1beta2', 'Kustomization', 'kustomize.toolkit.fluxcd.io/v1'],
    ['kustomize.toolkit.fluxcd.io/v1beta1', 'Kustomization', 'kustomize.toolkit.fluxcd.io/v1'],
    ['source.toolkit.fluxcd.io/v1beta2', 'GitRepository', 'source.toolkit.fluxcd.io/v1'],
    ['helm.toolkit.fluxcd.io/v2beta1', 'HelmRelease', 'helm.toolkit.fluxcd.io/v2'],
    ['helm.toolkit.fluxcd.io/v2beta2', 'HelmRelease', 'helm.toolkit.fluxcd.io/v2'],
    ['notification.toolkit.fluxcd.io/v1beta1', 'Alert', 'notification.toolkit.fluxcd.io/v1beta3'],
    ['image.toolkit.fluxcd.io/v1alpha2', 'ImagePolicy', 'image.toolkit.fluxcd.io/v1'],
  ])('%s %s is applied as %s', (apiVersion, kind, served) => {
    const found = serve(object(apiVersion, kind), kinds);
    expect(found.object).toEqual(object(served, kind));
    expect(found.note).toBe(
      `${apiVersion} is no longer served, so it was applied as ${served}; write ${served} in Git`,
    );
  });

  test.each([
    ['kustomize.toolkit.fluxcd.io/v2', 'Kustomization', 'kustomize.toolkit.fluxcd.io/v1'],
    ['notification.toolkit.fluxcd.io/v1', 'Alert', 'notification.toolkit.fluxcd.io/v1beta3'],
    ['notification.toolkit.fluxcd.io/v1beta4', 'Alert', 'notification.toolkit.fluxcd.io/v1beta3'],
    ['helm.toolkit.fluxcd.io/v2beta3x', 'HelmRelease', 'helm.toolkit.fluxcd.io/v2'],
    ['apps/v1beta2', 'Deployment', 'apps/v1'],
    ['example.com/v1beta1', 'Widget', 'example.com/v1'],
    ['v2', 'ConfigMap', 'v1'],
  ])('but not %s %s, which names what is served', (apiVersion, kind, served) => {
    expect(() => serve(object(apiVersion, kind), kinds)).toThrow(
      expect.objectContaining({ code: 'kube.gone', message: expect.stringContaining(`, but in ${served}`) }),
    );
  });
});

test.each([
  [
    'a kind that nobody serves',
    object('example.com/v1', 'Gadget'),
    { code: 'kube.gone', remedy: expect.stringContaining('CustomResourceDefinition') },
  ],
  [
    'a kind of a group that cannot be asked',
    object('metrics.k8s.io/v1', 'PodMetrics'),
    { code: 'kube.unavailable', kind: 'transient' },
  ],
  ['a namespaced kind without namespace', object('v1', 'ConfigMap', ''), { code: 'kube.path' }],
  ['a cluster-scoped kind that names a namespace', object('v1', 'Namespace', 'a'), { code: 'kube.path' }],
  ['a kind in other letters', { ...configMap('x'), kind: 'configmap' }, { code: 'kube.gone' }],
] as [string, KubeObject, object][])('%s is an error', (_name, manifest, error) => {
  expect(() => serve(manifest, kinds)).toThrow(expect.objectContaining(error));
});
