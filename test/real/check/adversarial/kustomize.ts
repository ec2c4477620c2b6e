// Group B: what a kustomization may leave behind (069–084).
import { canary, configMap, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { child, component, deploy, kustomize, secret } from './fixtures.ts';

const widget = { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x', namespace: 'a-dev' } };

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

export const kustomizeRows: readonly Row[] = shapes;
