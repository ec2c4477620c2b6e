// Group A, first half: objects that are not what, or where, they seem (001–034, 051, 054).
import { configMap, type Files, platformFiles, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';

export const rbac = 'rbac.authorization.k8s.io';
const meta = 'metadata: {name: x, namespace: a-dev}';
const map = (metadata: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: ${metadata}\n`;
const clusterAdmin = {
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: 'root' },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', name: 'x', namespace: 'a-dev' }],
};
const crd = (kind: string, plural: string, scope: string): object => ({
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

const kustomization = (fields: object): string => yaml(fields);

/** One legal file and what a kustomization makes of it. */
const through = (fields: object, ...objects: readonly object[]): Files => ({
  'deploy/kustomization.yaml': kustomization({ resources: ['app.yaml', 'case.yaml'], ...fields }),
  'deploy/case.yaml': yaml(...objects),
});

const denied = (id: string, title: string, input: string, rule: string, says?: RegExp, objects?: number): Row => ({
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

const numbered = (inputs: readonly string[], make: (input: string, index: number) => string): string =>
  inputs.map(make).join('---\n');

const lists: readonly Row[] = [
  denied(
    '001',
    'a List',
    yaml({ apiVersion: 'v1', kind: 'List', items: [clusterAdmin] }),
    'tenant/cluster-scoped',
    /ClusterRoleBinding/,
  ),
  denied(
    '001',
    'lists inside lists, and a list by another name',
    yaml(
      { apiVersion: 'v1', kind: 'List', items: [{ apiVersion: 'v1', kind: 'ConfigMapList', items: [clusterAdmin] }] },
      { apiVersion: 'example.com/v1', kind: 'FooList', items: [{ ...clusterAdmin, metadata: { name: 'root2' } }] },
    ),
    'tenant/cluster-scoped',
    /ClusterRoleBinding/,
    2,
  ),
  {
    id: '001',
    title: 'a List that a patch file and a component bring',
    files: {
      'deploy/kustomization.yaml': kustomization({ resources: ['app.yaml'], components: ['part'] }),
      'deploy/part/kustomization.yaml': kustomization({
        apiVersion: 'kustomize.config.k8s.io/v1alpha1',
        kind: 'Component',
        resources: ['list.yaml'],
      }),
      'deploy/part/list.yaml': yaml({ apiVersion: 'v1', kind: 'List', items: [clusterAdmin] }),
    },
    expect: { exit: 1, rules: ['tenant/cluster-scoped'], at: 'deploy/part/list.yaml:1' },
  },
  denied(
    '002',
    'items on a ConfigMap',
    yaml({ ...configMap('x', 'a-dev'), items: [clusterAdmin] }),
    'tenant/metadata',
    /items/,
  ),
  denied(
    '002',
    'items on a custom kind',
    yaml({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: { name: 'x', namespace: 'a-dev' },
      items: [clusterAdmin],
    }),
    'tenant/metadata',
    /items/,
  ),
  {
    id: '002',
    title: 'items that a patch adds',
    files: through(
      { patches: [{ target: { name: 'x' }, patch: yaml([{ op: 'add', path: '/items', value: [clusterAdmin] }]) }] },
      configMap('x', 'a-dev'),
    ),
    expect: { exit: 1, rules: ['tenant/metadata'], says: /items/ },
  },
];

const kinds: readonly Row[] = [
  denied(
    '004',
    'a cluster-scoped custom kind with a namespace',
    `apiVersion: example.com/v1\nkind: Realm\n${meta}`,
    'tenant/cluster-scoped',
    /changes nothing/,
  ),
  denied(
    '004',
    'well-known and built-in cluster kinds with a namespace',
    numbered(
      [
        'cert-manager.io/v1\nkind: ClusterIssuer',
        'external-secrets.io/v1\nkind: ClusterSecretStore',
        'v1\nkind: PersistentVolume',
        'storage.k8s.io/v1\nkind: StorageClass',
        'apiregistration.k8s.io/v1\nkind: APIService',
        'admissionregistration.k8s.io/v1\nkind: MutatingWebhookConfiguration',
      ],
      (head) => `apiVersion: ${head}\n${meta}\n`,
    ),
    'tenant/cluster-scoped',
    undefined,
    6,
  ),
  {
    id: '004',
    title: 'a kind that a patch makes cluster-scoped',
    files: through(
      {
        patches: [
          {
            target: { kind: 'Widget' },
            patch: yaml([{ op: 'replace', path: '/kind', value: 'Realm' }]),
            options: { allowKindChange: true },
          },
        ],
      },
      { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x', namespace: 'a-dev' } },
    ),
    expect: { exit: 1, rules: ['tenant/cluster-scoped'], says: /Realm/ },
  },
  denied(
    '006',
    'a kind that nothing knows',
    `apiVersion: unknown.example.net/v1\nkind: Gadget\n${meta}`,
    'tenant/kind-unknown',
    /namespaced: true/,
  ),
  denied(
    '006',
    'kinds that are only subresources or answers',
    numbered(
      [
        'v1\nkind: Binding',
        'authentication.k8s.io/v1\nkind: TokenReview',
        'autoscaling/v1\nkind: Scale',
        'policy/v1\nkind: Eviction',
        'v1\nkind: Status',
      ],
      (head) => `apiVersion: ${head}\n${meta}\n`,
    ),
    'tenant/kind-unknown',
  ),
  denied(
    '007',
    'a definition and its object',
    yaml(crd('Portal', 'portals', 'Cluster'), {
      apiVersion: 'example.com/v1',
      kind: 'Portal',
      metadata: { name: 'x', namespace: 'a-dev' },
    }),
    'tenant/kind-unknown',
    /Portal/,
  ),
  denied(
    '007',
    'a definition that claims to be namespaced',
    yaml(crd('Portal', 'portals', 'Namespaced'), crd('Realm', 'realms', 'Namespaced'), {
      apiVersion: 'example.com/v1',
      kind: 'Realm',
      metadata: { name: 'x', namespace: 'a-dev' },
    }),
    'tenant/cluster-scoped',
    /CustomResourceDefinition|Realm/,
    3,
  ),
  denied(
    '009',
    'the same kind name in other groups',
    numbered(
      [
        'extensions/v1beta1\nkind: Ingress',
        'v1\nkind: Ingress',
        'v1\nkind: Deployment',
        'apps/v1\nkind: Pod',
        'example.net/v1\nkind: ConfigMap',
        'networking.k8s.io/v1\nkind: ConfigMap',
        'events.k8s.io/v1\nkind: Secret',
      ],
      (head, index) => `apiVersion: ${head}\nmetadata: {name: x${index}, namespace: a-dev}\n`,
    ),
    'tenant/kind-unknown',
    undefined,
    7,
  ),
  denied(
    '009',
    'a kind in another case',
    numbered(['configmap', 'CONFIGMAP', 'Configmap'], (kind) => `apiVersion: v1\nkind: ${kind}\n${meta}\n`),
    'tenant/kind-unknown',
    undefined,
    3,
  ),
];

const namespaces: readonly Row[] = [
  denied(
    '016',
    'a namespace with spaces, tabs, case and invisible characters',
    numbered(
      [
        '"a-dev "',
        '" a-dev"',
        'A-Dev',
        '"a-dev\\t"',
        '"a-dev\\u00a0"',
        '"a-dev\\u200b"',
        '"a-dev\\n"',
        '"\\u2060a-dev"',
      ],
      (namespace, index) => map(`{name: x${index}, namespace: ${namespace}}`),
    ),
    'tenant/namespace',
    /not a legal name/,
    8,
  ),
  {
    id: '016',
    title: 'a namespace transformer with a space',
    files: through({ namespace: 'a-dev ' }, configMap('x', 'a-dev')),
    expect: { exit: 1, rules: ['tenant/namespace'], says: /not a legal name/ },
  },
  denied(
    '017',
    'a namespace of look-alikes',
    numbered(
      ['"\\u0430-dev"', '"\\uff41-dev"', '"a\\u2010dev"', '"a-de\\u0475"', '"a-dev\\u0301"'],
      (namespace, index) => map(`{name: x${index}, namespace: ${namespace}}`),
    ),
    'tenant/namespace',
    /\\u\{(430|ff41|2010|475|301)\}/,
    5,
  ),
  {
    id: '017',
    title: 'a look-alike that a replacement copies in',
    files: through(
      {
        replacements: [
          {
            source: { kind: 'ConfigMap', name: 'source', fieldPath: 'data.to' },
            targets: [{ select: { name: 'x' }, fieldPaths: ['metadata.namespace'] }],
          },
        ],
      },
      configMap('source', 'a-dev', { to: '\u0430-dev' }),
      configMap('x', 'a-dev'),
    ),
    expect: { exit: 1, rules: ['tenant/namespace'], says: /\\u\{430\}/ },
  },
  denied(
    '019',
    'a namespace that is no text',
    numbered(['0', '123', 'true', '1.5', '0x10'], (namespace, index) =>
      map(`{name: x${index}, namespace: ${namespace}}`),
    ),
    'tenant/namespace',
    /not a name/,
    5,
  ),
  denied(
    '019',
    'no namespace at all',
    numbered(['null', '""', '~'], (namespace, index) => map(`{name: x${index}, namespace: ${namespace}}`)) +
      `---\n${map('{name: y}')}`,
    'tenant/namespace',
    /names no namespace/,
    4,
  ),
  ...['[]', '{}', '[a-dev]', '{a-dev: a-dev}'].map(
    (namespace): Row => ({
      id: '019',
      title: `namespace ${namespace}`,
      input: map(`{name: x, namespace: ${namespace}}`),
      expect: { exit: 1, rules: ['tenant/namespace'], says: /not a name/ },
    }),
  ),
  denied(
    '021',
    'namespaces that are paths',
    numbered(
      ['".."', '"."', '"../b-dev"', '"a-dev/../b-dev"', '"a-dev%2f..%2fb-dev"', '"a-dev?x"', '"a-dev#"'],
      (namespace, index) => map(`{name: x${index}, namespace: ${namespace}}`),
    ),
    'tenant/namespace',
    /not a legal name/,
    7,
  ),
  denied(
    '021',
    'names that are paths',
    numbered(
      ['../../../kube-system/secrets/x', '..', '.', 'a/b', 'a%2fb', 'x?y', 'x#y', 'X', '-x', 'x..y', 'x '],
      (name) => map(`{name: "${name}", namespace: a-dev}`),
    ),
    'tenant/metadata',
    /not a legal name/,
    11,
  ),
  denied(
    '021',
    'names of roles that are paths',
    numbered(
      ['..', '.', 'a/b', 'a%2fb', 'a b', 'a\\u202eb'],
      (name) => `apiVersion: ${rbac}/v1\nkind: Role\nmetadata: {name: "${name}", namespace: a-dev}\nrules: []\n`,
    ),
    'tenant/metadata',
    /not a legal name/,
    6,
  ),
  {
    id: '021',
    title: 'a prefix that makes a path of a name',
    files: through({ namePrefix: '../../kube-system/secrets/' }, configMap('x', 'a-dev')),
    expect: { exit: 1, rules: ['tenant/metadata'], says: /not a legal name/ },
  },
  denied(
    '021',
    'the namespace of another tenant, and of the system',
    numbered(['b-dev', 'kube-system', 'flux-system', 'default'], (namespace, index) =>
      map(`{name: x${index}, namespace: ${namespace}}`),
    ),
    'tenant/namespace',
    /not a namespace of this tenant/,
    4,
  ),
];

const fields: readonly Row[] = [
  ...[
    `v1/../../apis/${rbac}/v1`,
    'v1?x=1',
    'v1#x',
    ' v1',
    'v1 ',
    '/v1',
    'apps/v1/x',
    '../v1',
    'Apps/v1',
    'v1%2f..',
    'v1\u200b',
  ].map(
    (apiVersion): Row =>
      denied(
        '022',
        `apiVersion ${JSON.stringify(apiVersion)}`,
        `apiVersion: "${apiVersion}"\nkind: ConfigMap\n${meta}`,
        'tenant/metadata',
        /neither v1 nor/,
      ),
  ),
  denied(
    '022',
    'kinds that are paths',
    numbered(
      ['ConfigMap/x', 'Config Map', '../Secret', 'ConfigMap?x'],
      (kind, index) => `apiVersion: v1\nkind: "${kind}"\nmetadata: {name: x${index}, namespace: a-dev}\n`,
    ),
    'tenant/metadata',
    /not the name of a kind/,
    4,
  ),
  {
    id: '024',
    title: 'generateName without a name',
    input: map('{generateName: x-, namespace: a-dev}'),
    expect: { exit: 2, codes: ['build.object'], says: /metadata\.name/ },
  },
  denied(
    '024',
    'generateName beside a name',
    map('{name: x, generateName: x-, namespace: a-dev}'),
    'tenant/metadata',
    /generateName/,
  ),
  {
    id: '024',
    title: 'generateName that a patch puts in the place of a name',
    files: through(
      {
        patches: [
          {
            target: { name: 'x' },
            patch: yaml([
              { op: 'add', path: '/metadata/generateName', value: 'x-' },
              { op: 'remove', path: '/metadata/name' },
            ]),
          },
        ],
      },
      configMap('x', 'a-dev'),
    ),
    expect: { exit: 2, codes: ['build.kustomize'] },
  },
  denied(
    '026',
    'finalizers',
    numbered(
      ['[x/never]', '[kubernetes]', '["foregroundDeletion ", orphan]', '[1]', '"x/never"'],
      (finalizers, index) => map(`{name: x${index}, namespace: a-dev, finalizers: ${finalizers}}`),
    ),
    'tenant/metadata',
    /finalizer/,
    5,
  ),
  denied(
    '027',
    'what only the API server writes',
    numbered(
      [
        'managedFields: [{manager: x}]',
        'uid: 1b671a64-40d5-491e-99b0-da01ff1f3341',
        'resourceVersion: "12"',
        'creationTimestamp: "2026-01-01T00:00:00Z"',
        'deletionTimestamp: "2026-01-01T00:00:00Z"',
        'selfLink: /api/v1/x',
        'generation: 3',
        'ownerReferences: [{apiVersion: v1, kind: Pod, name: x, uid: y}]',
      ],
      (field, index) => map(`{name: x${index}, namespace: a-dev, ${field}}`),
    ),
    'tenant/metadata',
    undefined,
    8,
  ),
  denied(
    '027',
    'status',
    `apiVersion: apps/v1\nkind: Deployment\n${meta}\nstatus: {replicas: 3}`,
    'tenant/metadata',
    /never applied/,
  ),
  {
    id: '027',
    title: 'status that a patch adds',
    files: through(
      {
        patches: [
          { target: { kind: 'Widget' }, patch: yaml([{ op: 'add', path: '/status', value: { ready: true } }]) },
        ],
      },
      { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x', namespace: 'a-dev' } },
    ),
    expect: { exit: 1, rules: ['tenant/metadata'], says: /never applied/ },
  },
  denied(
    '029',
    'labels and annotations that say who owns an object',
    numbered(
      [
        'labels: {kustomize.toolkit.fluxcd.io/name: b}',
        'labels: {kustomize.toolkit.fluxcd.io/namespace: b-dev}',
        'annotations: {kustomize.toolkit.fluxcd.io/checksum: x}',
        'labels: {helm.toolkit.fluxcd.io/name: b}',
        'annotations: {sluice.dev/owner: b}',
      ],
      (field, index) => map(`{name: x${index}, namespace: a-dev, ${field}}`),
    ),
    'tenant/metadata',
    /who owns/,
    5,
  ),
  {
    id: '029',
    title: 'a switch on an object that the platform placed in the namespace',
    input: yaml({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: {
        name: 'deployer',
        namespace: 'a-dev',
        annotations: {
          'kustomize.toolkit.fluxcd.io/prune': 'disabled',
          'kustomize.toolkit.fluxcd.io/reconcile': 'disabled',
        },
      },
    }),
    expect: { exit: 1, rules: ['tenant/duplicate', 'tenant/escalation'] },
  },
  {
    id: '029',
    title: 'owner labels by commonLabels and a transformer',
    files: through(
      {
        labels: [{ pairs: { 'kustomize.toolkit.fluxcd.io/name': 'b' } }],
        commonAnnotations: { 'sluice.dev/owner': 'b' },
      },
      configMap('x', 'a-dev'),
    ),
    expect: { exit: 1, rules: ['tenant/metadata'], says: /who owns/ },
  },
  denied(
    '031',
    'an object of the platform in the tenant namespace',
    yaml({
      apiVersion: `${rbac}/v1`,
      kind: 'RoleBinding',
      metadata: { name: 'deployer', namespace: 'a-dev' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'edit' },
      subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: 'a-dev' }],
    }),
    'tenant/duplicate',
    /already applied by/,
  ),
  {
    id: '031',
    title: 'two Kustomizations of the tenant with one object',
    files: {
      'deploy/second.yaml': yaml({
        apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
        kind: 'Kustomization',
        metadata: { name: 'second', namespace: 'a-dev' },
        spec: {
          interval: '10m',
          path: './second',
          prune: true,
          serviceAccountName: 'deployer',
          sourceRef: { kind: 'GitRepository', name: 'a' },
        },
      }),
      'second/app.yaml': yaml(configMap('app', 'a-dev')),
    },
    expect: { exit: 1, rules: ['tenant/duplicate'], says: /already applied by/ },
  },
  {
    id: '031',
    title: 'the same object twice in one build',
    input: yaml(configMap('x', 'a-dev', { one: '1' }), configMap('x', 'a-dev', { two: '2' })),
    expect: { exit: 2, codes: ['build.kustomize'] },
  },
  denied(
    '034',
    'a Namespace',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: c-new}',
    'tenant/cluster-scoped',
    /Namespace is cluster-scoped/,
  ),
  denied(
    '034',
    'a Namespace of its own, with labels',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: a-dev, labels: {pod-security.kubernetes.io/enforce: privileged}}',
    'tenant/cluster-scoped',
  ),
  denied(
    '034',
    'namespaces in other words',
    numbered(
      [
        'hnc.x-k8s.io/v1alpha2\nkind: SubnamespaceAnchor',
        'capsule.clastix.io/v1beta2\nkind: Tenant',
        'project.openshift.io/v1\nkind: ProjectRequest',
      ],
      (head) => `apiVersion: ${head}\n${meta}\n`,
    ),
    'tenant/cluster-scoped',
  ),
  denied(
    '051',
    'data larger than 1 MiB',
    `${map('{name: x, namespace: a-dev}')}data: {a: ${'x'.repeat(1024 * 1024 + 1)}}`,
    'tenant/metadata',
    /data has 1\.1 MiB/,
  ),
  denied(
    '051',
    'an object larger than 1.5 MiB',
    `apiVersion: example.com/v1\nkind: Widget\n${meta}\nspec: {x: ${'x'.repeat(1.5 * 1024 * 1024)}}`,
    'tenant/metadata',
    /the object has 1\.6 MiB/,
  ),
  denied(
    '051',
    '300 KiB of annotations',
    map(`{name: x, namespace: a-dev, annotations: {a: ${'x'.repeat(300 * 1024)}}}`),
    'tenant/metadata',
    /annotations has/,
  ),
  {
    id: '051',
    title: 'a large file by a generator',
    files: {
      'deploy/kustomization.yaml': kustomization({
        resources: ['app.yaml'],
        configMapGenerator: [{ name: 'x', namespace: 'a-dev', files: ['big.bin'] }],
      }),
      'deploy/big.bin': Buffer.alloc(1024 * 1024 + 1, 0x80),
    },
    expect: { exit: 1, rules: ['tenant/metadata'], says: /data has 1\.1 MiB/ },
  },
  denied(
    '054',
    'the same object in two versions',
    `apiVersion: apps/v1\nkind: Deployment\n${meta}\n---\napiVersion: apps/v1beta2\nkind: Deployment\n${meta}`,
    'tenant/duplicate',
    /already there/,
  ),
  denied(
    '054',
    'the same custom object in two versions',
    `apiVersion: example.com/v1\nkind: Widget\n${meta}\n---\napiVersion: example.com/v2\nkind: Widget\n${meta}`,
    'tenant/duplicate',
    /already there/,
  ),
];

export const manifestRows: readonly Row[] = [...lists, ...kinds, ...namespaces, ...fields];
