import { describe, expect, test } from 'vitest';
import { boundNamespaces, clusterBound, grantsOf, isBound, permits, readRbac } from '../../../src/fleet/rbac.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const group = 'rbac.authorization.k8s.io';
const flux = { namespace: 'a-dev', name: 'flux' };
const own = [{ kind: 'ServiceAccount', namespace: 'a-dev', name: 'flux' }];

function object(
  kind: string,
  name: string,
  namespace: string | undefined,
  fields: object,
  labels?: object,
): KubeObject {
  const metadata = { name, ...(namespace !== undefined && { namespace }), ...(labels && { labels }) };
  return { apiVersion: `${group}/v1`, kind, metadata, ...fields } as unknown as KubeObject;
}

function binding(
  namespace: string | undefined,
  role: string,
  subjects: unknown = own,
  kind = 'ClusterRole',
): KubeObject {
  const fields = { roleRef: { apiGroup: group, kind, name: role }, subjects };
  return object(namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding', `to-${role}`, namespace, fields);
}

function role(name: string, rules: unknown, namespace = 'a-dev'): KubeObject {
  return object('Role', name, namespace, { rules });
}

const deployments = { group: 'apps', resource: 'deployments', namespace: 'a-dev', name: 'web' };

describe('who is bound where', () => {
  test('namespaces are those with a binding that lets the account write, sorted', () => {
    const rbac = readRbac([binding('a-prod', 'edit'), binding('a-dev', 'admin'), binding('shared', 'view')]);
    expect(boundNamespaces(rbac, flux)).toEqual(['a-dev', 'a-prod']);
    expect(isBound(rbac, flux)).toBe(true);
    expect(isBound(rbac, { namespace: 'a-dev', name: 'other' })).toBe(false);
  });

  test('a role that is not in Git counts, since it may let the account write', () => {
    expect(boundNamespaces(readRbac([binding('a-dev', 'from-a-chart')]), flux)).toEqual(['a-dev']);
  });

  test.each([
    ['the user of the account', { kind: 'User', apiGroup: group, name: 'system:serviceaccount:a-dev:flux' }, true],
    ['the group of its namespace', { kind: 'Group', apiGroup: group, name: 'system:serviceaccounts:a-dev' }, true],
    ['a subject without a namespace', { kind: 'ServiceAccount', name: 'flux' }, true],
    ['the group of all accounts', { kind: 'Group', apiGroup: group, name: 'system:serviceaccounts' }, false],
    ['everybody', { kind: 'Group', apiGroup: group, name: 'system:authenticated' }, false],
    ['another namespace', { kind: 'ServiceAccount', namespace: 'b-dev', name: 'flux' }, false],
    ['the group of another namespace', { kind: 'Group', apiGroup: group, name: 'system:serviceaccounts:b-dev' }, false],
  ])('bound as %s: the namespace is its own = %s', (_, subject, expected) => {
    const rbac = readRbac([binding('a-dev', 'edit', [subject])]);
    expect(boundNamespaces(rbac, flux)).toEqual(expected ? ['a-dev'] : []);
  });

  test.each([
    ['by name', own[0], true],
    ['all accounts', { kind: 'Group', name: 'system:serviceaccounts' }, true],
    ['accounts of the namespace', { kind: 'Group', name: 'system:serviceaccounts:a-dev' }, true],
    ['everybody', { kind: 'Group', name: 'system:authenticated' }, true],
    ['people', { kind: 'Group', name: 'team-a' }, false],
  ])('bound to the cluster as %s', (_, subject, expected) => {
    expect(clusterBound(readRbac([binding(undefined, 'view', [subject])]), flux)).toBe(expected);
  });

  test("the API server's own bindings for everybody bind nobody to the cluster", () => {
    expect(clusterBound(readRbac([]), flux)).toBe(false);
  });
});

describe('what the API server would answer', () => {
  test('a role that Git does not have leaves it open, unless another role says yes', () => {
    const open = readRbac([binding('a-dev', 'from-a-chart')]);
    expect(permits(open, flux, { ...deployments, verb: 'create' })).toBe('unknown');
    const both = readRbac([binding('a-dev', 'from-a-chart'), binding('a-dev', 'edit')]);
    expect(permits(both, flux, { ...deployments, verb: 'create' })).toBe('yes');
    expect(permits(open, flux, { ...deployments, verb: 'create', namespace: 'a-prod' })).toBe('no');
  });

  test('an aggregated role may hold more for custom kinds, and never less for built-in ones', () => {
    const rbac = readRbac([binding('a-dev', 'edit')]);
    const widgets = { group: 'example.com', resource: 'widgets', namespace: 'a-dev', name: 'x', verb: 'create' };
    expect(permits(rbac, flux, widgets)).toBe('unknown');
    expect(permits(rbac, flux, { ...widgets, group: group, resource: 'roles' })).toBe('no');
  });

  test('roles of the fleet aggregate into edit and, through it, into admin', () => {
    const labels = { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' };
    const rules = [{ apiGroups: ['example.com'], resources: ['widgets'], verbs: ['create'] }];
    const rbac = readRbac([object('ClusterRole', 'widgets', undefined, { rules }, labels), binding('a-dev', 'admin')]);
    const request = { group: 'example.com', resource: 'widgets', namespace: 'a-dev', name: 'x' };
    expect(permits(rbac, flux, { ...request, verb: 'create' })).toBe('yes');
  });

  test('a circle of aggregated roles ends', () => {
    const one = { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'one' } }] } };
    const other = {
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: 'other' } }, { matchLabels: { leaf: 'y' } }] },
    };
    const rules = [{ apiGroups: ['apps'], resources: ['deployments'], verbs: ['create'] }];
    const rbac = readRbac([
      object('ClusterRole', 'one', undefined, one, { to: 'other' }),
      object('ClusterRole', 'other', undefined, other, { to: 'one' }),
      object('ClusterRole', 'leaf', undefined, { rules }, { leaf: 'y' }),
      binding('a-dev', 'one'),
    ]);
    expect(permits(rbac, flux, { ...deployments, verb: 'create' })).toBe('yes');
  });

  test.each([
    ['rules that are no list', role('r', { verbs: ['*'] })],
    ['a rule without verbs', role('r', [{ apiGroups: ['*'], resources: ['*'] }])],
    ['verbs that are no list', role('r', [{ apiGroups: ['*'], resources: ['*'], verbs: '*' }])],
    ['a number among the verbs', role('r', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*', 1] }])],
    ['no name', role('', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }])],
    ['no namespace', object('Role', 'r', undefined, { rules: [] })],
    ['subjects that are no list', binding('a-dev', 'edit', { 0: own[0] })],
    ['a subject of no kind', binding('a-dev', 'edit', [{ name: 'flux' }])],
    ['an account with an apiGroup', binding('a-dev', 'edit', [{ ...own[0], apiGroup: group }])],
    ['a roleRef to a Pod', binding('a-dev', 'edit', own, 'Pod')],
    ['a ClusterRoleBinding to a Role', binding(undefined, 'edit', own, 'Role')],
    [
      'a ClusterRoleBinding of an account without a namespace',
      binding(undefined, 'edit', [{ kind: 'ServiceAccount', name: 'flux' }]),
    ],
  ])('malformed: %s grants nothing and is listed', (_, malformed) => {
    const rbac = readRbac([malformed, binding('a-dev', 'r', own, 'Role')]);
    expect(rbac.ignored).toHaveLength(1);
    expect(rbac.ignored[0]?.why).toMatch(/./);
    expect(permits(rbac, flux, { ...deployments, verb: 'create' })).not.toBe('yes');
  });

  test('hostile keys are only keys', () => {
    const rbac = readRbac([binding('a-dev', '__proto__'), binding('a-dev', 'constructor', own, 'Role')]);
    expect(permits(rbac, flux, { ...deployments, verb: 'create' })).toBe('unknown');
  });
});

