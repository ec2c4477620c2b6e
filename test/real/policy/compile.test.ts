// Bad Rego of every kind is one error with a code, the file and the line; good Rego says what it is.
import { afterAll, expect, inject, it } from 'vitest';
import { createRenderer } from '../../../src/adapters/renderer/renderer.ts';
import type { SluiceError } from '../../../src/errors.ts';
import type { RegoModule } from '../../../src/ports.ts';

const renderer = createRenderer({ binary: inject('renderer'), children: 1 });
afterAll(async () => await renderer.close());

const head = 'package sluice.team.probe\n\n';
const good: RegoModule = {
  file: 'rego/good.rego',
  text: 'package sluice.team.good\n\ndeny contains {"msg": "x"} if false\n',
};

async function failure(modules: readonly RegoModule[]): Promise<SluiceError> {
  return (await renderer.compile(modules).then(
    () => {
      throw new Error('it compiled');
    },
    (error: unknown) => error,
  )) as SluiceError;
}

it.each<[string, string, string, number]>([
  ['a syntax error', `${head}deny contains {\n`, 'policy.compile', 4],
  ['Rego v0', 'package sluice.team.probe\n\ndeny[x] { x := {"msg": "a"} }\n', 'policy.compile', 3],
  ['an unsafe variable', `${head}deny contains {"msg": y} if true\n`, 'policy.compile', 3],
  ['recursion', `${head}a if b\n\nb if a\n\ndeny contains {"msg": "x"} if a\n`, 'policy.compile', 3],
  ['a type error', `${head}deny contains {"msg": "x"} if 1 + "a" == 2\n`, 'policy.compile', 3],
  ['a misspelt input field', `${head}deny contains {"msg": "x"} if {\n\tinput.objct.kind\n}\n`, 'policy.compile', 4],
  [
    'a reference that nothing defines',
    `${head}import data.sluice.lib.pood\n\ndeny contains {"msg": "x"} if pood.a\n`,
    'policy.compile',
    5,
  ],
  ['data of the outside', `${head}deny contains {"msg": "x"} if data.config.x\n`, 'policy.compile', 3],
  ['bad metadata', `# METADATA\n# title: [\n${head}deny contains {"msg": "x"} if true\n`, 'policy.compile', 2],
  ['a package outside sluice', 'package team.probe\n\ndeny contains {"msg": "x"} if true\n', 'policy.compile', 1],
  ['a package that is too short', 'package sluice.probe\n\ndeny contains {"msg": "x"} if true\n', 'policy.compile', 1],
  ['a package that is too long', 'package sluice.a.b.c\n\ndeny contains {"msg": "x"} if true\n', 'policy.compile', 1],
  ["the guard's group", 'package sluice.tenant.probe\n\ndeny contains {"msg": "x"} if true\n', 'policy.compile', 1],
  [
    'a package that would fake another id',
    'package sluice["team/x"].probe\n\ndeny contains {"msg": "x"} if true\n',
    'policy.compile',
    1,
  ],
  [
    'the same id by another package',
    'package sluice.team["good"]\n\ndney contains {"msg": "x"} if true\n\ndeny := 1\n',
    'policy.compile',
    5,
  ],
  ['deny misspelt', `${head}dney contains {"msg": "x"} if true\n`, 'policy.compile', 1],
  ['deny as a value', `${head}deny := {"msg": "x"}\n`, 'policy.compile', 3],
  ['deny as a boolean', `${head}deny if true\n`, 'policy.compile', 3],
  ['deny as a function', `${head}deny(x) := x\n`, 'policy.compile', 3],
  ['deny in a library', 'package sluice.lib.probe\n\ndeny contains {"msg": "x"} if true\n', 'policy.compile', 1],
  ...[
    'http.send({"url": "http://x"})',
    'opa.runtime()',
    'time.now_ns()',
    'rand.intn("a", 3)',
    'uuid.rfc4122("a")',
    'net.lookup_ip_addr("x")',
    'yaml.unmarshal("a")',
    'regex.split("(a+)+", "a")',
    'json.marshal({})',
    'rego.parse_module("a", "b")',
    'trace("a")',
    'sprintf(input.object.kind, [1])',
    'sprintf("%s %s", ["a"])',
    'sprintf("%5d", [1])',
    'crypto.sha256("a")',
    'io.jwt.decode("a")',
  ].map((call): [string, string, string, number] => [
    call,
    `${head}deny contains {"msg": "x"} if {\n\tx := ${call}\n\tx\n}\n`,
    'policy.builtin',
    4,
  ]),
])('%s', async (_, text, code, line) => {
  const error = await failure([good, { file: 'rego/probe.rego', text }]);
  expect(error).toMatchObject({ code, kind: 'terminal', place: { file: 'rego/probe.rego', line } });
  expect(error.message).not.toContain('\n');
});

it.each<[string, readonly RegoModule[]]>([
  ['no module', []],
  ['nothing but a test', [{ file: 'rego/x_test.rego', text: 'package sluice.team.x_test\n' }]],
  ['an empty file', [good, { file: 'rego/x.rego', text: ' \n' }]],
  ['a file twice', [good, good]],
  ['a file that is too large', [good, { file: 'rego/x.rego', text: `${head}# ${'x'.repeat(300_000)}\n` }]],
  ['too many files', Array.from({ length: 1001 }, (__, index) => ({ file: `rego/${index}.rego`, text: good.text }))],
  [
    'brackets without end',
    [{ file: 'rego/x.rego', text: `${head}deny contains {"msg": "x"} if ${'['.repeat(100_000)}\n` }],
  ],
])('%s', async (_, modules) => {
  expect(await failure(modules)).toMatchObject({ code: 'policy.compile' });
});

it('reads ids, titles, descriptions and remedies, and leaves tests out', async () => {
  const text = `# METADATA
# title: Team label
# description: >-
#   Every Deployment says
#   who answers for it.
# custom:
#   remedy: Add the label team.
package sluice.team_a.team_label

warn contains {"msg": $"{input.object.kind} has none"} if input.object.kind
`;
  const broken = { file: 'rego/broken_test.rego', text: 'no Rego at all {' };
  const { rules } = await renderer.compile([{ file: 'rego/label.rego', text }, good, broken]);
  expect(rules).toEqual([
    {
      id: 'team-a/team-label',
      title: 'Team label',
      description: 'Every Deployment says who answers for it.',
      remedy: 'Add the label team.',
      file: 'rego/label.rego',
    },
    { id: 'team/good', title: 'team/good', description: '', file: 'rego/good.rego' },
  ]);
});

it('takes no notice of a bad module afterwards', async () => {
  await failure([{ file: 'rego/x.rego', text: `${head}deny contains {\n` }]);
  expect((await renderer.compile([good])).rules).toHaveLength(1);
});
