// Group L: whatever is not a full answer is an error with a code of its own, and only that batch fails.
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { OpaPolicyEngine, type PolicyEngineOptions } from '../../../src/adapters/opa/engine.ts';
import type { SluiceError } from '../../../src/errors.ts';
import type { CompiledPolicy, PolicyInput } from '../../../src/ports.ts';
import { compile, inputOf, rule } from './rego.ts';

const engines: OpaPolicyEngine[] = [];
function start(options: PolicyEngineOptions = {}): OpaPolicyEngine {
  const engine = new OpaPolicyEngine({ threads: 1, ...options });
  engines.push(engine);
  return engine;
}
afterAll(async () => await Promise.all(engines.map((engine) => engine.close())));

const policyOf = async (text: string): Promise<CompiledPolicy> => await compile(inject('renderer'), [rule(text)]);
const configMap = (name: string): unknown => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'a-dev' },
});
const many = (count: number): PolicyInput[] =>
  Array.from({ length: count }, (_, index) => inputOf(configMap(`c${index}`)));

async function failure(promise: Promise<unknown>): Promise<SluiceError> {
  return (await promise.then(
    () => {
      throw new Error('it passed');
    },
    (error: unknown) => error,
  )) as SluiceError;
}

const named = 'deny contains {"msg": $"named {input.object.metadata.name}"} if input.object.metadata.name == "bad"';
let good: CompiledPolicy;
beforeAll(async () => {
  good = await policyOf(named);
});

describe('241: a module that does not answer', () => {
  it('has another entrypoint', async () => {
    const other = Buffer.from(good.wasm);
    for (let at = other.indexOf('sluice_entry'); at >= 0; at = other.indexOf('sluice_entry', at + 1))
      other.write('sluice_entrx', at);
    const error = await failure(start().evaluate({ ...good, wasm: other }, many(1)));
    expect(error).toMatchObject({ code: 'policy.undefined', kind: 'terminal' });
  });

  it('answers for other rules than the ones compiled', async () => {
    const error = await failure(start().evaluate({ ...good, rules: [...good.rules, ...good.rules] }, many(1)));
    expect(error).toMatchObject({
      code: 'policy.undefined',
      message: expect.stringContaining('1 rules where 2 are expected'),
    });
  });

  it('holds no rule', async () => {
    expect(await failure(start().evaluate({ ...good, rules: [] }, many(1)))).toMatchObject({ code: 'policy.none' });
  });
});

it.each([[null], [0], [''], [[]], ['text']])(
  '242, 244: object %j among 500 is not evaluated, so nothing passes',
  async (object) => {
    const inputs = [...many(300), inputOf(object), ...many(199)];
    expect(await failure(start().evaluate(good, inputs))).toMatchObject({ code: 'policy.undefined' });
  },
);

it.each([null, 0, '', false])('244: input %j is not sent as no input', async (input) => {
  expect(await failure(start().evaluate(good, [input as never]))).toMatchObject({ code: 'policy.undefined' });
});

it('244: nothing to evaluate is an error of its own', async () => {
  expect(await failure(start().evaluate(good, []))).toMatchObject({ code: 'policy.none' });
});

it('246: a half-written module fails closed, and the good one still answers', async () => {
  const engine = start();
  const half = { ...good, wasm: good.wasm.slice(0, good.wasm.length / 2) };
  expect(await failure(engine.evaluate(half, many(1)))).toMatchObject({ code: 'policy.crashed' });
  expect(await failure(engine.evaluate(half, many(1)))).toMatchObject({ code: 'policy.crashed' });
  expect(await engine.evaluate(good, [inputOf(configMap('bad'))])).toEqual([
    [{ rule: 'test/probe', severity: 'deny', message: 'named bad' }],
  ]);
});

