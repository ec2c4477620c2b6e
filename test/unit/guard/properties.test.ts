import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import builtin from '../../../data/kinds-builtin.json' with { type: 'json' };
import wellKnown from '../../../data/kinds-well-known.json' with { type: 'json' };
import type { KubeObject } from '../../../src/object/object.ts';
import { check } from './tenant.ts';

const kinds = [...builtin.kinds, ...wellKnown.kinds];
const anyKind = fc.oneof(
  fc.constantFrom(...kinds).map(({ group, kind, versions }) => ({
    apiVersion: group === '' ? 'v1' : `${group}/${versions[0] ?? 'v1'}`,
    kind,
  })),
  fc.record({ apiVersion: fc.string(), kind: fc.string() }),
);
const nearNamespaces = fc.constantFrom('a-dev ', 'A-dev', 'a-dev.', 'a-de', 'a-dev2', '', 'kube-system', 'b-dev', '..');
const anyNamespace = fc.oneof(nearNamespaces, fc.string(), fc.string({ unit: 'grapheme' }), fc.jsonValue());
const anyObject = fc
  .record({
    type: anyKind,
    namespace: anyNamespace,
    name: fc.oneof(fc.constant('x'), fc.string(), fc.jsonValue()),
    rest: fc.dictionary(fc.string(), fc.jsonValue()),
    spec: fc.jsonValue(),
  })
  .map(
    ({ type, namespace, name, rest, spec }) =>
      ({ ...rest, ...type, spec, metadata: { name, namespace } }) as unknown as KubeObject,
  );

describe('whatever a tenant writes', () => {
  test('nothing outside its namespaces passes', () => {
    fc.assert(
      fc.property(anyObject, (object) => {
        const { namespace } = object.metadata;
        fc.pre(namespace !== 'a-dev' && namespace !== 'a-prod');
        expect(check([object])).not.toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  test('nothing cluster-scoped or unknown passes inside them', () => {
    const scoped = kinds.filter(({ namespaced }) => !namespaced);
    fc.assert(
      fc.property(fc.constantFrom(...scoped), fc.constantFrom('a-dev', 'a-prod'), (kind, namespace) => {
        const apiVersion = kind.group === '' ? 'v1' : `${kind.group}/${kind.versions[0] ?? 'v1'}`;
        const object: KubeObject = { apiVersion, kind: kind.kind, metadata: { name: 'x', namespace } };
        expect(check([object]).map(({ rule }) => rule)).toContain('tenant/cluster-scoped');
      }),
    );
  });

  test('the guard answers, in words that can be shown', () => {
    fc.assert(
      fc.property(fc.array(anyObject, { maxLength: 5 }), (objects) => {
        for (const { message, remedy, index } of check(objects)) {
          expect(`${message}${remedy}`).toMatch(/^[\x20-\x7e…]+$/);
          expect(objects[index]).toBeDefined();
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('the tables', () => {
  test('hold each kind once, in legal spelling, sorted', () => {
    for (const table of [builtin.kinds, wellKnown.kinds]) {
      const keys = table.map(({ group, kind }) => `${group}/${kind}`);
      expect(new Set(keys).size).toBe(keys.length);
      expect(keys).toEqual([...keys].sort());
      for (const { kind, plural } of table) {
        expect(kind).toMatch(/^[A-Za-z][A-Za-z0-9]*$/);
        expect(plural).toMatch(/^[a-z][a-z0-9-]*$/);
      }
    }
  });

  test('never disagree about a group', () => {
    const groups = new Set(builtin.groups);
    expect(wellKnown.kinds.filter(({ group }) => groups.has(group))).toEqual([]);
  });
});
