import { describe, expect, test } from 'vitest';
import { planDefinition } from '../../../src/bootstrap/definitions.ts';
import { list, mapping } from '../../../src/object/json.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

interface Version {
  readonly name: string;
  readonly served?: boolean;
  readonly storage?: boolean;
  readonly spec?: Json;
}

function definition(...versions: readonly Version[]): KubeObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      versions: versions.map(({ name, served = true, storage = false, spec = {} }) => ({
        name,
        served,
        storage,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
      })),
    },
  };
}

const object = (properties: Record<string, Json>): Json => ({ type: 'object', properties });
const text: Json = { type: 'string' };
const ours = definition({ name: 'v1', storage: true, spec: object({ path: text, ignore: text }) });

describe('a definition', () => {
  test('that is not there is made', () => {
    expect(planDefinition(undefined, ours)).toEqual({ apply: ours, lacks: [] });
  });

  test.each<[string, KubeObject, readonly string[]]>([
    ['is the same', ours, []],
    [
      'is newer',
      definition({ name: 'v2', storage: true }, { name: 'v1', spec: object({ path: text, ignore: text, more: text }) }),
      [],
    ],
    [
      'is older within the version',
      definition({ name: 'v1', storage: true, spec: object({ path: text }) }),
      ['spec.ignore'],
    ],
    ['knows nothing of spec', definition({ name: 'v1', storage: true }), ['spec.path', 'spec.ignore']],
    [
      'keeps what it does not know',
      definition({ name: 'v1', storage: true, spec: { 'x-kubernetes-preserve-unknown-fields': true } }),
      [],
    ],
  ])('that %s stays', (_, live, lacks) => {
    expect(planDefinition(live, ours)).toEqual({ apply: undefined, lacks });
  });

  test('tells of fields in lists', () => {
    const rules = (items: Record<string, Json>): KubeObject =>
      definition({ name: 'v1', storage: true, spec: object({ rules: { type: 'array', items: object(items) } }) });
    expect(planDefinition(rules({ name: text }), rules({ name: text, until: text })).lacks).toEqual([
      'spec.rules[].until',
    ]);
  });

  const beside = [
    ['v1', true, true],
    ['v1beta2', true, false],
  ];
  test.each<[string, KubeObject, unknown[][]]>([
    [
      'has other versions only',
      definition({ name: 'v1beta2', storage: true }, { name: 'v1beta1', served: false }),
      [...beside, ['v1beta1', false, false]],
    ],
    [
      'has the version, and does not serve it',
      definition({ name: 'v1beta2', storage: true }, { name: 'v1', served: false }),
      beside,
    ],
  ])('that %s gets ours beside its own', (_, live, expected) => {
    const { apply } = planDefinition(live, ours);
    const versions = list(mapping(apply?.['spec'])['versions']).map(mapping);
    expect(versions.map((one) => [one['name'], one['served'], one['storage']])).toEqual(expected);
    expect(apply).toMatchObject({ metadata: ours.metadata, spec: { group: 'example.com' } });
  });
});
