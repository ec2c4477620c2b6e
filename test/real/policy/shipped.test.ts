// The shipped rules: their Rego tests by OPA and as wasm, and the escapes they must deny.
import { readFile } from 'node:fs/promises';
import { loadPolicy } from '@open-policy-agent/opa-wasm';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { OpaPolicyEngine } from '../../../src/adapters/opa/engine.ts';
import { AnswerFault, readAnswer } from '../../../src/adapters/opa/answer.ts';
import { selectPolicies } from '../../../src/policy/select.ts';
import type { CompiledPolicy, PolicyFinding, RegoModule } from '../../../src/ports.ts';
import { denied, harmless, workloads } from './escapes.ts';
import { compile, evaluate, inputOf, readPolicies, runTests } from './rego.ts';

const engine = new OpaPolicyEngine({ threads: 1 });
let modules: readonly RegoModule[];
let policy: CompiledPolicy;
let binary: string;

beforeAll(async () => {
  binary = inject('renderer');
  modules = await readPolicies();
  policy = await compile(binary, modules);
});
afterAll(async () => await engine.close());

async function findings(object: unknown): Promise<readonly PolicyFinding[]> {
  return (await engine.evaluate(policy, [inputOf(object)]))[0] ?? [];
}

it('passes every Rego test in OPA, and the very same ones as wasm', async () => {
  const tests = await runTests(binary, modules);
  expect(tests.results.filter((result) => !result.passed)).toEqual([]);
  expect(tests.results.length).toBeGreaterThan(100);
  const wasm = await loadPolicy(Buffer.from(tests.wasm, 'base64'), { initial: 8, maximum: 4096 });
  const [answer] = wasm.evaluate({ none: true }) as [{ result: { passed: string[] } }];
  expect(answer.result.passed.toSorted()).toEqual(tests.results.map((result) => result.name).toSorted());
});

it('has a test module beside every rule, and a row in policies/README.md', async () => {
  const files = new Set(modules.map((module) => module.file));
  const readme = await readFile(new URL('../../../policies/README.md', import.meta.url), 'utf8');
  for (const { id, file, title, description, remedy } of policy.rules) {
    expect(files, id).toContain(file.replace('policy.rego', 'policy_test.rego'));
    expect(file).toBe(`policies/${id}/policy.rego`);
    expect(
      [title, description, remedy].every((text) => text !== undefined && text.length > 5),
      id,
    ).toBe(true);
    expect(readme).toContain(`| [\`${id}\`](${id}/policy.rego) | ${title}`);
  }
});

it('names every shipped rule for selection', () => {
  expect([...selectPolicies(modules, [], []).shipped].toSorted()).toEqual(policy.rules.map((rule) => rule.id));
});

describe('denies a tenant', () => {
  it.each(denied)('$name', async ({ object, rule, path }) => {
    const found = (await findings(object)).filter((finding) => finding.severity === 'deny' && finding.rule === rule);
    expect(found.map((finding) => finding.path)).toContainEqual(path);
    expect(found.every((finding) => (finding.remedy ?? '').length > 10)).toBe(true);
  });

  it.each(workloads)('the same pod inside $kind of $apiVersion', async (workload) => {
    const found = await findings(workload.object);
    const rules = new Set(found.filter((finding) => finding.severity === 'deny').map((finding) => finding.rule));
    expect([...rules].toSorted()).toEqual([
      'image/tag',
      'pod/capability',
      'pod/host-namespace',
      'pod/host-path',
      'pod/host-port',
      'pod/privileged',
      'pod/proc-mount',
      'pod/profile',
      'pod/sysctl',
    ]);
  });
});

it.each(harmless)('lets $kind pass', async (object) => {
  expect((await findings(object)).filter((finding) => finding.severity === 'deny')).toEqual([]);
});

it('answers for every escape as OPA itself does', async () => {
  const objects = [...denied.map((one) => one.object), ...workloads.map((one) => one.object), ...harmless];
  const inputs = objects.map((object) => inputOf(object));
  const own = await evaluate(
    binary,
    modules,
    inputs.map((input) => JSON.stringify(input)),
  );
  const remedies = new Map(policy.rules.map((rule) => [rule.id, rule.remedy]));
  const expected = own.map((answer) => {
    const read = readAnswer([{ result: answer }], policy.rules.length);
    if (read instanceof AnswerFault) throw new Error(read.message);
    return read.map((finding) => ({ ...finding, remedy: finding.remedy ?? remedies.get(finding.rule) }));
  });
  expect(await engine.evaluate(policy, inputs)).toEqual(expected);
});
