// Group A: names, fields and sizes that must not come from Git (022–034, 051, 054).
import { configMap, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { denied, map, meta, numbered, rbac, through } from './fixtures.ts';

export const metadataRows: readonly Row[] = [
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
      'deploy/kustomization.yaml': yaml({
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
