// Group A: objects that are not what, or where, they seem (001–021).
import { configMap, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { clusterAdmin, crd, denied, map, meta, numbered, rbac, through } from './fixtures.ts';

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
      'deploy/kustomization.yaml': yaml({ resources: ['app.yaml'], components: ['part'] }),
      'deploy/part/kustomization.yaml': yaml({
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

export const manifestRows: readonly Row[] = [...lists, ...kinds, ...namespaces];
