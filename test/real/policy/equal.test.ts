// 247: the same verdict as OPA itself on large, strange and exact input, for every built-in a policy may use.
import { afterAll, expect, inject, it } from 'vitest';
import { AnswerFault, readAnswer } from '../../../src/adapters/opa/answer.ts';
import { OpaPolicyEngine } from '../../../src/adapters/opa/engine.ts';
import type { PolicyFinding } from '../../../src/ports.ts';
import { compile, evaluate, inputOf, rule } from './rego.ts';

const engine = new OpaPolicyEngine({ threads: 1 });
afterAll(async () => await engine.close());

async function bothSay(text: string, objects: readonly unknown[]): Promise<readonly string[][]> {
  const modules = [rule(text)];
  const policy = await compile(inject('renderer'), modules);
  const inputs = objects.map((object) => inputOf(object));
  const own = (
    await evaluate(
      inject('renderer'),
      modules,
      inputs.map((input) => JSON.stringify(input)),
    )
  ).map((answer) => {
    const read = readAnswer([{ result: answer }], 1);
    if (read instanceof AnswerFault) throw new Error(`${read.message}: ${JSON.stringify(answer)}`);
    return read;
  });
  const ours = await engine.evaluate(policy, inputs);
  expect(ours).toEqual(own);
  return ours.map((found) => found.map((finding) => finding.message));
}

const show = 'deny contains {"msg": $"v{input.object.v}"} if true';
const raw = (text: string): unknown => ({ kind: 'X', v: JSON.rawJSON(text) });

it('carries numbers exactly', async () => {
  const texts = [
    '9007199254740993',
    '12345678901234567890',
    '-12345678901234567890',
    '0.1',
    '1e308',
    '-0',
    '1.50',
    '1e2',
    '0',
  ];
  await bothSay(show, texts.map(raw));
  const [[big]] = (await bothSay(show, [raw('12345678901234567890')])) as [[string]];
  expect(big).toBe('v12345678901234567890');
  const verdicts = await bothSay('deny contains {"msg": "same"} if input.object.v == 9007199254740992', [
    raw('9007199254740993'),
    raw('9007199254740992'),
  ]);
  expect(verdicts).toEqual([[], ['same']]);
});

it('carries text exactly', async () => {
  const texts = [
    'é',
    '😀',
    '\u0000',
    '\u2028',
    'a\tb\n',
    '"\\',
    '\u202eevil',
    'ﬀ',
    'e\u0301',
    'ß',
    'İ',
    '\u007f',
    '한글',
    '\uffff',
  ];
  await bothSay(
    show,
    texts.map((v) => ({ kind: 'X', v })),
  );
  await bothSay(
    'deny contains {"msg": concat(" ", [lower(input.object.v), upper(input.object.v), substring(input.object.v, 0, 1), $"{count(input.object.v)}"])} if true',
    texts.map((v) => ({ kind: 'X', v })),
  );
});

it('decides on 5 MB', async () => {
  const object = {
    kind: 'ConfigMap',
    data: Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`k${index}`, `${'é'.repeat(500)}${index}`])),
  };
  const said = await bothSay(
    'deny contains {"msg": $"{count(input.object.data)} {key}"} if {\n\tsome key, value in input.object.data\n\tendswith(value, "é4999")\n}',
    [object],
  );
  expect(said).toEqual([['5000 k4999']]);
});