describe('what a role grants, in words', () => {
  test.each([
    [[{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['nodes'] }], ['get, list, watch nodes']],
    [[{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }], ['* everything']],
    [[{ verbs: ['create'], apiGroups: [''], resources: ['pods/exec'] }], ['create pods/exec']],
    [
      [{ verbs: ['patch'], apiGroups: ['apps', 'batch'], resources: ['*'] }],
      ['patch everything in apps, everything in batch'],
    ],
    [
      [{ verbs: ['get'], apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['web'] }],
      ['get deployments.apps (only "web")'],
    ],
    [
      [{ verbs: ['get'], apiGroups: [''], resources: Array.from({ length: 25 }, () => 'pods') }],
      [`get ${'pods, '.repeat(19)}pods and 5 more`],
    ],
    [[{ verbs: ['get'], nonResourceURLs: ['/metrics', '/debug/*'] }], ['get /metrics, /debug/*']],
    [[{ verbs: ['get\u001b[2J'], apiGroups: [''], resources: ['pods'] }], ['get\\u{1b}\\u{5b}2J pods']],
  ])('%j', (rules, lines) => {
    const rbac = readRbac([role('r', rules)]);
    expect(grantsOf(rbac, { kind: 'Role', name: 'r' }, 'a-dev')).toEqual(lines);
  });

  test('a role that is not in Git has no lines', () => {
    expect(grantsOf(readRbac([]), { kind: 'ClusterRole', name: 'nope' }, '')).toBeUndefined();
  });
});
