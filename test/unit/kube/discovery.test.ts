import { describe, expect, test } from 'vitest';
import {
  type DiscoveredGroup,
  readAggregated,
  readCoreVersions,
  readGroups,
  readResources,
  servedKinds,
} from '../../../src/adapters/kube/discovery.ts';
import type { JsonMapping } from '../../../src/object/json.ts';

const resource = (plural: string, kind: string, scope = 'Namespaced', more: object = {}): object => ({
  resource: plural,
  responseKind: { group: 'x', version: 'x', kind },
  scope,
  verbs: ['get', 'list'],
  ...more,
});
const version = (name: string, resources: object[], freshness = 'Current'): object => ({
  version: name,
  freshness,
  resources,
});
const group = (name: string | undefined, ...versions: object[]): object => ({ metadata: { name }, versions });
const aggregated = (...items: object[]): readonly DiscoveredGroup[] =>
  readAggregated({ kind: 'APIGroupDiscoveryList', metadata: {}, items } as JsonMapping) ?? [];

describe('aggregated discovery', () => {
  test('gives kinds with their scope, the preferred version first', () => {
    const kinds = servedKinds(
      aggregated(
        group(undefined, version('v1', [resource('configmaps', 'ConfigMap'), resource('nodes', 'Node', 'Cluster')])),
        group(
          'autoscaling',
          version('v2', [resource('hpas', 'HPA')]),
          version('v1', [resource('hpas', 'HPA'), resource('olds', 'Old')]),
        ),
      ),
    );
    expect(kinds.find('', 'ConfigMap')).toEqual({
      group: '',
      version: 'v1',
      kind: 'ConfigMap',
      plural: 'configmaps',
      namespaced: true,
      verbs: ['get', 'list'],
    });
    expect(kinds.find('', 'Node')?.namespaced).toBe(false);
    expect(kinds.find('autoscaling', 'HPA')?.version).toBe('v2');
    expect(kinds.find('autoscaling', 'Old')?.version).toBe('v1');
    expect(kinds.exactly('autoscaling', 'v1', 'HPA')?.version).toBe('v1');
    expect(kinds.exactly('autoscaling', 'v2', 'Old')).toBeUndefined();
    expect(kinds.find('autoscaling', 'hpa')).toBeUndefined();
    expect(kinds.find('apps', 'ConfigMap')).toBeUndefined();
    expect(kinds.all().map(({ kind }) => kind)).toEqual(['ConfigMap', 'Node', 'HPA', 'HPA', 'Old']);
  });

  test('marks groups that could not be asked, and only them', () => {
    const kinds = servedKinds(
      aggregated(
        group('fresh', version('v1', [resource('as', 'A')])),
        group('stale', version('v1', [resource('bs', 'B')], 'Stale')),
        group('half', version('v2', [resource('cs', 'C')]), version('v1', [], 'Stale')),
        group('empty'),
      ),
    );
    expect(['fresh', 'stale', 'half', 'empty', 'unheard'].map((name) => kinds.complete(name))).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
    expect(kinds.find('stale', 'B')).toBeDefined();
  });

  test('takes nothing on trust from an extension server', () => {
    const hostile = [
      resource('../secrets', 'A'),
      resource('a/b', 'A'),
      resource('as', 'A/../B'),
      resource('as', 'A', 'Everywhere'),
      resource('as', 'A', 'Namespaced', { responseKind: null }),
      resource('as', 'A', 'Namespaced', { resource: 5 }),
      null as never,
    ];
    expect(servedKinds(aggregated(group('evil.example', version('v1', hostile)))).all()).toEqual([]);
    const good = [resource('as', 'A')];
    expect(
      servedKinds(aggregated(group('a/../b', version('v1', good)), group('x', version('v1/..', good)))).all(),
    ).toEqual([]);
  });

  test('the first of two resources of one kind counts', () => {
    const kinds = servedKinds(
      aggregated(group('g', version('v1', [resource('as', 'A'), resource('bs', 'A', 'Cluster')]))),
    );
    expect(kinds.find('g', 'A')).toMatchObject({ plural: 'as', namespaced: true });
  });

  test('is something else where the server is older', () => {
    expect(readAggregated({ kind: 'APIGroupList', groups: [] })).toBeUndefined();
    expect(readAggregated({ kind: 'APIGroupDiscoveryList' })).toBeUndefined();
  });

  test('has an end', () => {
    const many = Array.from({ length: 50_001 }, (_, at) => resource(`r${at}`, `K${at}`));
    expect(() => servedKinds(aggregated(group('g', version('v1', many))))).toThrow(
      expect.objectContaining({ code: 'kube.tooLarge' }),
    );
  });
});

describe('plain discovery', () => {
  test('gives groups, the preferred version first', () => {
    const versions = ['v1beta1', 'v1'].map((name) => ({ groupVersion: `apps/${name}`, version: name }));
    const groups = [
      { name: 'apps', versions, preferredVersion: { version: 'v1' } },
      { name: '../x', versions },
      { name: 'y' },
    ];
    expect(readGroups({ kind: 'APIGroupList', groups })).toEqual([
      { group: 'apps', versions: ['v1', 'v1beta1'] },
      { group: 'y', versions: [] },
    ]);
    expect(readCoreVersions({ kind: 'APIVersions', versions: ['v1', 5 as never] })).toEqual(['v1']);
  });

  test('gives kinds, without subresources', () => {
    const resources = [
      { name: 'pods', kind: 'Pod', namespaced: true, verbs: ['get'] },
      { name: 'pods/exec', kind: 'PodExecOptions', namespaced: true, verbs: ['create'] },
      { name: 'nodes', kind: 'Node', namespaced: false, verbs: 'get' as never },
      { name: 'odd', kind: 'Odd', namespaced: 'true' as never, verbs: [] },
    ];
    expect(readResources('', 'v1', { resources })).toEqual([
      { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, verbs: ['get'] },
      { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false, verbs: [] },
    ]);
  });
});
