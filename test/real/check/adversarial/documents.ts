// Group E: YAML and JSON that two parsers could read differently, and files under odd names.
import { configMap, type Files, yaml } from '../fleet.ts';
import type { Row } from './arena.ts';

const head = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: a-dev}\n';
const widget = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x, namespace: a-dev}\n';
const pod = (fields: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: a-dev}\nspec:\n${fields}`;

const refused = (id: string, title: string, input: string, code: Row['expect']['codes'], at?: number): Row => ({
  id,
  title,
  input,
  expect: {
    exit: 2,
    ...(code === undefined ? {} : { codes: code }),
    ...(at === undefined ? {} : { at: `deploy/case.yaml:${at}` }),
  },
});

/** The file is refused wherever it is read: as a resource, a patch, a kustomization file, a generator's configuration. */
const everywhere = (
  id: string,
  title: string,
  text: string,
  code: NonNullable<Row['expect']['codes']>,
): readonly Row[] => [
  refused(id, `${title}, in a resource`, text, code),
  {
    id,
    title: `${title}, in a patch file`,
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml'],
        patches: [{ path: 'p.yaml', target: { kind: 'ConfigMap' } }],
      }),
      'deploy/p.yaml': text,
    },
    expect: { exit: 2, codes: code },
  },
  {
    id,
    title: `${title}, in a patch inside the kustomization file`,
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml'],
        patches: [{ patch: text, target: { kind: 'ConfigMap' } }],
      }),
    },
    expect: { exit: 2, codes: code },
  },
  {
    id,
    title: `${title}, in a replacement's file`,
    files: {
      'deploy/kustomization.yaml': yaml({ resources: ['app.yaml'], replacements: [{ path: 'r.yaml' }] }),
      'deploy/r.yaml': text,
    },
    expect: { exit: 2, codes: code },
  },
];

const twice = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, namespace: a-dev}\nkind: ClusterRoleBinding\n';

