// What the tables share: the platform they run against, and short ways to write a row.
import { type Files, platformFiles, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';

export const rbac = 'rbac.authorization.k8s.io';
export const meta = 'metadata: {name: x, namespace: a-dev}';
export const map = (metadata: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata}\n`;
export const clusterAdmin = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: 'root' },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', name: 'x', namespace: 'a-dev' }],
};
export const crd = (kind: string, plural: string, scope: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope,
    names: { kind, plural },
    versions: [{ name: 'v1', served: true, storage: true }],
  },
});

/** Tenant a may write roles in a-dev; two custom kinds; hosts and stores are registered. */
export const hostilePlatform: Files = {
  ...platformFiles,
  'clusters/prod/more.yaml': yaml(
    crd('Realm', 'realms', 'Cluster'),
    crd('Widget', 'widgets', 'Namespaced'),
    {
      apiVersion: `${rbac}/v1`,
      kind: 'Role',
      metadata: { name: 'custom', namespace: 'a-dev' },
      rules: [
        { apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'update', 'delete'] },
      ],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'custom', namespace: 'a-dev' },
      roleRef: { apiGroup: rbac, kind: 'Role', name: 'custom' },
      subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'a-dev' }],
    },
  ),
  'sluice.yaml': yaml({
    limits: {
      hosts: { 'a-dev': ['a.example.com'], 'b-dev': ['b.example.com'] },
      secretStores: [{ name: 'shared' }],
    },
  }),
};

/** One legal file and what a kustomization makes of it. */
export const through = (fields: object, ...objects: readonly object[]): Files => ({
  'deploy/kustomization.yaml': yaml({ resources: ['app.yaml', 'case.yaml'], ...fields }),
  'deploy/case.yaml': yaml(...objects),
});

export const denied = (
  id: string,
  title: string,
  input: string,
  rule: string,
  says?: RegExp,
  objects?: number,
): Row => ({
  id,
  title,
  input,
  expect: {
    exit: 1,
    rules: [rule],
    ...(says === undefined ? {} : { says }),
    ...(objects === undefined ? {} : { objects }),
  },
});

export const numbered = (inputs: readonly string[], make: (input: string, index: number) => string): string =>
  inputs.map(make).join('---\n');

export type Fields = Readonly<Record<string, unknown>>;

export const object = (apiVersion: string, kind: string, fields: Fields, name = 'x'): Fields => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'a-dev' },
  ...fields,
});

export const deniedEach = (
  id: string,
  title: string,
  objects: readonly Fields[],
  rule: string,
  says?: RegExp,
  count: number | undefined = objects.length,
): Row => ({
  id,
  title,
  input: yaml(...objects.map((one, index) => named(one, index))),
  expect: { exit: 1, rules: [rule], objects: count, ...(says === undefined ? {} : { says }) },
});

export function named(one: Fields, index: number): Fields {
  const metadata = one['metadata'] as Fields;
  return { ...one, metadata: { ...metadata, name: `${String(metadata['name'])}${index}` } };
}

export const kustomize = (fields: object): string => yaml({ resources: ['app.yaml'], ...fields });
export const deploy = (fields: object, files: Files = {}): Files => ({
  'deploy/kustomization.yaml': kustomize(fields),
  ...files,
});
export const component = (fields: object): string =>
  yaml({ apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', ...fields });
export const secret = (values: object): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'a-dev' },
  ...values,
});

export function child(name: string, spec: object): object {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: 'a-dev' },
    spec: {
      interval: '10m',
      prune: true,
      serviceAccountName: 'deployer',
      sourceRef: { kind: 'GitRepository', name: 'a' },
      ...spec,
    },
  };
}
