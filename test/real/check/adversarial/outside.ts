// Group B: what is outside the repository, in every field and spelling (056–062, 072).
// The scan refuses these here. That the file system and the cage refuse them without it is proved by
// renderer/build/unscanned_test.go; the product has no switch that turns a layer off.
import { configMap, type Files, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { child, component, deploy } from './fixtures.ts';

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

export const outsideRows: readonly Row[] = [...symlinks, ...remotes, ...inFields];
