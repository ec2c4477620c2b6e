import { describe, expect, test } from 'vitest';
import { createKindTable, guessedPlural, isBuiltinGroup, kindsOfCrd } from '../../../src/object/kinds.ts';
import type { KubeObject } from '../../../src/object/object.ts';

function crd(changes: { spec?: object; names?: object; name?: string; apiVersion?: string } = {}): KubeObject {
  return {
    apiVersion: changes.apiVersion ?? 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: changes.name ?? 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets', ...changes.names },
      versions: [
        { name: 'v1', served: true },
        { name: 'v1beta1', served: false },
      ],
      ...changes.spec,
    },
  };
}

const widget = { group: 'example.com', kind: 'Widget', plural: 'widgets', namespaced: true };

describe('a definition', () => {
  test('is read with its served versions', () => {
    expect(kindsOfCrd(crd())).toEqual([{ ...widget, versions: ['v1'], from: 'crd' }]);
  });

  test.each([
    ['another kind', { ...crd(), kind: 'ConfigMap' }],
    ['another group', crd({ apiVersion: 'example.com/v1' })],
    ['no spec', { ...crd(), spec: null }],
    ['no scope', crd({ spec: { scope: undefined } })],
    ['a scope of another case', crd({ spec: { scope: 'namespaced' } })],
    ['a name that does not fit', crd({ name: 'widgets.example.org' })],
    ['a group that is built in', crd({ spec: { group: 'networking.k8s.io' }, name: 'widgets.networking.k8s.io' })],
    ['no group', crd({ spec: { group: '' }, name: 'widgets.' })],
    ['a kind that is no word', crd({ names: { kind: 'Wid/get' } })],
    ['a plural that is no word', crd({ names: { plural: '../pods' }, name: '../pods.example.com' })],
  ])('with %s adds nothing', (_, object) => {
    expect(kindsOfCrd(object as KubeObject)).toEqual([]);
  });
});

describe('the table', () => {
  test('knows built-in and well-known kinds by exact group and kind', () => {
    const table = createKindTable();
    expect(table.find('apps', 'Deployment')).toMatchObject({
      plural: 'deployments',
      namespaced: true,
      from: 'builtin',
    });
    expect(table.find('', 'Namespace')).toMatchObject({ namespaced: false });
    expect(table.find('cert-manager.io', 'ClusterIssuer')).toMatchObject({ namespaced: false, from: 'wellKnown' });
    for (const [group, kind] of [
      ['apps', 'deployment'],
      ['Apps', 'Deployment'],
      ['', 'Deployment'],
      ['extensions', 'Ingress'],
      ['example.com', 'Widget'],
      ['', '__proto__'],
    ]) {
      expect(table.find(group ?? '', kind ?? '')).toBeUndefined();
    }
  });

  test('takes kinds from definitions and configuration', () => {
    expect(createKindTable({ crds: [crd()] }).find('example.com', 'Widget')?.from).toBe('crd');
    const configured = [{ group: 'example.com', kind: 'Policy', namespaced: false }];
    expect(createKindTable({ configured }).find('example.com', 'Policy')).toMatchObject({
      plural: 'policies',
      namespaced: false,
      from: 'configured',
    });
  });

  test('believes the fleet over sluice.yaml over the well-known list, and the API server over all', () => {
    const configured = [
      { group: 'cert-manager.io', kind: 'Certificate', namespaced: false },
      { group: 'example.com', kind: 'Widget', namespaced: false },
      { group: '', kind: 'Namespace', namespaced: true },
    ];
    const table = createKindTable({ crds: [crd()], configured });
    expect(table.find('cert-manager.io', 'Certificate')?.namespaced).toBe(false);
    expect(table.find('example.com', 'Widget')?.namespaced).toBe(true);
    expect(table.find('', 'Namespace')?.namespaced).toBe(false);
  });

  test('takes the answer that allows less where two definitions disagree', () => {
    const wide = crd({ spec: { scope: 'Cluster' } });
    for (const crds of [
      [crd(), wide],
      [wide, crd()],
      [crd(), wide, crd()],
    ]) {
      expect(createKindTable({ crds }).find('example.com', 'Widget')?.namespaced).toBe(false);
    }
  });
});

test.each([
  ['Widget', 'widgets'],
  ['Policy', 'policies'],
  ['Class', 'classes'],
])('%s is guessed to be %s', (kind, plural) => {
  expect(guessedPlural(kind)).toBe(plural);
});

test('groups that only serve reviews are built in too', () => {
  expect(['', 'apps', 'authentication.k8s.io', 'authorization.k8s.io'].map(isBuiltinGroup)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(isBuiltinGroup('gateway.networking.k8s.io')).toBe(false);
});
