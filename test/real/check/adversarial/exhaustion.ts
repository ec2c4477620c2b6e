// Group B: builds that would take more than there is (076, 077).
import { configMap, type Files, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';
import { component, deploy } from './fixtures.ts';

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

export const exhaustionRows: readonly Row[] = [
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
