// The RBAC that the recorded questions are asked about: every way a rule and a binding can be written.

const apiVersion = 'rbac.authorization.k8s.io/v1';
const apiGroup = 'rbac.authorization.k8s.io';

type Rule = Readonly<Record<'verbs' | 'apiGroups' | 'resources' | 'resourceNames', readonly string[]>>;

interface Subject {
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly apiGroup?: string;
}

export interface RbacManifest {
  readonly apiVersion: string;
  readonly kind: 'Role' | 'ClusterRole' | 'RoleBinding' | 'ClusterRoleBinding';
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly [field: string]: unknown;
}

export const rbacObjects: readonly RbacManifest[] = [
  role('Role', 'builder', 'a-dev', [
    rule('get list watch create patch update delete', 'apps', 'deployments deployments/scale'),
    rule('get patch', '', 'configmaps', 'web db'),
    rule('get', '', 'pods/log'),
    rule('create get list', 'rbac.authorization.k8s.io', 'roles'),
    rule('*', 'batch', '*'),
    rule('update patch', '*', '*/scale'),
  ]),
  role('Role', 'star-group', 'a-dev', [
    rule('get list', '*', 'pods deployments widgets'),
    rule('create', 'rbac.authorization.k8s.io', 'roles'),
  ]),
  role('Role', 'empty', 'a-dev', []),
  role('ClusterRole', 'widgets-edit', undefined, [rule('get list create patch delete', 'example.com', 'widgets')], {
    'rbac.authorization.k8s.io/aggregate-to-edit': 'true',
  }),
  {
    ...role('ClusterRole', 'gadgets', undefined, []),
    aggregationRule: {
      clusterRoleSelectors: [
        { matchExpressions: [{ key: 'part', operator: 'In', values: ['gadgets'] }] },
        { matchLabels: { 'part-of': 'nothing' } },
      ],
    },
  },
  role('ClusterRole', 'gadgets-part', undefined, [rule('get list', 'other.example.com', '*')], { part: 'gadgets' }),
  role('ClusterRole', 'node-reader', undefined, [rule('get list watch', '', 'nodes namespaces')]),
  bound('editor', 'a-dev', 'ClusterRole', 'edit', [account('a-dev', 'editor')]),
  bound('viewer', 'a-dev', 'ClusterRole', 'view', [{ kind: 'ServiceAccount', name: 'viewer', namespace: 'a-dev' }]),
  bound('admin', 'a-dev', 'ClusterRole', 'admin', [account('a-dev', 'admin')]),
  bound('builder', 'a-dev', 'Role', 'builder', [account('a-dev', 'builder')]),
  bound('owner', 'a-dev', 'ClusterRole', 'cluster-admin', [account('a-dev', 'owner')]),
  bound('star-group', 'a-dev', 'Role', 'star-group', [account('a-dev', 'star-group')]),
  bound('empty', 'a-dev', 'Role', 'empty', [account('a-dev', 'nobody')]),
  bound('remote', 'a-dev', 'ClusterRole', 'edit', [account('b-dev', 'remote')]),
  bound('as-user', 'a-prod', 'ClusterRole', 'view', [
    { kind: 'User', apiGroup, name: 'system:serviceaccount:a-dev:editor' },
  ]),
  bound('own-group', 'a-prod', 'ClusterRole', 'edit', [
    { kind: 'Group', apiGroup, name: 'system:serviceaccounts:a-prod' },
  ]),
  bound('gadgets', 'a-dev', 'ClusterRole', 'gadgets', [
    { kind: 'Group', apiGroup, name: 'system:serviceaccounts:b-dev' },
  ]),
  bound('everybody', 'b-dev', 'ClusterRole', 'view', [{ kind: 'Group', apiGroup, name: 'system:authenticated' }]),
  bound('node-reader', undefined, 'ClusterRole', 'node-reader', [
    account('a-dev', 'builder'),
    { kind: 'Group', apiGroup, name: 'system:serviceaccounts:a-prod' },
  ]),
];

function role(
  kind: 'Role' | 'ClusterRole',
  name: string,
  namespace: string | undefined,
  rules: readonly Rule[],
  labels?: Record<string, string>,
): RbacManifest {
  return { apiVersion, kind, metadata: { name, ...(namespace && { namespace }), ...(labels && { labels }) }, rules };
}

function rule(verbs: string, apiGroups: string, resources: string, names = ''): Rule {
  const resourceNames = names === '' ? [] : names.split(' ');
  return { verbs: verbs.split(' '), apiGroups: apiGroups.split(' '), resources: resources.split(' '), resourceNames };
}

function bound(
  name: string,
  namespace: string | undefined,
  kind: string,
  roleName: string,
  subjects: readonly Subject[],
): RbacManifest {
  return {
    apiVersion,
    kind: namespace === undefined ? 'ClusterRoleBinding' : 'RoleBinding',
    metadata: { name, ...(namespace && { namespace }) },
    roleRef: { apiGroup, kind, name: roleName },
    subjects,
  };
}

function account(namespace: string, name: string): Subject {
  return { kind: 'ServiceAccount', namespace, name };
}
