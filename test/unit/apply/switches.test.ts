import { describe, expect, test } from 'vitest';
import { isExcluded, isKept, switchesOf } from '../../../src/apply/switches.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { configMap, key } from './manifests.ts';

const off = { ssa: undefined, force: false, keep: false, unmanaged: false, verbatim: false };

function carrying(field: 'labels' | 'annotations', name: string, value: Json): KubeObject {
  return configMap('x', {}, { [field]: { [`${key}${name}`]: value } });
}

describe.each(['labels', 'annotations'] as const)('as one of the %s', (field) => {
  test.each([
    ['ssa', 'Override', { ssa: 'Override' }],
    ['ssa', 'merge', { ssa: 'Merge' }],
    ['ssa', 'IFNOTPRESENT', { ssa: 'IfNotPresent' }],
    ['ssa', 'ignore', { ssa: 'Ignore' }],
    ['ssa', 'other', {}],
    ['force', 'Enabled', { force: true }],
    ['force', 'true', {}],
    ['prune', 'disabled', { keep: true }],
    ['prune', 'Disabled', { keep: true }],
    ['prune', 'enabled', {}],
    ['reconcile', 'DISABLED', { unmanaged: true }],
    ['reconcile', '', {}],
    ['substitute', 'disabled', { verbatim: true }],
    ['substitute', 'Disabled', {}],
    ['ssa', 1, {}],
    ['ssa', null, {}],
    ['ssa', ['Ignore'], {}],
  ] as const)('%s: %j', (name, value, expected) => {
    expect(switchesOf(carrying(field, name, value as Json))).toEqual({ ...off, ...expected });
  });
});

test('either of the two is enough', () => {
  const object = configMap('x', {}, { labels: { [`${key}ssa`]: 'Merge' }, annotations: { [`${key}ssa`]: 'Ignore' } });
  expect(switchesOf(object).ssa).toBe('Ignore');
});

test.each([
  ['ssa', 'Ignore', true, true],
  ['reconcile', 'disabled', true, true],
  ['prune', 'disabled', false, true],
  ['ssa', 'IfNotPresent', false, false],
  ['ssa', 'Merge', false, false],
])('%s: %s excludes %s, keeps %s', (name, value, excluded, kept) => {
  const switches = switchesOf(carrying('annotations', name, value));
  expect([isExcluded(switches), isKept(switches)]).toEqual([excluded, kept]);
});

test.each([null, 'x', [], 1])('labels that are %j say nothing', (labels) => {
  expect(switchesOf(configMap('x', {}, { labels: labels as Json, annotations: labels as Json }))).toEqual(off);
});
