// Cases 171, 172 and 224: Secrets in Git, and values that substitution brings.
import { canary, configMap, type Files, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { hostilePlatform } from './fixtures.ts';

const base64 = Buffer.from(canary).toString('base64');

/** The platform keeps a Secret and a ConfigMap of tenant a in Git. */
export const valuePlatform: Files = {
  ...hostilePlatform,
  'clusters/prod/values.yaml': yaml(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'vars', namespace: 'a-dev' },
      stringData: { password: canary },
      data: { token: base64 },
    },
    configMap('evil', 'a-dev', {
      lines: 'x\nkind: ClusterRoleBinding\nmetadata: {name: root}',
      document: 'x\n---\napiVersion: v1\nkind: Namespace\nmetadata: {name: hidden}\n',
      map: '{a: b}',
      quotes: `'"}]`,
      again: '${lines}',
      number: '0x10',
      secret: '${password}',
      anchor: '&a *a !!x',
    }),
  ),
};

const secret = (fields: object): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'a-dev' },
  ...fields,
});

const substituted = (postBuild: object, ...objects: readonly object[]): Files => ({
  'deploy/case.yaml': yaml({
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name: 'x', namespace: 'a-dev' },
    spec: {
      interval: '10m',
      prune: true,
      path: './other',
      serviceAccountName: 'deployer',
      sourceRef: { kind: 'GitRepository', name: 'a' },
      postBuild,
    },
  }),
  'other/app.yaml': yaml(...objects),
});

const fromSecret = { substituteFrom: [{ kind: 'Secret', name: 'vars' }] };
const fromEvil = { substituteFrom: [{ kind: 'ConfigMap', name: 'evil' }] };
const plain: Row['expect'] = { exit: 1, rules: ['secret/plaintext'] };

const shapes: readonly (readonly [string, object])[] = [
  ['stringData', { stringData: { a: canary } }],
  ['data', { data: { a: base64 } }],
  ['data that is not base64', { data: { a: canary } }],
  ['a value that is a map', { stringData: { a: { b: canary } } }],
  ['a value that is a list', { data: { a: [canary] } }],
  ['data that is a text', { data: canary }],
  ['stringData that is a list', { stringData: [canary] }],
  ['a key that is the value', { stringData: { [canary]: 'x' } }],
  ['a fake of SOPS', { stringData: { a: canary }, sops: { mac: 'x' } }],
  [
    'an immutable one with a type',
    { type: 'kubernetes.io/basic-auth', immutable: true, stringData: { password: canary } },
  ],
];