const types: readonly Row[] = [
  ...['yes', 'on', 'Yes', 'ON', 'y', 'TRUE', 'true'].map(
    (word): Row => ({
      id: '117',
      title: `hostNetwork: ${word}`,
      input: pod(`  hostNetwork: ${word}\n  containers: [{name: c, image: x}]\n`),
      expect: { exit: 1, rules: ['pod/host-namespace'] },
    }),
  ),
  ...['yes', 'on', '!!bool "true"'].map(
    (word): Row => ({
      id: '117',
      title: `privileged: ${word}`,
      input: pod(`  containers: [{name: c, image: x, securityContext: {privileged: ${word}}}]\n`),
      expect: { exit: 1, rules: ['pod/privileged'] },
    }),
  ),
  refused('117', 'a boolean that no parser takes for one', pod('  hostNetwork: !!bool yes\n'), ['build.yaml'], 5),
  {
    id: '117',
    title: 'the same words as text, where they would be rendered later',
    input: yaml({
      apiVersion: 'helm.toolkit.fluxcd.io/v2',
      kind: 'HelmRelease',
      metadata: { name: 'x', namespace: 'a-dev' },
      spec: { serviceAccountName: 'deployer', values: { pod: { hostNetwork: ' On', ports: [{ hostPort: '80' }] } } },
    }),
    expect: { exit: 1, rules: ['pod/host-namespace', 'pod/host-port'] },
  },
  {
    id: '117',
    title: 'a label whose value one parser reads as a boolean',
    input: 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: a-dev, labels: {a: no, b: "no"}}\n',
    expect: { exit: 0, diff: /a: 'no'\n\+ +b: 'no'/ },
  },
  {
    id: '121',
    title: 'numbers in the spellings that Go reads',
    input: `${widget}spec:\n  octal: 0644\n  new: 0o644\n  hex: 0x1F90\n  exponent: 1e3\n  half: .5\n  plus: +12\n  time: 12:30:45\n  grouped: 1_000\n  no: 0888\n`,
    expect: { exit: 0, shows: ['Widget/a-dev/x'], diff: /\+  octal: 420\n/ },
  },
  {
    id: '122',
    title: 'integers beyond what a JavaScript number holds',
    input: `${widget}spec:\n  a: 9007199254740993\n  b: 18446744073709551615\n  c: -9223372036854775808\n`,
    expect: { exit: 0, diff: /\+  a: 9007199254740993\n\+  b: 18446744073709551615\n\+  c: -9223372036854775808/ },
  },
  refused('122', 'an integer that no parser keeps', `${widget}spec:\n  a: 18446744073709551616\n`, ['build.yaml'], 5),
  {
    id: '122',
    title: 'a number that is no number of JSON, which Go keeps as text',
    input: `${widget}spec:\n  a: 1e400\n`,
    expect: { exit: 0, diff: /a: '1e400'/ },
  },
  refused('122', 'infinity and not a number', `${widget}spec:\n  a: .inf\n  b: .nan\n`, ['build.yaml'], 5),
  {
    id: '124',
    title: 'a date in an annotation and in a custom object',
    input:
      'apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x, namespace: a-dev, annotations: {day: "2001-12-14"}}\nspec: {day: 2001-12-14}\n',
    expect: { exit: 0, diff: /day: ['"]?2001-12-14/ },
  },
];

const keys: readonly Row[] = [
  ...everywhere('119', 'kind twice', twice, ['build.duplicateKey']),
  refused(
    '119',
    'a nested key twice',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n  namespace: a-dev\n  namespace: kube-system\n',
    ['build.duplicateKey'],
    6,
  ),
  refused(
    '119',
    'a key twice in flow style and quotes',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: a-dev, "namespace": kube-system}\n',
    ['build.duplicateKey'],
    3,
  ),
  refused(
    '119',
    'a key twice in another escape',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: a-dev, "n\\u0061mespace": kube-system}\n',
    ['build.duplicateKey'],
    3,
  ),
  {
    id: '119',
    title: 'a field of the kustomization file twice',
    files: { 'deploy/kustomization.yaml': 'resources: [app.yaml]\nresources: ["http://@LISTENER@/x"]\n' },
    expect: { exit: 2, codes: ['build.duplicateKey'], at: 'deploy/kustomization.yaml:2' },
  },
  {
    id: '119',
    title: 'a field of the kustomization file in two cases',
    files: { 'deploy/kustomization.yaml': 'resources: [app.yaml]\nResources: ["http://@LISTENER@/x"]\n' },
    // Kustomize decodes both into one field, of which the lower-case one wins; what is built is what is scanned.
    expect: { exit: 0 },
  },
  {
    id: '119',
    title: 'a field of the kustomization file in two cases, the other way',
    files: { 'deploy/kustomization.yaml': 'Resources: [app.yaml]\nresources: ["http://@LISTENER@/x"]\n' },
    expect: { exit: 2, codes: ['build.remote'] },
  },
  ...['__proto__', 'constructor', 'prototype'].flatMap((key) => [
    ...everywhere(
      '126',
      `the key ${key}`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app, namespace: a-dev}\ndata: {${key}: {polluted: "yes"}}\n`,
      ['build.object'],
    ),
    refused('126', `the key ${key} at the top`, `${head}${key}: {polluted: true}\n`, ['build.object']),
    refused(
      '126',
      `the key ${key} as a label`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: a-dev, labels: {"${key}": x}}\n`,
      ['build.object'],
    ),
  ]),
  {
    id: '126',
    title: 'the key __proto__ that a generator and a JSON patch make',
    files: {
      'deploy/kustomization.yaml': yaml({
        resources: ['app.yaml'],
        configMapGenerator: [{ name: 'x', namespace: 'a-dev', literals: ['__proto__=polluted'] }],
        patches: [
          {
            target: { name: 'app' },
            patch: '[{"op": "add", "path": "/data/__proto__", "value": {"polluted": "yes"}}]',
          },
        ],
      }),
    },
    expect: { exit: 2 },
  },
  {
    id: '126',
    title: 'the key __proto__ by substitution',
    files: {
      'other/app.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: y, namespace: a-dev}\ndata: {"${KEY}": {polluted: "yes"}}\n',
    },
    input: yaml({
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name: 'x', namespace: 'a-dev' },
      spec: {
        interval: '10m',
        prune: true,
        path: './other',
        serviceAccountName: 'deployer',
        sourceRef: { kind: 'GitRepository', name: 'a' },
        postBuild: { substitute: { KEY: '__proto__' } },
      },
    }),
    expect: { exit: 2 },
  },
  ...['1: x', 'true: x', 'null: x', '? [a, b]\n: c', '? {a: b}\n: c', '1.5: x', '2001-12-14: x', '~: x'].map((entry) =>
    refused('127', `the key ${JSON.stringify(entry)}`, `${head}data:\n${entry.replace(/^/gm, '  ')}\n`, ['build.yaml']),
  ),
  {
    id: '127',
    title: 'keys that only YAML 1.1 takes for booleans',
    input: `${head}data: {y: "1", n: "2", on: "3", no: "4"}\n`,
    expect: { exit: 0, diff: /\+  "?'?y'?"?: / },
  },
  refused(
    '129',
    'a map of 100,000 keys',
    `${widget}spec:\n${Array.from({ length: 100_000 }, (_, at) => `  k${at}: x\n`).join('')}`,
    ['build.tooLarge'],
  ),
  refused(
    '129',
    'a map of 100,000 keys in JSON',
    `${JSON.stringify({ apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'x', namespace: 'a-dev' }, spec: Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`k${at}`, 1])) })}\n`,
    ['build.tooLarge'],
  ),
  refused('129', 'lists 2,000 deep', `${widget}spec: ${'['.repeat(2000)}${']'.repeat(2000)}\n`, undefined),
  refused(
    '129',
    'maps 2,000 deep in JSON',
    `{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"x"},"spec":${'{"a":'.repeat(2000)}1${'}'.repeat(2001)}\n`,
    undefined,
  ),
  refused('129', 'a file of 6 MB', `${widget}spec: {a: "${'x'.repeat(6_000_000)}"}\n`, undefined),
];

