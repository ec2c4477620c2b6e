// Group L: policies that are broken, hostile, slow or silent, and objects that only policy sees the trouble of.
import { canary, configMap, type Files, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';

const rule = (body: string, name = 'own.probe'): string => `package sluice.${name}\n\n${body}\n`;

/** A platform with one Rego file of its own. */
export const policy = (text: string, more: Files = {}): Files => ({
  'sluice.yaml': yaml({ policies: ['policies'] }),
  'policies/own/probe.rego': text,
  ...more,
});

const broken = (
  id: string,
  title: string,
  text: string,
  codes: NonNullable<Row['expect']['codes']>,
  says?: RegExp,
): Row => ({
  id,
  title,
  input: yaml(configMap('x', 'a-dev')),
  platform: policy(text),
  expect: { exit: 2, codes, at: 'policies/own/probe.rego', ...(says === undefined ? {} : { says }) },
});

/** Nothing of this may load: a rule that can never speak looks like a rule that is content. */
const silent: readonly Row[] = [
  broken('241', 'a package outside sluice', 'package slice.own.probe\n\ndeny contains {"msg": "no"} if true\n', [
    'policy.compile',
  ]),
  broken('241', 'a package without a rule name', 'package sluice\n\ndeny contains {"msg": "no"} if true\n', [
    'policy.compile',
  ]),
  broken(
    '241',
    'a misspelt deny',
    rule('denny contains {"msg": "no"} if true'),
    ['policy.compile'],
    /neither deny nor warn/,
  ),
  broken('241', 'deny as a value', rule('deny := true'), ['policy.compile'], /must be a set/),
  broken('241', 'deny as a function', rule('deny(x) := x'), ['policy.compile'], /must be a set/),
  broken('241', 'a library that denies', rule('deny contains {"msg": "no"} if true', 'lib.probe'), ['policy.compile']),
  broken('241', 'a misspelt input', rule('deny contains {"msg": "no"} if input.objct.kind == "Secret"'), [
    'policy.compile',
  ]),
  broken('241', 'data that nothing defines', rule('deny contains {"msg": "no"} if data.sluice.lib.nowhere.bad'), [
    'policy.compile',
  ]),
  broken(
    '241',
    'a rule that calls itself',
    rule('f(x) := g(x)\n\ng(x) := f(x)\n\ndeny contains {"msg": "no"} if f(1)'),
    ['policy.compile'],
  ),
  broken('241', 'Rego of the old language', rule('deny[x] { x := "no" }'), ['policy.compile']),
  broken('241', 'an empty file', '', ['policy.compile']),
  broken('241', 'bytes that are no Rego', '\u0001\u001b[31m{{{', ['policy.compile']),
  ...[
    'http.send({"method": "get", "url": "http://@LISTENER@/"}).status_code == 200',
    'opa.runtime().env.GITHUB_APP_PRIVATE_KEY != ""',
    'time.now_ns() > 0',
    'rand.intn("x", 2) == 1',
    'uuid.rfc4122("x") != ""',
    'net.lookup_ip_addr("localhost") != set()',
    'regex.split("(a+)+$", "aaaa") != []',
    'yaml.unmarshal("a: no").a == false',
    'io.jwt.decode("x") != []',
    'crypto.sha256("x") != ""',
  ].map((call): Row => {
    const name = /^[a-z0-9_.]+/.exec(call)?.[0] ?? '';
    return {
      ...broken('241', `the built-in ${name}`, rule(`deny contains {"msg": "no"} if ${call}`), ['policy.builtin']),
    };
  }),
  {
    id: '241',
    title: 'a folder of policies that is not there',
    input: yaml(configMap('x', 'a-dev')),
    platform: { 'sluice.yaml': yaml({ policies: ['nowhere'] }) },
    expect: { exit: 2, codes: ['config.invalid'], at: 'sluice.yaml' },
  },
  {
    id: '241',
    title: 'a shipped rule turned off by a name that no rule has',
    input: yaml(configMap('x', 'a-dev')),
    platform: { 'sluice.yaml': yaml({ policies: { off: ['pod/privilegd'] } }) },
    expect: { exit: 2, codes: ['config.invalid'], at: 'sluice.yaml' },
  },
  {
    id: '241',
    title: 'policies of the tenant itself, which count for nothing',
    files: {
      'sluice.yaml': yaml({ policies: { off: ['pod/host-namespace'] } }),
      'policies/own/probe.rego': 'nonsense',
      'waivers/all.yaml': yaml({
        rule: 'pod/host-namespace',
        object: 'Pod/a-dev/x',
        reason: 'mine',
        until: '2027-01-01',
      }),
      'deploy/case.yaml': yaml({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'x', namespace: 'a-dev' },
        spec: { hostNetwork: true, containers: [] },
      }),
    },
    expect: { exit: 1, rules: ['pod/host-namespace'] },
  },
];

const many = yaml(...Array.from({ length: 500 }, (_, at) => configMap(`x${at}`, 'a-dev')));
const one = yaml(configMap('x', 'a-dev'));

const fails = (
  id: string,
  title: string,
  body: string,
  code: NonNullable<Row['expect']['codes']>,
  input = one,
): Row => ({
  id,
  title,
  input,
  platform: policy(rule(body)),
  expect: { exit: 2, codes: code },
});

