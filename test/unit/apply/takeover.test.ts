import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ownsField, unionOfFields, withoutField } from '../../../src/apply/managed-fields.ts';
import { takeover } from '../../../src/apply/takeover.ts';
import type { JsonMapping } from '../../../src/object/json.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { configMap } from './manifests.ts';

type Entry = Record<string, Json>;

function entry(manager: string, operation: string, fieldsV1: Json, more: Entry = {}): Entry {
  return {
    manager,
    operation,
    apiVersion: 'v1',
    fieldsType: 'FieldsV1',
    time: '2026-01-01T00:00:00Z',
    fieldsV1,
    ...more,
  };
}

function live(managedFields: Json, annotations?: Json): KubeObject {
  return configMap(
    'x',
    {},
    { managedFields, resourceVersion: '7', ...(annotations === undefined ? {} : { annotations }) },
  );
}

const data = (key: string): Json => ({ 'f:data': { [`f:${key}`]: {} } });
const own = entry('kustomize-controller', 'Apply', data('own'));
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const annotationField: Json = { 'f:metadata': { 'f:annotations': { [`f:${lastApplied}`]: {} } } };

describe('who is taken over', () => {
  test.each([
    ['kubectl', 'Apply'],
    ['kubectl-client-side-apply', 'Update'],
    ['kubectl-edit', 'Update'],
    ['kubectl-anything', 'Apply'],
    ['before-first-apply', 'Update'],
    ['kustomize-controller', 'Update'],
    ['legacy', 'Apply'],
    ['legacy-agent', 'Update'],
  ])('%s (%s)', (manager, operation) => {
    expect(takeover(live([entry(manager, operation, data('x')), own]), ['legacy'])).toEqual([
      { ...own, fieldsV1: { 'f:data': { 'f:own': {}, 'f:x': {} } } },
    ]);
  });

  test.each([
    ['flux-client-side-apply', 'Update', {}],
    ['flux-client-side-apply', 'Apply', {}],
    ['before-first-apply', 'Apply', {}],
    ['hpa', 'Apply', {}],
    ['my-kubectl', 'Update', {}],
    ['kubectl-scale', 'Update', { subresource: 'scale' }],
    ['kustomize-controller', 'Update', { subresource: 'status' }],
    ['kubectl', 'Other', {}],
  ])('but not %s (%s) %j', (manager, operation, more) => {
    expect(takeover(live([entry(manager, operation, data('x'), more), own]), ['flux-client'])).toBeUndefined();
  });

  test('an empty override takes nobody over', () => {
    expect(takeover(live([entry('hpa', 'Update', data('x'))]), [''])).toBeUndefined();
  });
});

test('without an entry of our own the first one becomes it, in its time and version, and takes the others in', () => {
  const hpa = entry('hpa', 'Update', data('h'));
  const first = entry('kubectl', 'Apply', data('a'), { apiVersion: 'v1beta1', time: 'then' });
  expect(takeover(live([first, hpa, entry('kubectl-edit', 'Update', data('b'))]))).toEqual([
    hpa,
    { ...first, manager: 'kustomize-controller', operation: 'Apply', fieldsV1: { 'f:data': { 'f:a': {}, 'f:b': {} } } },
  ]);
});

test('entries keep what we know nothing of', () => {
  const odd = entry('hpa', 'Update', data('h'), { future: { field: 1 } });
  expect(takeover(live([odd, entry('kubectl-edit', 'Update', data('b'))]))?.[0]).toBe(odd);
});

describe('the annotation of a client-side apply', () => {
  test('goes with the manager that is taken over', () => {
    const kubectl = entry('kubectl-client-side-apply', 'Update', annotationField);
    expect(takeover(live([kubectl], { [lastApplied]: '{}' }))).toEqual([
      { ...kubectl, manager: 'kustomize-controller', operation: 'Apply' },
    ]);
  });

  test('is taken from whoever else set it, who keeps the rest', () => {
    const helm = entry(
      'helm',
      'Update',
      unionOfFields(annotationField as JsonMapping, data('h') as JsonMapping) as Json,
    );
    expect(takeover(live([helm, own], { [lastApplied]: '{}' }))).toEqual([
      { ...helm, fieldsV1: data('h') },
      { ...own, fieldsV1: { ...(annotationField as object), 'f:data': { 'f:own': {} } } },
    ]);
  });

  test('is ours already, so there is nothing to do', () => {
    const known = entry('kustomize-controller', 'Apply', annotationField);
    expect(takeover(live([known], { [lastApplied]: '{}' }))).toBeUndefined();
  });

  test('stays with the escape hatch', () => {
    const hatch = entry('flux-client-side-apply', 'Update', annotationField);
    expect(takeover(live([hatch, own], { [lastApplied]: '{}' }))).toBeUndefined();
  });
});

test.each([
  undefined,
  null,
  'x',
  [],
  [null],
  [1],
  [{}],
  [{ manager: 1 }],
  [{ manager: 'kubectl', operation: 1 }],
] as Json[])('managed fields that are %j ask for nothing', (managedFields) => {
  expect(takeover(live(managedFields))).toBeUndefined();
});

const set: fc.Memo<JsonMapping> = fc.memo((depth) =>
  depth <= 1
    ? fc.constant({})
    : fc.dictionary(fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', '.'), set(depth - 1) as fc.Arbitrary<Json>, {
        maxKeys: 3,
      }),
);

describe('sets of fields', () => {
  test('a union holds both, whatever the order', () => {
    fc.assert(
      fc.property(set(4), set(4), (one, other) => {
        const both = unionOfFields(one, other);
        expect(unionOfFields(other, one)).toEqual(both);
        expect(unionOfFields(both, one)).toEqual(both);
        expect(unionOfFields(one, one)).toEqual(one);
      }),
    );
  });

  test('without a field, what held only it is gone too', () => {
    const fields = { 'f:a': { 'f:b': {}, 'f:c': {} }, 'f:d': { 'f:e': {} } };
    expect(withoutField(fields, ['f:a', 'f:b'])).toEqual({ 'f:a': { 'f:c': {} }, 'f:d': { 'f:e': {} } });
    expect(withoutField(fields, ['f:d', 'f:e'])).toEqual({ 'f:a': { 'f:b': {}, 'f:c': {} } });
    expect(withoutField(fields, ['f:x', 'f:e'])).toEqual(fields);
  });

  const object: Json = {
    spec: {
      replicas: 1,
      selector: { app: 'x' },
      containers: [{ name: 'a', image: 'i' }, { name: 'b' }],
      args: ['p', 'q'],
    },
  };
  const fields: JsonMapping = {
    'f:spec': {
      'f:replicas': {},
      'f:selector': {},
      'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:image': {} } },
      'f:args': { 'v:"q"': {} },
    },
  };

  test.each([
    [['spec', 'replicas'], true],
    [['spec'], true],
    [['spec', 'paused'], false],
    [['status'], false],
    // The selector is one thing: who owns it owns all inside.
    [['spec', 'selector', 'app'], true],
    [['spec', 'containers', 0, 'image'], true],
    [['spec', 'containers', 0, 'env'], false],
    [['spec', 'containers', 1, 'image'], false],
    [['spec', 'args', 1], true],
    [['spec', 'args', 0], false],
    // An item that is not there cannot be told apart.
    [['spec', 'containers', 7, 'image'], true],
  ] as [(string | number)[], boolean][])('%j: %s', (path, expected) => {
    expect(ownsField(fields, object, path)).toBe(expected);
  });

  test('an empty set owns nothing', () => {
    expect(ownsField({}, object, ['spec', 'replicas'])).toBe(false);
  });
});