const hidden = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: hidden}\n';

const streams: readonly Row[] = [
  refused('131', 'a document after ...', `${head}...\n${hidden}`, ['build.yaml']),
  {
    id: '131',
    title: 'a document after --- with a comment',
    input: `${head}--- # nothing here\n${hidden}`,
    expect: { exit: 1, rules: ['tenant/cluster-scoped'] },
  },
  {
    id: '131',
    title: 'a document on the line of ---',
    input: `${head}--- {apiVersion: v1, kind: Namespace, metadata: {name: hidden}}\n`,
    expect: { exit: 2, codes: ['build.yaml'], at: 'deploy/case.yaml:4' },
  },
  {
    id: '131',
    title: 'empty documents around a document without a final newline',
    input: `---\n---\n${head}---\n\n---\n# only words\n---\n${hidden.trimEnd()}`,
    expect: { exit: 1, rules: ['tenant/cluster-scoped'] },
  },
  {
    id: '131',
    title: 'a document with Windows line ends',
    input: `${head}---\n${hidden}`.replaceAll('\n', '\r\n'),
    expect: { exit: 1, rules: ['tenant/cluster-scoped'] },
  },
  {
    id: '131',
    title: '--- inside a block scalar',
    input: `${head}data:\n  text: |\n    one\n    ---\n    kind: Namespace\n`,
    expect: { exit: 0, shows: ['ConfigMap/a-dev/x'], hides: ['Namespace/hidden'] },
  },
  {
    id: '131',
    title: '--- that ends a block scalar',
    input: `${head}data:\n  text: |\n    one\n---\n${hidden}`,
    expect: { exit: 1, rules: ['tenant/cluster-scoped'] },
  },
  {
    id: '131',
    title: 'a document in a comment',
    input: `${head}# ---\n# ${hidden.replaceAll('\n', '\n# ')}\n`,
    expect: { exit: 0, hides: ['Namespace/hidden'] },
  },
  refused(
    '131',
    '10,000 documents',
    Array.from({ length: 10_000 }, (_, at) => yaml(configMap(`x${at}`, 'a-dev'))).join('\n---\n'),
    ['build.tooManyObjects'],
  ),
  refused('131', 'a %YAML directive', `%YAML 1.1\n---\n${head}`, ['build.yaml']),
  refused('131', 'a %TAG directive before a later document', `${head}---\n%TAG ! tag:x,2000:\n---\n${hidden}`, [
    'build.yaml',
  ]),
  refused('131', 'a local tag', `${head}data: {a: !exec x}\n`, ['build.yaml']),
  refused('131', 'a binary tag', `${head}data: {a: !!binary aGk=}\n`, ['build.yaml']),
  {
    id: '131',
    title: 'two documents in the kustomization file',
    files: { 'deploy/kustomization.yaml': 'resources: [app.yaml]\n---\nresources: ["http://@LISTENER@/x"]\n' },
    expect: { exit: 2, codes: ['build.yaml'], at: 'deploy/kustomization.yaml:3' },
  },
  {
    id: '132',
    title: 'a byte order mark at the start',
    files: { 'deploy/case.yaml': `\ufeff${hidden}` },
    expect: { exit: 1, rules: ['tenant/cluster-scoped'] },
  },
  ...(
    [
      ['a byte order mark before a later document', `${head}---\n\ufeff${hidden}`],
      ['carriage returns alone', hidden.replaceAll('\n', '\r')],
      ['a next line character', `${head}data: {a: "x\u0085y"}\n`],
      ['a line separator', `${head}data: {a: "x\u2028y"}\n`],
      ['a paragraph separator', `${head}# comment\u2029kind: Namespace\n`],
      ['a NUL', `${head}data: {a: "x\0y"}\n`],
      ['an escape character', `${head}data: {a: "x\u001b[31my"}\n`],
    ] as const
  ).map(([title, input]) => refused('132', title, input, ['build.encoding'])),
  ...(
    [
      ['UTF-16, little end first', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(hidden, 'utf16le')])],
      ['UTF-16 without a mark', Buffer.from(hidden, 'utf16le')],
      [
        'UTF-32',
        Buffer.concat([
          Buffer.from([0xff, 0xfe, 0, 0]),
          ...Array.from(hidden, (one) => Buffer.from([one.charCodeAt(0), 0, 0, 0])),
        ]),
      ],
      ['invalid UTF-8', Buffer.concat([Buffer.from(head), Buffer.from([0x23, 0xff, 0xc0, 0x80, 0x0a])])],
      ['a surrogate in UTF-8', Buffer.concat([Buffer.from(head), Buffer.from([0x23, 0xed, 0xa0, 0x80, 0x0a])])],
    ] as const
  ).map(
    ([title, bytes]): Row => ({
      id: '132',
      title,
      files: { 'deploy/case.yaml': bytes },
      expect: { exit: 2, codes: ['build.encoding'] },
    }),
  ),
  refused('132', 'tabs as indentation', 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: x\n', ['build.yaml'], 4),
];

