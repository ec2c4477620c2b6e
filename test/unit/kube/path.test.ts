import { describe, expect, test } from 'vitest';
import { discoveryPath, listPath, objectPath, queryOf, selectorOf } from '../../../src/adapters/kube/path.ts';
import type { ServedKind } from '../../../src/ports/kube.ts';

const deployments = {
  group: 'apps',
  version: 'v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
  verbs: [],
};
const kind = (change: Partial<ServedKind> = {}): ServedKind => ({ ...deployments, ...change });
const configMaps = kind({ group: '', kind: 'ConfigMap', plural: 'configmaps' });
const roles = kind({ group: 'rbac.authorization.k8s.io', kind: 'Role', plural: 'roles' });
const clusterRoles = { ...roles, kind: 'ClusterRole', plural: 'clusterroles', namespaced: false };
const namespaces = kind({ group: '', kind: 'Namespace', plural: 'namespaces', namespaced: false });
const web = { kind: kind(), namespace: 'a-dev', name: 'web' };

describe('paths that are made', () => {
  test.each([
    [web, '/apis/apps/v1/namespaces/a-dev/deployments/web'],
    [
      { kind: configMaps, namespace: 'a', name: 'kube-root-ca.crt' },
      '/api/v1/namespaces/a/configmaps/kube-root-ca.crt',
    ],
    [{ kind: namespaces, namespace: '', name: 'a' }, '/api/v1/namespaces/a'],
    [
      { kind: clusterRoles, namespace: '', name: 'system:Node_X' },
      '/apis/rbac.authorization.k8s.io/v1/clusterroles/system:Node_X',
    ],
    [
      { kind: roles, namespace: 'a', name: 'Foo-Admin|x' },
      '/apis/rbac.authorization.k8s.io/v1/namespaces/a/roles/Foo-Admin%7Cx',
    ],
  ])('of an object: %#', (address, path) => {
    expect(objectPath(address)).toBe(path);
    expect(objectPath(address, 'status')).toBe(`${path}/status`);
  });

  test('of a kind, everywhere or in one namespace', () => {
    expect(listPath(kind(), undefined)).toBe('/apis/apps/v1/deployments');
    expect(listPath(kind(), 'a')).toBe('/apis/apps/v1/namespaces/a/deployments');
    expect(listPath(namespaces, undefined)).toBe('/api/v1/namespaces');
  });

  test('of discovery', () => {
    const paths = [discoveryPath('core'), discoveryPath('groups'), discoveryPath({ group: 'apps', version: 'v1' })];
    expect(paths).toEqual(['/api', '/apis', '/apis/apps/v1']);
  });
});

const badSegments = [
  '',
  '.',
  '..',
  'a/b',
  '../x',
  'a%2fb',
  '%2e%2e',
  'a?b',
  'a#b',
  'a b',
  'a\n',
  'a\0',
  'ä',
  'a\\b',
  '-a',
  'a-',
];

describe('paths that are not', () => {
  const refused = (run: () => unknown): void => expect(run).toThrow(expect.objectContaining({ code: 'kube.path' }));

  test.each([...badSegments, 'Web', '../../../kube-system/secrets/x', 'x'.repeat(254)])('name %j', (name) => {
    refused(() => objectPath({ ...web, name }));
    refused(() => objectPath({ ...web, name }, 'status'));
  });

  test.each(['', '.', '..', 'a/b', 'a%2fb', 'a?b', 'a#b', 'a b', 'a"b', 'ä', 'x'.repeat(254)])(
    'RBAC name %j',
    (name) => {
      refused(() => objectPath({ kind: roles, namespace: 'a', name }));
      refused(() => objectPath({ kind: clusterRoles, namespace: '', name }));
    },
  );

  test.each([...badSegments, 'Tenant-B', 'a.b', 'x'.repeat(64)])('namespace %j', (namespace) => {
    refused(() => objectPath({ ...web, namespace }));
    if (namespace !== '') refused(() => objectPath({ kind: namespaces, name: 'a', namespace }));
    refused(() => listPath(kind(), namespace));
  });

  test('a namespace for a cluster-scoped kind', () => {
    refused(() => objectPath({ kind: namespaces, namespace: 'a', name: 'a' }));
    refused(() => listPath(namespaces, 'a'));
  });

  test.each([...badSegments.filter((one) => one !== ''), 'Apps', 'v1/../../apis/rbac.authorization.k8s.io'])(
    'group %j',
    (group) => {
      refused(() => objectPath({ ...web, kind: kind({ group }) }));
      refused(() => discoveryPath({ group, version: 'v1' }));
    },
  );

  test.each([...badSegments, 'V1', 'v1/../x'])('version %j', (version) => {
    refused(() => objectPath({ ...web, kind: kind({ version }) }));
    refused(() => discoveryPath({ group: '', version }));
  });

  test.each([...badSegments, 'Pods', 'pods/exec', 'pods/log'])('resource %j', (plural) => {
    refused(() => objectPath({ ...web, kind: kind({ plural }) }));
    refused(() => listPath(kind({ plural }), undefined));
  });

  test('what is no text at all', () => {
    for (const nothing of [undefined, null, 5, ['web'], { toString: () => 'web' }]) {
      const part = nothing as never;
      refused(() => objectPath({ ...web, name: part }));
      refused(() => objectPath({ kind: roles, namespace: 'a', name: part }));
      refused(() => objectPath({ ...web, namespace: part }));
      for (const field of ['group', 'version', 'plural']) refused(() => listPath(kind({ [field]: part }), undefined));
    }
  });

  test('say which part it was, without anything invisible', () => {
    const run = () => objectPath({ ...web, name: 'a\u202eb' });
    expect(run).toThrow('name "a\\u{202e}b" of "Deployment" was not sent');
  });
});

describe('queries', () => {
  test('hold what is there, escaped', () => {
    expect(queryOf({ a: 'x&b=c', none: undefined, d: '/ é' })).toBe('?a=x%26b%3Dc&d=%2F%20%C3%A9');
    expect(queryOf({ none: undefined })).toBe('');
  });

  test.each(['a', 'a=b', 'kustomize.toolkit.fluxcd.io/name=web', 'a.b/c=d,e', 'a='])('select by %j', (labels) => {
    expect(selectorOf(labels)).toBe(labels);
  });

  test.each(['', ',', 'a,', 'a in (b)', '!a', 'a!=b', 'a=b=c', 'a=b&watch=1', 'a\n', 'a=é'])(
    'do not select by %j',
    (labels) => {
      expect(() => selectorOf(labels)).toThrow(expect.objectContaining({ code: 'kube.path' }));
    },
  );
});