const expressions: readonly string[] = [
  'abs(-3)',
  'round(2.5)',
  'round(-2.5)',
  'ceil(2.1)',
  'floor(-2.1)',
  '7 % 3',
  '-7 % 3',
  '7 / 2',
  'round((1 / 3) * 1000000)',
  '0.1 + 0.2',
  '3 * 1.5',
  'array.concat([1], [2])',
  'array.reverse([1, 2])',
  'array.slice([1, 2, 3], -1, 2)',
  'array.flatten([[1], [2, [3]]])',
  '{1, 2} & {2}',
  '{1} | {2}',
  '{1, 2} - {1}',
  'intersection({{1, 2}, {2}})',
  'union({{1}, {2}})',
  'type_name(set())',
  'bits.and(6, 3)',
  'bits.or(6, 3)',
  'bits.xor(6, 3)',
  'bits.negate(6)',
  'bits.lsh(1, 40)',
  'bits.rsh(-8, 1)',
  'count("é😀")',
  'sum([1, 2.5])',
  'product([2, 3])',
  'max([1, "a", null])',
  'min({"b", "a"})',
  'sort({"b", 1, null, [2], "a"})',
  'base64.encode("é")',
  'base64.decode("w6k=")',
  'base64url.encode("??>")',
  'base64url.decode("Pz8-")',
  'base64.is_valid("!")',
  'net.cidr_contains("10.0.0.0/8", "10.1.2.3")',
  'net.cidr_contains("::/0", "fe80::1")',
  'net.cidr_intersects("10.0.0.0/8", "11.0.0.0/8")',
  'glob.match("*.example.com", ["."], "a.example.com")',
  'glob.match("*.example.com", ["."], "a.b.example.com")',
  'glob.match("**", [], "a/b")',
  'glob.match("{a,b}*", null, "bc")',
  'json.unmarshal("{\\"a\\": 1.50}")',
  'json.is_valid("{")',
  'json.remove({"a": {"b": 1, "c": 2}}, ["a/b"])',
  'json.filter({"a": {"b": 1, "c": 2}}, ["a/b"])',
  'object.get({"a": {"b": 1}}, ["a", "b"], 0)',
  'object.get({"a": 1}, "x", 0)',
  'object.get({"a": 1}, [], 0)',
  'object.keys({"a": 1})',
  'object.remove({"a": 1, "b": 2}, ["a"])',
  'object.union({"a": {"b": 1}}, {"a": {"c": 2}})',
  'object.union_n([{"a": 1}, {"a": 2}])',
  'object.filter({"a": 1, "b": 2}, ["a"])',
  'concat("-", ["a", "b"])',
  'concat(",", sort({"b", "a"}))',
  'format_int(255, 16)',
  'format_int(-2.7, 10)',
  'indexof("héllo", "l")',
  'indexof("a", "z")',
  'substring("héllo", 1, 2)',
  'substring("héllo", 2, -1)',
  'lower("ÀÉİSS")',
  'upper("straße")',
  'contains("abc", "b")',
  'startswith("é", "é")',
  'strings.reverse("añb")',
  'split("a,b,,c", ",")',
  'split("abc", "")',
  'replace("aaa", "a", "b")',
  'strings.replace_n({"a": "1", "b": "2"}, "abc")',
  'trim("--a--", "-")',
  'trim_left("aab", "a")',
  'trim_right("baa", "a")',
  'trim_prefix("abc", "ab")',
  'trim_suffix("abc", "bc")',
  'trim_space(" \\t\\u00a0a\\n ")',
  'numbers.range(3, 1)',
  'to_number("1e3")',
  'to_number("0x10")',
  'to_number(null)',
  'to_number(true)',
  'to_number(" 1")',
  '[[p, v] | walk({"a": [1, {"b": 2}]}, [p, v])]',
  'sort(graph.reachable({"a": ["b"], "b": []}, {"a"}))',
  'regex.match(`^[a-z]+$`, "abc")',
  'regex.match(`(?i)ABC`, "xabcx")',
  'regex.match(`\\d{3,}`, "12")',
  'regex.match(`^\\p{L}+$`, "éa")',
  'regex.match(`.`, "\\n")',
  'regex.is_valid(`(`)',
  'regex.find_all_string_submatch_n(`a(b)?`, "abaab", -1)',
  '$"{1.50} {"é"} {[1, "x"]} {{"a": null}} {true} {{7}}"',
  'sprintf("%s is %d%% of %v", ["a", 3, [1, "b"]])',
  '"a" in {"a"}',
  '[1, 2] == [1, 2.0]',
  '1 == 1.0',
  '{"a": 1} == {"a": 1.0}',
  '10 < 9',
  '"10" < "9"',
  'null < false',
  '[] < {}',
];

// Values with their paths, sorted: the order of keys in text is not OPA's in wasm, and rules must not lean on it.
const leaves = 'leaves := sort([[p, v] | walk(answer, [p, v]); not type_name(v) in {"object", "array", "set"}])';

it('agrees with OPA on every built-in that a policy may use', async () => {
  const name = (index: number): string => `e.x${String(index).padStart(3, '0')}`;
  const modules = expressions.map((expression, index) =>
    rule(
      `answer := ${expression}\n\n${leaves}\n\ndeny contains {"msg": $"{type_name(answer)} {leaves}"} if true\n\nwarn contains {"msg": "undefined"} if not defined\n\ndefined if [answer]`,
      name(index),
    ),
  );
  const policy = await compile(inject('renderer'), modules);
  const input = inputOf({ kind: 'X' });
  const read = readAnswer(
    [{ result: (await evaluate(inject('renderer'), modules, [JSON.stringify(input)]))[0] }],
    modules.length,
  );
  if (read instanceof AnswerFault) throw new Error(read.message);
  const [ours = []] = await engine.evaluate(policy, [input]);
  const said = (findings: readonly PolicyFinding[]): unknown[] =>
    expressions.map((expression, index) => {
      const found = findings.filter((finding) => finding.rule === name(index).replace('.', '/'));
      return [expression, found.map((finding) => finding.message)];
    });
  expect(said(ours)).toEqual(said(read));
});
