import { describe, expect, test } from 'vitest';
import { groupOf, objectId, objectLabel, versionOf } from '../../../src/object/id.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { showText, showValue } from '../../../src/object/show.ts';

function object(apiVersion: string, kind: string, name: Json, namespace?: Json): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } };
}

test.each([
  ['v1', '', 'v1'],
  ['apps/v1', 'apps', 'v1'],
  ['a/b/c', 'a', 'b/c'],
  ['', '', ''],
])('%j is group %j, version %j', (apiVersion, group, version) => {
  expect(groupOf(apiVersion)).toBe(group);
  expect(versionOf(apiVersion)).toBe(version);
});

test.each([
  [object('apps/v1', 'Deployment', 'web', 'a-dev'), 'a-dev_web_apps_Deployment'],
  [object('v1', 'Namespace', 'a-dev'), '_a-dev__Namespace'],
  [
    object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'system:node'),
    '_system__node_rbac.authorization.k8s.io_ClusterRole',
  ],
  [object('rbac.authorization.k8s.io/v1', 'Role', 'a:b', 'x'), 'x_a__b_rbac.authorization.k8s.io_Role'],
  [object('example.com/v1', 'Role', 'a:b', 'x'), 'x_a:b_example.com_Role'],
  [object('v1', 'Secret', 1, ['x']), '___Secret'],
])('the id of %j', (manifest, id) => {
  expect(objectId(manifest)).toBe(id);
});

test('versions are no part of an id', () => {
  expect(objectId(object('apps/v1beta2', 'Deployment', 'x', 'y'))).toBe(
    objectId(object('apps/v1', 'Deployment', 'x', 'y')),
  );
});

describe('labels', () => {
  test.each([
    [object('apps/v1', 'Deployment', 'web', 'a-dev'), 'Deployment/a-dev/web'],
    [object('v1', 'Namespace', 'a-dev'), 'Namespace/a-dev'],
    [object('v1', 'Namespace', 'a-dev', ''), 'Namespace/a-dev'],
    [object('v1', 'X', 'system:a', null), 'X/system:a'],
    [object('v1', 'ConfigMap', '${NAME}', 'a-dev'), 'ConfigMap/a-dev/${NAME}'],
    [object('v1', 'ConfigMap', 'a/b', 'a-dev '), 'ConfigMap/a-dev\\u{20}/a\\u{2f}b'],
    [
      object('v1', 'ConfigMap', 'x\u202ey\u001b[2J', '\u0430-dev'),
      'ConfigMap/\\u{430}-dev/x\\u{202e}y\\u{1b}\\u{5b}2J',
    ],
    [
      object('v1', 'ConfigMap', '@team `x` <b>\n'),
      'ConfigMap/\\u{40}team\\u{20}\\u{60}x\\u{60}\\u{20}\\u{3c}b\\u{3e}\\u{a}',
    ],
    [object('v1', 'ConfigMap', '😀'), 'ConfigMap/\\u{1f600}'],
    [object('v1', 'ConfigMap', 'a\\u{20}b'), 'ConfigMap/a\\u{5c}u{20}b'],
    [object('v1', 'ConfigMap', ''), 'ConfigMap/(no name)'],
    [object('v1', 'ConfigMap', 0, []), 'ConfigMap/(list)/(number)'],
  ])('%j is %s', (manifest, label) => {
    expect(objectLabel(manifest)).toBe(label);
  });

  test('are short, whatever the name', () => {
    const label = objectLabel(object('v1', 'ConfigMap', 'x'.repeat(1_000_000)));
    expect(label).toBe(`ConfigMap/${'x'.repeat(253)}…`);
    expect(objectLabel(object('v1', 'ConfigMap', 'x'.repeat(253)))).not.toContain('…');
  });
});

test('values in messages', () => {
  expect(showText('say "hi"\u0000')).toBe('"say \\u{22}hi\\u{22}\\u{0}"');
  expect(showText('x'.repeat(500))).toHaveLength(123);
  expect([1, null, [], {}, true, 'x'].map(showValue)).toEqual([
    'a number',
    'null',
    'a list',
    'a mapping',
    'a boolean',
    '"x"',
  ]);
});
