// Adversarial cases 001–009, 016–034, 051–054 and 069: objects that are not what, or where, they seem.
import { describe, expect, test } from 'vitest';
import { type Case, configMap, expectDenied, meta, rbac } from './case.ts';
import { bound, check, objects, rules } from './tenant.ts';

const admin = { rbac: bound('admin') };

const clusterAdmin = `apiVersion: ${rbac}/v1
kind: ClusterRoleBinding
metadata: {name: root}
roleRef: {apiGroup: ${rbac}, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: x, namespace: a-dev}]`;

const cases: readonly Case[] = [
  {
    name: '001 a List that reached us unflattened',
    input: `apiVersion: v1\nkind: List\nmetadata: {}\nitems: [{apiVersion: v1, kind: Namespace, metadata: {name: c}}]`,
    rule: 'tenant/metadata',
    words: /no name/,
  },
  { name: '001 what a List held', input: clusterAdmin, rule: 'tenant/cluster-scoped', words: /cluster-scoped/ },
  {
    name: '002 items on a ConfigMap',
    input: `${configMap('{name: x, namespace: a-dev}')}items: [{kind: ClusterRoleBinding}]`,
    rule: 'tenant/metadata',
    words: /top-level items/,
  },
  {
    name: '004 a cluster-scoped custom resource in a namespace',
    input: `apiVersion: example.com/v1\nkind: Realm\n${meta}`,
    rule: 'tenant/cluster-scoped',
    words: /changes nothing/,
    setting: {
      crds: `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: realms.example.com}
spec: {group: example.com, scope: Cluster, names: {kind: Realm, plural: realms}, versions: [{name: v1, served: true}]}`,
    },
  },
  {
    name: '004 a well-known cluster-scoped kind in a namespace',
    input: `apiVersion: cert-manager.io/v1\nkind: ClusterIssuer\n${meta}`,
    rule: 'tenant/cluster-scoped',
    words: /ClusterIssuer is cluster-scoped/,
  },
  {
    name: '006 a kind that nothing knows',
    input: `apiVersion: example.com/v1\nkind: Widget\n${meta}`,
    rule: 'tenant/kind-unknown',
    words: /nothing says whether Widget of example\.com is namespaced/,
  },
  {
    name: '007 a CustomResourceDefinition of the tenant',
    input: `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {group: example.com, scope: Namespaced, names: {kind: Widget, plural: widgets}}`,
    rule: 'tenant/cluster-scoped',
    words: /CustomResourceDefinition/,
  },
  {
    name: '007 the custom resource beside its definition',
    input: `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {group: example.com, scope: Namespaced, names: {kind: Widget, plural: widgets}}
---
apiVersion: example.com/v1
kind: Widget
${meta}`,
    rule: 'tenant/kind-unknown',
    words: /Widget/,
  },
  {
    name: '009 Ingress of extensions',
    input: `apiVersion: extensions/v1beta1\nkind: Ingress\n${meta}`,
    rule: 'tenant/kind-unknown',
    words: /Ingress of extensions/,
  },
  {
    name: '009 Deployment of core',
    input: `apiVersion: v1\nkind: Deployment\n${meta}`,
    rule: 'tenant/kind-unknown',
    words: /no kind Deployment in the core API/,
  },
  {
    name: '009 a kind in lower case',
    input: `apiVersion: v1\nkind: secret\n${meta}`,
    rule: 'tenant/kind-unknown',
    words: /no kind secret/,
  },
  ...[
    '"a-dev "',
    '" a-dev"',
    'A-Dev',
    '"a-dev\\t"',
    '"a-dev\\u00a0"',
    '"a-dev\\u200b"',
    '"a-dev\\n"',
    '"a-dev\\0"',
  ].map((namespace) => ({
    name: `016 namespace ${namespace}`,
    input: configMap(`{name: x, namespace: ${namespace}}`),
    rule: 'tenant/namespace',
    words: /not a legal name/,
  })),
  ...['"\\u0430-dev"', '"\\uff41-dev"', '"a\\u2010dev"'].map((namespace) => ({
    name: `017 namespace ${namespace}`,
    input: configMap(`{name: x, namespace: ${namespace}}`),
    rule: 'tenant/namespace',
    words: /\\u\{(430|ff41|2010)\}/,
  })),
  ...['null', '0', '[]', '{}', '""', '123', 'true', '[a-dev]'].map((namespace) => ({
    name: `019 namespace ${namespace}`,
    input: configMap(`{name: x, namespace: ${namespace}}`),
    rule: 'tenant/namespace',
    words: /names no namespace|not a name/,
  })),
  {
    name: '019 no namespace at all',
    input: configMap('{name: x}'),
    rule: 'tenant/namespace',
    words: /names no namespace/,
  },
  {
    name: 'the namespace of another tenant',
    input: configMap('{name: x, namespace: b-dev}'),
    rule: 'tenant/namespace',
    words: /"b-dev" is not a namespace of this tenant/,
  },
  {
    name: 'a namespace that only the cluster knows',
    input: configMap('{name: x, namespace: "${NS}"}'),
    rule: 'tenant/namespace',
    words: /only the cluster knows/,
  },
  {
    name: 'a name that only the cluster knows',
    input: configMap('{name: "x-${NAME}", namespace: a-dev}'),
    rule: 'tenant/metadata',
    words: /only the cluster knows/,
  },
  {
    name: '021 namespace ..',
    input: configMap('{name: x, namespace: ".."}'),
    rule: 'tenant/namespace',
    words: /legal/,
  },
  ...[
    '../../../kube-system/secrets/x',
    '.',
    '..',
    'a/b',
    'a%2fb',
    'X',
    'x_y',
    '"x "',
    '"x\\u200b"',
    'x?y',
    'x..y',
    '-x',
  ].map((name) => ({
    name: `021 name ${name}`,
    input: configMap(`{name: ${name.startsWith('"') ? name : `"${name}"`}, namespace: a-dev}`),
    rule: 'tenant/metadata',
    words: /is not a legal name of a ConfigMap/,
  })),
  ...['..', '.', 'a/b', 'a%2fb', 'a b', 'a\\u202eb'].map((name) => ({
    name: `021 name ${name} of a Role`,
    input: `apiVersion: ${rbac}/v1\nkind: Role\nmetadata: {name: "${name}", namespace: a-dev}\nrules: []`,
    rule: 'tenant/metadata',
    words: /is not a legal name of a Role/,
    setting: admin,
  })),
  {
    name: '021 name of 254',
    input: configMap(`{name: ${'x'.repeat(254)}, namespace: a-dev}`),
    rule: 'tenant/metadata',
    words: /…" is not a legal/,
  },
  { name: '021 name 0', input: configMap('{name: 0, namespace: a-dev}'), rule: 'tenant/metadata', words: /a number/ },
  ...[
    `v1/../../apis/${rbac}/v1`,
    'v1?x=1',
    'v1#x',
    ' v1',
    'v1 ',
    'v2',
    'apps/v1/x',
    '/v1',
    'apps/',
    'apps/V1',
    'Apps/v1',
    '../v1',
    'apps/v1\\n',
    'apps%2fv1',
    '',
  ].map((apiVersion) => ({
    name: `022 apiVersion ${apiVersion}`,
    input: `apiVersion: "${apiVersion}"\nkind: ConfigMap\n${meta}`,
    rule: 'tenant/metadata',
    words: /neither v1 nor <group>\/<version>/,
  })),
  ...['ConfigMap/x', 'Config Map', '', 'Confıg', 'ConfigMap\\n'].map((kind) => ({
    name: `022 kind ${kind}`,
    input: `apiVersion: v1\nkind: "${kind}"\n${meta}`,
    rule: 'tenant/metadata',
    words: /is not the name of a kind/,
  })),
  {
    name: '024 generateName',
    input: configMap('{generateName: x-, namespace: a-dev}'),
    rule: 'tenant/metadata',
    words: /generateName/,
  },
  {
    name: '024 generateName beside a name',
    input: configMap('{name: x, generateName: x-, namespace: a-dev}'),
    rule: 'tenant/metadata',
    words: /generateName/,
  },
  {
    name: '026 a finalizer that nobody takes off',
    input: configMap('{name: x, namespace: a-dev, finalizers: [x/never]}'),
    rule: 'tenant/metadata',
    words: /"x\/never" can keep the object/,
  },
  ...[
    'managedFields: [{manager: x}]',
    'uid: 1b671a64-40d5-491e-99b0-da01ff1f3341',
    'resourceVersion: "12"',
    'creationTimestamp: "2026-01-01T00:00:00Z"',
    'deletionTimestamp: "2026-01-01T00:00:00Z"',
    'selfLink: /api/v1/x',
    'generation: 3',
    'ownerReferences: [{apiVersion: v1, kind: Pod, name: x, uid: y}]',
    'lables: {app: x}',
  ].map((field) => ({
    name: `027 metadata.${field}`,
    input: configMap(`{name: x, namespace: a-dev, ${field}}`),
    rule: 'tenant/metadata',
    words: /written by the API server|garbage collector|has no field "lables"/,
  })),
  {
    name: '027 status',
    input: `apiVersion: apps/v1\nkind: Deployment\n${meta}\nstatus: {replicas: 3}`,
    rule: 'tenant/metadata',
    words: /never applied/,
  },
  ...[
    'kustomize.toolkit.fluxcd.io/name',
    'kustomize.toolkit.fluxcd.io/namespace',
    'kustomize.toolkit.fluxcd.io/checksum',
    'helm.toolkit.fluxcd.io/name',
    'sluice.dev/owner',
  ].map((label) => ({
    name: `029 owner label ${label}`,
    input: configMap(`{name: x, namespace: a-dev, labels: {${label}: b}}`),
    rule: 'tenant/metadata',
    words: /says who owns an object/,
  })),
  {
    name: '029 a switch on an object of the platform',
    input: configMap('{name: x, namespace: a-dev, annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}}'),
    rule: 'tenant/duplicate',
    words: /already applied by another Kustomization of the fleet/,
    setting: { owner: (id) => (id === 'a-dev_x__ConfigMap' ? 'another Kustomization of the fleet' : undefined) },
  },
  {
    name: '031 the same object in two components',
    input: `${configMap('{name: x, namespace: a-dev}')}---\n${configMap('{name: x, namespace: a-dev}')}`,
    rule: 'tenant/duplicate',
    words: /already there in the same build/,
  },
  {
    name: '034 a Namespace',
    input: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: c-new}',
    rule: 'tenant/cluster-scoped',
    words: /Namespace is cluster-scoped/,
  },
  {
    name: '051 data larger than 1 MiB',
    input: `${configMap('{name: x, namespace: a-dev}')}data: {a: ${'x'.repeat(1024 * 1024 + 1)}}`,
    rule: 'tenant/metadata',
    words: /data has 1\.1 MiB; the limit is 1 MiB/,
  },
  {
    name: '051 an object larger than 1.5 MiB',
    input: `apiVersion: apps/v1\nkind: Deployment\n${meta}\nspec: {x: ${'x'.repeat(1.5 * 1024 * 1024)}}`,
    rule: 'tenant/metadata',
    words: /the object has 1\.6 MiB; the limit is 1\.5 MiB/,
  },
  {
    name: '051 300 KiB of annotations',
    input: configMap(`{name: x, namespace: a-dev, annotations: {a: ${'x'.repeat(300 * 1024)}}}`),
    rule: 'tenant/metadata',
    words: /annotations has 300\.1 KiB; the limit is 256 KiB/,
  },
  {
    name: '054 the same object in two versions',
    input: `apiVersion: apps/v1\nkind: Deployment\n${meta}\n---\napiVersion: apps/v1beta2\nkind: Deployment\n${meta}`,
    rule: 'tenant/duplicate',
    words: /already there/,
  },
  ...[
    'apiVersion: v1\nkind: Namespace',
    `apiVersion: ${rbac}/v1\nkind: ClusterRole`,
    'apiVersion: kyverno.io/v1\nkind: ClusterPolicy',
  ].map((head) => ({
    name: `069 ${head.replace('\n', ' ')} through a namespace transformer`,
    input: `${head}\nmetadata: {name: a-dev, namespace: a-dev}`,
    rule: 'tenant/cluster-scoped',
    words: /is cluster-scoped/,
  })),
];

describe('a tenant cannot', () => {
  test.each(cases)('$name', expectDenied);

  test('learn the name of another owner from a duplicate', () => {
    const found = check(configMap('{name: x, namespace: a-dev}'), {
      owner: () => 'another Kustomization of the fleet',
    });
    expect(JSON.stringify(found)).not.toContain('b-dev');
  });

  test('use a kind table key to smuggle a scope', () => {
    const hostile = objects(`apiVersion: "a/v1"\nkind: __proto__\n${meta}`);
    expect(rules(check(hostile))).toEqual(['tenant/metadata']);
    expect(rules(check(`apiVersion: example.com/v1\nkind: constructor\n${meta}`))).toEqual(['tenant/kind-unknown']);
  });
});

// What a pod may do (036), also inside custom kinds (037), hosts (041), annotations of an Ingress (042) and stores
// (044) are answered by policies/; 049 and 052 can only be met by an apply.