const json = (title: string, text: string, code: NonNullable<Row['expect']['codes']>): Row => ({
  id: '134',
  title,
  files: { 'deploy/kustomization.yaml': yaml({ resources: ['app.yaml', 'case.json'] }), 'deploy/case.json': text },
  expect: { exit: 2, codes: code },
});

const named = (title: string, files: Files, expect: Row['expect']): Row => ({ id: '136', title, files, expect });
const listed = (...resources: readonly string[]): Files => ({
  'deploy/kustomization.yaml': yaml({ resources: ['app.yaml', ...resources] }),
});
const scoped: Row['expect'] = { exit: 1, rules: ['tenant/cluster-scoped'] };
const unread: Row['expect'] = { exit: 0, hides: ['Namespace/hidden'] };

const files: readonly Row[] = [
  json(
    'a key twice in JSON',
    '{"apiVersion": "v1", "kind": "ConfigMap", "kind": "Namespace", "metadata": {"name": "x"}}',
    ['build.duplicateKey'],
  ),
  json(
    'a key twice in JSON, escaped',
    '{"apiVersion": "v1", "kind": "ConfigMap", "\\u006bind": "Namespace", "metadata": {"name": "x"}}',
    ['build.duplicateKey'],
  ),
  json(
    'not a number in JSON',
    '{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "x", "namespace": "a-dev"}, "spec": {"a": .nan}}',
    ['build.yaml'],
  ),
  json(
    'the key __proto__ in JSON',
    '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}, "__proto__": {}}',
    ['build.object'],
  ),
  json('a comment in JSON', '{"apiVersion": "v1", /* x */ "kind": "ConfigMap", "metadata": {"name": "x"}}', [
    'build.object',
  ]),
  json(
    'a second value in JSON',
    '{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}} {"kind": "Namespace"}',
    ['build.yaml'],
  ),
  named('.yml is read', { 'deploy/case.yml': hidden }, scoped),
  named('.YAML is not read, as in Flux', { 'deploy/case.YAML': hidden }, unread),
  named(
    '.json is not read, as in Flux',
    { 'deploy/case.json': JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hidden' } }) },
    unread,
  ),
  named('no extension is not read, as in Flux', { 'deploy/case': hidden }, unread),
  named('.YAML is read where it is named', { ...listed('case.YAML'), 'deploy/case.YAML': hidden }, scoped),
  named(
    '.json is read where it is named',
    {
      ...listed('case.json'),
      'deploy/case.json': JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'hidden' } }),
    },
    scoped,
  ),
  named('no extension is read where it is named', { ...listed('case'), 'deploy/case': hidden }, scoped),
  named(
    'another extension is scanned where it is named',
    { ...listed('case.txt'), 'deploy/case.txt': twice },
    { exit: 2, codes: ['build.duplicateKey'] },
  ),
  named('a folder called x.yaml', { 'deploy/x.yaml/case.yaml': hidden }, scoped),
  named(
    'a folder called x.yaml that is named',
    {
      ...listed('x.yaml'),
      'deploy/x.yaml/kustomization.yaml': yaml({ resources: ['case'] }),
      'deploy/x.yaml/case': hidden,
    },
    scoped,
  ),
  named('a hidden file', { 'deploy/.case.yaml': hidden }, scoped),
];

export const documentRows: readonly Row[] = [...types, ...keys, ...streams, ...files];