it('249: a policy that changes between two evaluations is the one that counts', async () => {
  const engine = start();
  const stricter = await policyOf('deny contains {"msg": "no"} if true');
  expect(await engine.evaluate(good, many(1))).toEqual([[]]);
  expect(await engine.evaluate({ ...stricter, digest: good.digest }, many(1))).toMatchObject([[{ message: 'no' }]]);
});

describe('a rule that fails', () => {
  it.each([
    [
      'a complete rule with two values',
      'x := 1 if input.object\nx := 2 if input.object.kind\ndeny contains {"msg": "a"} if x == 1',
      'conflict',
    ],
    [
      'a function with two values',
      'f(a) := 1 if a\nf(a) := 2 if a != 3\ndeny contains {"msg": "a"} if f(input.object.kind) == 1',
      'conflict',
    ],
    ['a finding that is text', 'deny contains "no" if true', 'rule test/probe'],
    ['a finding without msg', 'deny contains {"message": "no"} if true', 'rule test/probe'],
    ['a finding with an empty msg', 'warn contains {"msg": " "} if true', 'rule test/probe'],
    ['a path that is text', 'deny contains {"msg": "no", "path": "spec.x"} if true', 'rule test/probe'],
    ['a path that holds an object', 'deny contains {"msg": "no", "path": [{}]} if true', 'rule test/probe'],
    ['a remedy that is a number', 'deny contains {"msg": "no", "remedy": 1} if true', 'rule test/probe'],
  ])('%s: policy.crashed names it and the object', async (_, text, words) => {
    const error = await failure(start().evaluate(await policyOf(text), many(2)));
    expect(error).toMatchObject({ code: 'policy.crashed', kind: 'terminal' });
    expect(error.message).toContain(words);
    expect(error.message).toContain('test/probe');
    expect(error.message).toContain('ConfigMap/a-dev/c0');
  });
});

describe('a hostile rule or object', () => {
  // 2^40 combinations: no answer in this life.
  const endless =
    'n := numbers.range(1, 300)\ndeny contains {"msg": "x"} if {\n\tinput.object.metadata.name == "slow"\n\tsome a in n\n\tsome b in n\n\tsome c in n\n\tsome d in n\n\tsome e in n\n\ta + b + c + d + e < 0\n}';

  it('is killed in time, replaced, and fails alone; the event loop stays free', async () => {
    const engine = start({ batchTimeoutMs: 2_000 });
    const policy = await policyOf(endless);
    await engine.evaluate(policy, many(1));
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks += 1;
    }, 10);
    const [slow, after] = await Promise.all([
      failure(engine.evaluate(policy, [inputOf(configMap('fine')), inputOf(configMap('slow'))])),
      engine.evaluate(policy, many(3)),
    ]);
    clearInterval(ticking);
    expect(slow).toMatchObject({ code: 'policy.timeout', kind: 'terminal' });
    expect(slow.message).toContain('ConfigMap/a-dev/slow');
    expect(after).toEqual([[], [], []]);
    expect(ticks).toBeGreaterThan(10);
    expect(engine.threads).toBe(1);
  });

  it('keeps nobody waiting while it lasts, however few threads there are', async () => {
    const engine = start({ batchTimeoutMs: 10_000 });
    const policy = await policyOf(endless);
    await engine.evaluate(policy, many(1));
    const ended: string[] = [];
    const slow = failure(engine.evaluate(policy, [inputOf(configMap('slow'))])).then((error) => {
      ended.push('slow');
      return error;
    });
    const others = Array.from({ length: 5 }, async () => {
      await engine.evaluate(policy, many(3));
      ended.push('other');
    });
    await Promise.all(others);
    // As many as there may be at once, beside the one that will be killed.
    expect(engine.threads).toBe(2);
    expect(['policy.timeout', 'policy.crashed']).toContain((await slow).code);
    expect(ended.at(-1)).toBe('slow');
    await engine.evaluate(policy, many(3));
    expect(engine.threads).toBe(1);
  });

  it('cannot take more memory than it may', async () => {
    const hungry =
      'deny contains {"msg": "x"} if {\n\tinput.object.metadata.name == "big"\n\tcount(numbers.range(1, 100000000)) < 0\n}';
    const engine = start({ maxPages: 256 });
    const policy = await policyOf(hungry);
    expect(await failure(engine.evaluate(policy, [inputOf(configMap('big'))]))).toMatchObject({
      code: 'policy.crashed',
      message: expect.stringContaining('needs more memory than policy may take'),
      remedy: 'make the object smaller, or the rule cheaper',
    });
    expect(await engine.evaluate(policy, many(2))).toEqual([[], []]);
  });

  it('cannot bend the stack', async () => {
    let deep: unknown = 1;
    for (let level = 0; level < 3_000; level += 1) deep = [deep];
    const engine = start();
    const object = { ...(configMap('deep') as object), data: deep };
    const answered = await engine.evaluate(good, [inputOf(object)]).catch((error: unknown) => error);
    if (!Array.isArray(answered)) expect(answered).toMatchObject({ code: 'policy.crashed' });
    expect(await engine.evaluate(good, [inputOf(configMap('bad'))])).toMatchObject([[{ message: 'named bad' }]]);
  });

  it('fills no report: 200 findings an object, denies first, and the rest counted', async () => {
    const noisy =
      'deny contains {"msg": $"d {n}"} if some n in numbers.range(1, 150)\nwarn contains {"msg": $"w {n}"} if some n in numbers.range(1, 150)';
    const [found = []] = await start().evaluate(await policyOf(noisy), many(1));
    expect(found).toHaveLength(200);
    expect(found.filter((finding) => finding.severity === 'deny')).toHaveLength(150);
    expect(found.at(-1)?.message).toContain('and 100 more findings');
  });

  it('whose message is long is cut', async () => {
    const [found = []] = await start().evaluate(
      await policyOf('deny contains {"msg": concat("", [$"{n}-" | some n in numbers.range(1, 5000)])} if true'),
      many(1),
    );
    expect(found[0]?.message).toHaveLength(2_000);
  });

  it('prints nothing into our output', async () => {
    expect(
      await start().evaluate(await policyOf('deny contains {"msg": "x"} if {\n\tprint("canary")\n\tfalse\n}'), many(1)),
    ).toEqual([[]]);
  });
});