export const valueRows: readonly Row[] = [
  ...shapes
    .filter(([title]) => title !== 'a key that is the value')
    .map(
      ([title, fields]): Row => ({
        id: '224',
        title: `a Secret with ${title}`,
        input: yaml(secret(fields)),
        expect: plain,
      }),
    ),
  {
    id: '224',
    title: 'a Secret in the last-applied annotation, and its value elsewhere',
    input: yaml(
      secret({
        metadata: {
          name: 's',
          namespace: 'a-dev',
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(secret({ stringData: { a: canary } })),
          },
        },
        stringData: { a: canary },
      }),
      configMap('copy', 'a-dev', {
        plain: canary,
        encoded: base64,
        url: `https://u:${encodeURIComponent(canary)}@host/`,
      }),
    ),
    expect: plain,
  },
  {
    id: '224',
    title: 'a Secret by a generator, from literals, a file and an env file',
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml'],
        secretGenerator: [
          { name: 'g', namespace: 'a-dev', literals: [`a=${canary}`], files: ['f.txt'], envs: ['e.env'] },
        ],
      }),
      'deploy/f.txt': canary,
      'deploy/e.env': `B=${canary}\n`,
    },
    expect: plain,
  },
  {
    id: '224',
    title: 'a Secret in a file that does not parse',
    input: `${yaml(secret({ stringData: { a: canary } }))}\n---\n{ broken: [ "${canary}"`,
    expect: { exit: 2, codes: ['build.yaml'] },
  },
  {
    id: '224',
    title: 'a Secret whose patch does not fit',
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml', 'case.yaml'],
        patches: [
          { target: { kind: 'Secret' }, patch: yaml([{ op: 'test', path: '/stringData/a', value: `${canary}-not` }]) },
        ],
      }),
      'deploy/case.yaml': yaml(secret({ stringData: { a: canary } })),
    },
    expect: { exit: 2 },
  },
  {
    id: '224',
    title: 'a Secret under a kind that is none',
    input: yaml(
      { ...secret({ stringData: { a: canary } }), apiVersion: 'v1beta1' },
      { ...secret({ stringData: { a: canary } }), kind: 'secret' },
    ),
    expect: { exit: 1, rules: ['tenant/kind-unknown'] },
  },
  {
    id: '171',
    title: 'a variable of a Secret in a ConfigMap, an annotation, a label and an image',
    files: substituted(
      fromSecret,
      {
        ...configMap('y', 'a-dev', { a: '${password}', b: 'in ${token} between' }),
        metadata: { name: 'y', namespace: 'a-dev', annotations: { a: '${password}' }, labels: { a: '${password}' } },
      },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace: 'a-dev' },
        spec: { containers: [{ name: 'c', image: 'ghcr.io/acme/x:${password}' }] },
      },
    ),
    expect: { exit: 0, shows: ['ConfigMap/a-dev/y', 'Pod/a-dev/p'], diff: /a: '?\$\{password\}/ },
  },
  {
    id: '171',
    title: 'a variable of a Secret in a name and a namespace',
    files: substituted(fromSecret, configMap('y-${password}', 'a-dev'), configMap('z', '${password}')),
    expect: { exit: 1, rules: ['tenant/metadata', 'tenant/namespace'], says: /only the cluster knows/ },
  },
  {
    id: '171',
    title: 'a default, a length and a part of a variable of a Secret',
    files: substituted(
      fromSecret,
      configMap('y', 'a-dev', {
        a: '${password:=fallback}',
        b: '${#password}',
        c: '${password:0:6}',
        d: '${password/CANARY/x}',
      }),
    ),
    expect: { exit: 0, shows: ['ConfigMap/a-dev/y'] },
  },
  {
    id: '171',
    title: 'a Secret of another tenant as the source of variables',
    files: substituted(
      { substituteFrom: [{ kind: 'Secret', name: 'vars', namespace: 'b-dev' }] },
      configMap('y', 'a-dev', { a: '${password}' }),
    ),
    // Flux has no such field: variables come from the Kustomization's own namespace.
    expect: { exit: 0, diff: /a: '?\$\{password\}/ },
  },
  {
    id: '171',
    title: 'a ConfigMap whose value is a variable of a Secret',
    files: substituted(
      {
        substituteFrom: [
          { kind: 'Secret', name: 'vars' },
          { kind: 'ConfigMap', name: 'evil' },
        ],
      },
      configMap('y', 'a-dev', { a: '${secret}' }),
    ),
    expect: { exit: 0, shows: ['ConfigMap/a-dev/y'] },
  },
  ...['lines', 'document', 'map', 'quotes', 'anchor'].map(
    (name): Row => ({
      id: '172',
      title: `the variable ${name} beside other text`,
      files: substituted(fromEvil, configMap('y', 'a-dev', { b: `x \${${name}} y` })),
      expect: {
        exit: ['quotes', 'anchor'].includes(name) ? 0 : 2,
        hides: ['ClusterRoleBinding/root', 'Namespace/hidden'],
      },
    }),
  ),
  ...['again', 'number'].map(
    (name): Row => ({
      id: '172',
      title: `the variable ${name} in a value`,
      files: substituted(fromEvil, configMap('y', 'a-dev', { a: `\${${name}}`, b: `x \${${name}} y` })),
      expect: { exit: 0, shows: ['ConfigMap/a-dev/y'] },
    }),
  ),
  ...['lines', 'document', 'map'].map(
    (name): Row => ({
      id: '172',
      title: `the variable ${name} at the end of an object`,
      files: substituted(fromEvil, {
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: { name: 'y', namespace: 'a-dev' },
        spec: { z: `\${${name}}` },
      }),
      expect: { exit: 2, codes: ['build.substitute'], hides: ['ClusterRoleBinding/root', 'Namespace/hidden'] },
    }),
  ),
  {
    id: '172',
    title: 'a variable that would be another kind',
    files: substituted(
      { substitute: { KIND: 'ClusterRole', GROUP: 'rbac.authorization.k8s.io/v1' } },
      { apiVersion: '${GROUP}', kind: '${KIND}', metadata: { name: 'y', namespace: 'a-dev' } },
    ),
    expect: { exit: 1, rules: ['tenant/cluster-scoped'] },
  },
  {
    id: '172',
    title: 'a variable that would be another namespace, or a path',
    files: substituted(
      { substitute: { NS: 'kube-system', NAME: '../../x' } },
      configMap('y', '${NS}'),
      configMap('${NAME}', 'a-dev'),
    ),
    expect: { exit: 1, rules: ['tenant/namespace', 'tenant/metadata'] },
  },
  {
    id: '172',
    title: 'a variable that would switch something on',
    files: substituted(
      { substitute: { ON: 'true' } },
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'y', namespace: 'a-dev' },
        spec: { hostNetwork: '${ON}', containers: [] },
      },
    ),
    expect: { exit: 1, rules: ['pod/host-namespace'] },
  },
  {
    id: '172',
    title: 'a variable that grows without end',
    files: substituted({ substitute: { A: '${B}${B}', B: '${A}${A}' } }, configMap('y', 'a-dev', { a: '${A}' })),
    expect: { exit: 0, shows: ['ConfigMap/a-dev/y'] },
  },
];
