import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { OpaPolicyEngine } from '../../../../src/adapters/opa/engine.ts';
import { visible } from '../../../../src/diff/visible.ts';
import { evaluate } from '../../policy/rego.ts';
import { platformFiles } from '../fleet.ts';
import { Arena } from './arena.ts';
import { policy, policyRows } from './policies.ts';

/** What a rule sees of these, in YAML and in the JSON that Go reads. */
const values: readonly (readonly [string, string])[] = [
  ['9007199254740993', '9007199254740993'],
  ['18446744073709551615', '18446744073709551615'],
  ['-9223372036854775808', '-9223372036854775808'],
  ['1e308', '1e+308'],
  ['1.0', '1'],
  ['0.1', '0.1'],
  ['1e400', '"1e400"'],
  ['0o17', '15'],
  ['"😀 e\\u0301 \\u0130 \\uFFFF"', '"😀 e\\u0301 \\u0130 \\uFFFF"'],
  ['"ǅ ß ﬃ Σ"', '"ǅ ß ﬃ Σ"'],
];
const rego = `package sluice.own.probe

deny contains {"msg": $"v {input.object.spec.v}"} if true

deny contains {"msg": "same"} if input.object.spec.v == 9007199254740992

deny contains {"msg": $"more {input.object.spec.v + 1}"} if is_number(input.object.spec.v)

deny contains {"msg": $"text {count(input.object.spec.v)} {upper(input.object.spec.v)} {lower(input.object.spec.v)} {indexof(input.object.spec.v, "e")}"} if is_string(input.object.spec.v)
`;

describe('group L: the policy engine', () => {
  let arena: Arena;
  beforeAll(async () => {
    // The command allows ten seconds and 256 MiB; less keeps the suite short.
    arena = await Arena.create(platformFiles, new OpaPolicyEngine({ batchTimeoutMs: 3_000, maxPages: 1_024 }));
  });
  afterAll(() => arena.close());

  test.each(policyRows)('$id $title', (row) => arena.meet(row));

  test('247 the verdict on numbers and text is what OPA itself says', async () => {
    const { fleet } = arena;
    const answers = (await evaluate(
      inject('renderer'),
      [{ file: 'policies/own/probe.rego', text: rego }],
      values.map(([, json]) => `{"object": {"spec": {"v": ${json}}}, "old": null}`),
    )) as { findings: readonly [string, string, { msg: string }][] }[];
    const manifests = values.map(
      ([yaml], at) =>
        `apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\nmetadata: {name: x${at}, namespace: a-dev}\nspec: {v: ${yaml}}\n`,
    );
    await fleet.platform.write(policy(rego));
    const { report } = await fleet.checkFiles({ 'deploy/case.yaml': manifests.join('---\n') });
    await fleet.platform.remove(['sluice.yaml', 'policies']);
    for (const [at, [value]] of values.entries()) {
      const said = report?.violations.filter((one) => one.rule === 'own/probe' && one.object.endsWith(`/x${at}`));
      const wanted = answers[at]?.findings.map(([, , { msg }]) => visible(msg));
      expect(wanted?.length, value).toBeGreaterThan(0);
      expect(said?.map(({ message }) => message).toSorted(), value).toEqual(wanted?.toSorted());
    }
    await arena.expectGoodTenant();
  });
});
