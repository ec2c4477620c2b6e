import fc from 'fast-check';
import { expect, test } from 'vitest';
import { identityOfObject, inApplyOrder, inDeleteOrder, stagesOf } from '../../../src/apply/order.ts';
import type { KubeObject } from '../../../src/object/object.ts';

function item(apiVersion: string, kind: string, name = 'x', namespace?: string): { object: KubeObject } {
  return { object: { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } } };
}

const all = [
  item('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration'),
  item('admissionregistration.k8s.io/v1', 'MutatingWebhookConfiguration'),
  item('apps/v1', 'Deployment', 'b', 'b'),
  item('apps/v1', 'Deployment', 'a', 'b'),
  item('apps/v1', 'Deployment', 'z', 'a'),
  item('example.com/v1', 'Widget'),
  item('batch/v1', 'Job'),
  item('v1', 'Service'),
  item('v1', 'Secret'),
  item('v1', 'ConfigMap'),
  item('rbac.authorization.k8s.io/v1', 'RoleBinding'),
  item('rbac.authorization.k8s.io/v1', 'Role'),
  item('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding'),
  item('rbac.authorization.k8s.io/v1', 'ClusterRole'),
  item('v1', 'Namespace'),
  item('apiextensions.k8s.io/v1', 'CustomResourceDefinition'),
  item('networking.k8s.io/v1', 'IngressClass'),
  item('storage.k8s.io/v1', 'StorageClass'),
  item('example.com/v1', 'Gadget'),
];

function shown({ object: { kind, metadata } }: { object: KubeObject }): string {
  return metadata.name === 'x' ? kind : `${kind}/${JSON.stringify([metadata.namespace, metadata.name])}`;
}

const expected = [
  ['definitions', true, ['CustomResourceDefinition', 'Namespace', 'ClusterRole']],
  ['classes', true, ['StorageClass', 'IngressClass']],
  ['custom', false, ['Gadget']],
  [
    'rest',
    false,
    [
      'ClusterRoleBinding',
      'Role',
      'RoleBinding',
      'ConfigMap',
      'Secret',
      'Service',
      'Deployment/["a","z"]',
      'Deployment/["b","a"]',
      'Deployment/["b","b"]',
      'Job',
      'Widget',
      'MutatingWebhookConfiguration',
      'ValidatingWebhookConfiguration',
    ],
  ],
];

test('stages and order are those of Flux, whatever the order of the build', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: all.length }), (items) => {
      const stages = stagesOf(items, ['example.com/Gadget']);
      expect(stages.map(({ name, waits, items: own }) => [name, waits, own.map(shown)])).toEqual(expected);
    }),
  );
});

test('a kind of another group that is called like a definition is none', () => {
  const stages = stagesOf([item('example.com/v1', 'Namespace'), item('example.com/v1', 'ClusterRole')]);
  expect(stages.map(({ name }) => name)).toEqual(['rest']);
});

test('empty stages are left out', () => {
  expect(stagesOf([])).toEqual([]);
});

test('deleting is writing in reverse', () => {
  const written = all.map(({ object }) => identityOfObject(object)).toSorted(inApplyOrder);
  expect(written.toSorted(inDeleteOrder)).toEqual(written.toReversed());
});