it('replaces an instance whose memory has grown', async () => {
  const engine = start({ recyclePages: 16, maxPages: 4096 });
  const large = { ...(configMap('large') as object), data: { text: 'x'.repeat(3_000_000) } };
  for (let round = 0; round < 3; round += 1) {
    expect(await engine.evaluate(good, [inputOf(large), inputOf(configMap('bad'))])).toMatchObject([
      [],
      [{ message: 'named bad' }],
    ]);
  }
});

it('evaluates on the thread that was started ahead', async () => {
  const engine = start({ threads: 2 });
  engine.prewarm();
  engine.prewarm();
  expect(engine.threads).toBe(1);
  await engine.evaluate(good, many(1));
  expect(engine.threads).toBe(1);
});

it('keeps the order over many batches, threads and policies', async () => {
  const engine = start({ threads: 2 });
  const policies = await Promise.all(
    Array.from(
      { length: 6 },
      async (_, index) => await policyOf(`deny contains {"msg": $"p${index} {input.object.metadata.name}"} if true`),
    ),
  );
  const answers = await Promise.all(policies.map(async (policy) => await engine.evaluate(policy, many(400))));
  for (const [index, answer] of answers.entries()) {
    expect(answer.map((found) => found[0]?.message)).toEqual(
      Array.from({ length: 400 }, (_, at) => `p${index} c${at}`),
    );
  }
  expect(engine.threads).toBeLessThanOrEqual(2);
});

it('refuses after close', async () => {
  const engine = start();
  await engine.evaluate(good, many(1));
  await engine.close();
  expect(engine.threads).toBe(0);
  expect(await failure(engine.evaluate(good, many(1)))).toMatchObject({ code: 'internal' });
});