const answers: readonly Row[] = [
  fails(
    '242',
    'a finding without words for one of 500 documents',
    'deny contains {"msg": 7} if input.object.metadata.name == "x250"',
    ['policy.crashed'],
    many,
  ),
  fails(
    '242',
    'a finding of another shape for one of 500 documents',
    'deny contains "no" if input.object.metadata.name == "x499"',
    ['policy.crashed'],
    many,
  ),
  fails('242', 'an empty word', 'deny contains {"msg": " "} if input.object.metadata.name == "x"', ['policy.crashed']),
  fails(
    '242',
    'a path that is none',
    'deny contains {"msg": "no", "path": [{}]} if input.object.metadata.name == "x"',
    ['policy.crashed'],
  ),
  fails(
    '242',
    'a key that no finding has',
    'deny contains {"msg": "no", "severity": "warn"} if input.object.metadata.name == "x"',
    ['policy.crashed'],
  ),
  fails(
    '242',
    'two values for one document of 500',
    'level := 1 if input.object.kind == "ConfigMap"\n\nlevel := 2 if input.object.metadata.name == "x7"\n\ndeny contains {"msg": "no"} if level == 3',
    ['policy.crashed'],
    many,
  ),
  {
    id: '242',
    title: 'a rule that is undefined for all documents but one',
    input: many,
    platform: policy(
      rule(
        'deny contains {"msg": input.object.data.word} if input.object.metadata.name == "x7"\n\ndeny contains {"msg": input.object.data.key} if input.object.metadata.name == "x8"',
      ),
    ),
    expect: { exit: 1, rules: ['own/probe'], objects: 1, says: /^value/ },
  },
  {
    id: '244',
    title: 'documents with nothing in them',
    input: ['spec: null', 'spec: 0', 'spec: ""', 'spec: []', 'spec: {}', 'spec: false', '']
      .map(
        (field, at) =>
          `apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\nmetadata: {name: x${at}, namespace: a-dev}\n${field}\n`,
      )
      .join('---\n'),
    platform: policy(rule('deny contains {"msg": "seen"} if input.object.kind == "ScaledJob"')),
    expect: { exit: 1, rules: ['own/probe'], objects: 7 },
  },
  {
    id: '244',
    title: 'no documents at all',
    files: { 'deploy/app.yaml': '---\n---\n' },
    platform: policy(rule('deny contains {"msg": "seen"} if true')),
    expect: { exit: 2, codes: ['build.empty'] },
  },
  {
    id: '247',
    title: 'an object of 4.5 MB',
    input: yaml({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledJob',
      metadata: { name: 'x', namespace: 'a-dev' },
      spec: { long: `${'é'.repeat(2_250_000)}!` },
    }),
    platform: policy(
      rule(
        'deny contains {"msg": $"{count(input.object.spec.long)} characters"} if endswith(input.object.spec.long, "!")',
      ),
    ),
    expect: { exit: 1, rules: ['tenant/metadata', 'own/probe'], says: /2250001 characters/ },
  },
  {
    id: '247',
    title: 'what a rule says about hostile text',
    input: yaml(
      configMap('x', 'a-dev', { word: '\u001b[31m\u202e @everyone <img src=x> ```\n### [x](http://@LISTENER@)' }),
    ),
    platform: policy(
      rule(
        'deny contains {"msg": input.object.data.word, "remedy": input.object.data.word} if input.object.kind == "ConfigMap"',
      ),
    ),
    expect: { exit: 1, rules: ['own/probe'] },
  },
  {
    id: '247',
    title: 'a rule that says what a Secret holds',
    input: yaml(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: 'a-dev' }, stringData: { word: canary } },
      configMap('x', 'a-dev', { word: `b${canary}` }),
    ),
    platform: policy(
      rule(
        'deny contains {"msg": $"{input.object.stringData.word} is bad", "remedy": $"not {input.object.stringData.word}"} if input.object.kind == "Secret"\n\ndeny contains {"msg": base64.encode(input.object.stringData.word)} if input.object.kind == "Secret"',
      ),
    ),
    expect: { exit: 1, rules: ['own/probe'], says: /\*\*\* is bad/ },
  },
];

// Comparisons take no memory, so that time is what runs out.
const forever =
  'list := numbers.range(1, 5000)\n\tsome a in list\n\tsome b in list\n\tsome c in list\n\ta < b\n\tb < c\n\tc < a';

const limits: readonly Row[] = [
  fails(
    '242',
    'a rule that does not end',
    `deny contains {"msg": "no"} if {\n\tinput.object.metadata.name == "x"\n\t${forever}\n}`,
    ['policy.timeout'],
  ),
  fails(
    '242',
    'a rule that does not end for one of 500 documents',
    `deny contains {"msg": "no"} if {\n\tinput.object.metadata.name == "x333"\n\t${forever}\n}`,
    ['policy.timeout'],
    many,
  ),
  fails(
    '242',
    'a rule that takes all memory',
    'deny contains {"msg": "no"} if {\n\tinput.object.metadata.name == "x"\n\tcount([s | some a in numbers.range(1, 2000); s := concat("", [input.object.data.long, format_int(a, 10)])]) == 0\n}',
    ['policy.crashed'],
    yaml(configMap('x', 'a-dev', { long: 'x'.repeat(900_000) })),
  ),
  {
    id: '242',
    title: 'a pattern that is slow elsewhere',
    input: yaml(configMap('x', 'a-dev', { word: `${'a'.repeat(50_000)}!` })),
    platform: policy(
      rule(
        'deny contains {"msg": "no"} if regex.match(`^(a+)+$`, input.object.data.word)\n\ndeny contains {"msg": "fast"} if regex.match(`^(a+)+!$`, input.object.data.word)',
      ),
    ),
    expect: { exit: 1, rules: ['own/probe'], says: /^fast/ },
  },
];

export const policyRows: readonly Row[] = [...silent, ...answers, ...limits];
