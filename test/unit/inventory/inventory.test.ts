import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { identityOf, type InventoryEntry, labelOfId } from '../../../src/inventory/entry.ts';
import { printInventory, readInventory, sameInventory, staleOf, union } from '../../../src/inventory/inventory.ts';
import { idOf } from '../../../src/object/id.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';

function kustomization(inventory: Json): KubeObject {
  return { apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization', metadata: {}, status: { inventory } };
}

describe('ids', () => {
  test.each([
    ['a-dev_web_apps_Deployment', { namespace: 'a-dev', name: 'web', group: 'apps', kind: 'Deployment' }],
    // Names are no labels of DNS: their parts may be longer.
    [`a-dev_${'x'.repeat(200)}__ConfigMap`, expect.objectContaining({ name: 'x'.repeat(200) })],
    ['_a-dev__Namespace', { namespace: '', name: 'a-dev', group: '', kind: 'Namespace' }],
    ['a-dev_config__ConfigMap', { namespace: 'a-dev', name: 'config', group: '', kind: 'ConfigMap' }],
    [
      '_system__node__x_rbac.authorization.k8s.io_ClusterRole',
      { namespace: '', name: 'system:node:x', group: 'rbac.authorization.k8s.io', kind: 'ClusterRole' },
    ],
    [
      'a_my_role_rbac.authorization.k8s.io_Role',
      { namespace: 'a', name: 'my_role', group: 'rbac.authorization.k8s.io', kind: 'Role' },
    ],
    [
      '_crds.example.com_apiextensions.k8s.io_CustomResourceDefinition',
      expect.objectContaining({ name: 'crds.example.com' }),
    ],
  ])('%s', (id, identity) => {
    expect(identityOf(id)).toEqual(identity);
  });

  test.each([
    '',
    'web',
    'a_b_c',
    'a_web_apps_',
    '_..__Namespace',
    'a_.__ConfigMap',
    'A_web_apps_Deployment',
    'a/../b_web_apps_Deployment',
    'a_web/status_apps_Deployment',
    'a_web_apps/v1_Deployment',
    'a_web_apps_Deploy ment',
    'a_we_b__ConfigMap',
    'a_we:b__ConfigMap',
    `a_${'x'.repeat(254)}__ConfigMap`,
    'a_../x_rbac.authorization.k8s.io_Role',
    // The colon is written `__`, so this is not how an inventory spells it.
    'a_b:c_rbac.authorization.k8s.io_Role',
    'a\n_web_apps_Deployment',
  ])('%j names no object', (id) => {
    expect(identityOf(id)).toBeUndefined();
  });

  test.each([
    ['a-dev_web_apps_Deployment', 'Deployment/a-dev/web'],
    ['_a-dev__Namespace', 'Namespace/a-dev'],
    ['evil\u202e\n<b>', 'evil???b?'],
  ])('%j is shown as %s', (id, label) => {
    expect(labelOfId(id)).toBe(label);
  });

  test('any text either names one object in its one spelling or nothing', () => {
    const part = fc.stringMatching(/^[a-z0-9_:.-]{0,12}$/);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.tuple(part, part, part, part).map((parts) => parts.join('_')),
        ),
        (id) => {
          const identity = identityOf(id);
          if (identity !== undefined) expect(idOf(identity)).toBe(id);
        },
      ),
    );
  });
});

describe('reading a status', () => {
  test('keeps its order and each id once', () => {
    const entries = [
      { id: 'a_b__ConfigMap', v: 'v1' },
      { id: 'a_a__ConfigMap', v: 'v1', extra: true },
      { id: 'a_b__ConfigMap', v: 'v2' },
    ];
    expect(readInventory(kustomization({ entries }))).toEqual({
      entries: [
        { id: 'a_b__ConfigMap', v: 'v1' },
        { id: 'a_a__ConfigMap', v: 'v1' },
      ],
      malformed: [],
    });
  });

  test('keeps what is malformed apart, safe to show', () => {
    const entries = [
      null,
      1,
      [],
      {},
      { id: 'kube-system', v: 'v1' },
      { id: 'a_b__ConfigMap' },
      { id: 'a_c__ConfigMap', v: '../v1' },
    ];
    expect(readInventory(kustomization({ entries }))).toEqual({
      entries: [],
      malformed: ['(object)', '(number)', '(list)', '(no id)', 'kube-system', 'ConfigMap/a/b', 'ConfigMap/a/c'],
    });
  });

  test.each([null, 1, 'x', [], {}, { entries: null }, { entries: 'x' }, { entries: {} }])(
    '%j is empty',
    (inventory) => {
      expect(readInventory(kustomization(inventory)).entries).toEqual([]);
    },
  );

  test('never throws and never lets through what names nothing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const { id } of readInventory(kustomization({ entries: value } as Json)).entries) {
          expect(identityOf(id)).toBeDefined();
        }
      }),
    );
  });
});

const entry = fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), v: fc.constantFrom('v1', 'v2') });
const entries = fc.uniqueArray(entry, { selector: ({ id }) => id });
const ids = (list: readonly InventoryEntry[]): string[] => list.map(({ id }) => id).sort();

describe('algebra', () => {
  test('what is written ahead forgets nothing, and prefers the new version', () => {
    fc.assert(
      fc.property(entries, entries, (old, next) => {
        const ahead = union(old, next);
        expect(ids(ahead)).toEqual([...new Set([...ids(old), ...ids(next)])].sort());
        expect(ahead.slice(0, next.length)).toEqual(next);
        expect(union(ahead, next)).toEqual(ahead);
      }),
    );
  });

  test('stale and new together are old and new', () => {
    fc.assert(
      fc.property(entries, entries, (old, next) => {
        const stale = staleOf(old, next);
        expect(ids(stale).filter((id) => ids(next).includes(id))).toEqual([]);
        expect(ids(union(stale, next))).toEqual(ids(union(old, next)));
        expect(staleOf(stale, next)).toEqual(stale);
        expect(staleOf(old, old)).toEqual([]);
      }),
    );
  });

  test('a prune without survivors shrinks to the new inventory', () => {
    fc.assert(
      fc.property(entries, entries, (old, next) => {
        expect(sameInventory(union([], next), next)).toBe(true);
        expect(sameInventory(union(staleOf(old, next), next), next)).toBe(staleOf(old, next).length === 0);
      }),
    );
  });

  test('a new version is no new object, but another inventory', () => {
    const [one, other] = [[{ id: 'a', v: 'v1' }], [{ id: 'a', v: 'v2' }]];
    expect(staleOf(one, other)).toEqual([]);
    expect(sameInventory(one, other)).toBe(false);
  });
});

describe('printing', () => {
  test('is what Flux writes', () => {
    const printed = printInventory([{ id: 'a_b__ConfigMap', v: 'v1', more: 1 } as InventoryEntry]);
    expect(JSON.stringify(printed)).toBe('{"entries":[{"id":"a_b__ConfigMap","v":"v1"}]}');
  });

  test('refuses what a status cannot hold', () => {
    const many = Array.from({ length: 20_000 }, (_, at) => ({ id: `a_${'x'.repeat(60)}${at}__ConfigMap`, v: 'v1' }));
    expect(() => printInventory(many)).toThrow(
      expect.objectContaining({ code: 'deploy.unsupported', kind: 'terminal' }),
    );
    expect(printInventory(many.slice(0, 5000)).entries).toHaveLength(5000);
  });
});
