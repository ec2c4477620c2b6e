// The shipped rules over many objects in the kept engine, against a `conftest test` process with the same Rego.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { overlayOf } from '../../examples/large.ts';
import { OpaPolicyEngine } from '../../src/adapters/opa/engine.ts';
import { createRenderer } from '../../src/adapters/renderer/renderer.ts';
import { readShippedPolicies } from '../../src/adapters/shipped-policies.ts';
import type { KubeObject } from '../../src/object/object.ts';
import type { CompiledPolicy, PolicyFinding, PolicyInput, Renderer } from '../../src/ports.ts';
import { memoryTree } from '../../src/source/memory.ts';
import type { Timing } from '../gate.ts';
import { timingOf } from '../gate.ts';
import { runPaired } from '../pairing/rounds.ts';
import { runProcess } from '../peers/process.ts';
import type { Bench, Measured } from './measure.ts';
import { sameAnswer, writeFiles } from './measure.ts';

const target = 1 / 5;
const sizes = [
  { objects: 50, times: 10, effort: { rounds: 25, seconds: 15, fewest: 5 } },
  { objects: 500, times: 3, effort: { rounds: 15, seconds: 20, fewest: 3 } },
  { objects: 5_000, times: 1, effort: { rounds: 1, seconds: 60, fewest: 1 } },
];
const quickSeconds = 5;

export async function measurePolicy(bench: Bench): Promise<Measured> {
  const renderer = createRenderer({ binary: bench.renderer, children: 1 });
  const engine = new OpaPolicyEngine();
  try {
    const shipped = await readShippedPolicies(fileURLToPath(new URL('../../policies', import.meta.url)));
    const policy = await renderer.compile(shipped);
    await writeFiles(join(bench.directory, 'policy'), new Map(shipped.map(({ file, text }) => [file, text])));
    const timings: Timing[] = [];
    for (const size of bench.quick ? sizes.slice(0, 1) : sizes) {
      const inputs = await inputsOf(size.objects, renderer);
      timings.push(await measureSize(size, { engine, policy, inputs }, bench));
    }
    return { timings, counts: [{ name: 'policy: rules in force', counted: policy.rules.length, expected: undefined }] };
  } finally {
    await Promise.all([renderer.close(), engine.close()]);
  }
}

interface Question {
  readonly engine: OpaPolicyEngine;
  readonly policy: CompiledPolicy;
  readonly inputs: readonly PolicyInput[];
}

async function measureSize(
  { objects, times, effort }: (typeof sizes)[number],
  { engine, policy, inputs }: Question,
  bench: Bench,
): Promise<Timing> {
  const name = `policy, ${objects} objects`;
  bench.say(name);
  const file = join(bench.directory, `${objects}.json`);
  await writeFile(file, JSON.stringify(inputs));
  const namespaces = policy.rules.flatMap(({ id }) => ['--namespace', packageOf(id)]);
  const options = ['--policy', join(bench.directory, 'policy'), '--output', 'json', '--no-fail', ...namespaces];
  const conftest = (): Promise<string> => runProcess(bench.peers.conftest, ['test', ...options, file]);
  // The same findings, or the times say nothing.
  const ours = (await engine.evaluate(policy, inputs)).flat().map(wordsOf).toSorted();
  const theirs = conftestFindings(await conftest()).toSorted();
  sameAnswer(name, ours.length > 0 && isDeepStrictEqual(ours, theirs));
  const paired = await runPaired(
    {
      name,
      prepare: async () => {},
      product: {
        name: 'kept engine',
        times,
        pids: () => [],
        run: async () => {
          await engine.evaluate(policy, inputs);
          return undefined;
        },
      },
      peer: {
        name: 'conftest test',
        times: 1,
        pids: () => [],
        run: async () => {
          await conftest();
          return undefined;
        },
      },
    },
    bench.quick ? { ...effort, seconds: quickSeconds, fewest: 3 } : effort,
    bench.journal,
  );
  return timingOf(paired, target);
}

/** As a review makes them: the objects of an overlay over and over under names of their own, every fifth one denied. */
async function inputsOf(count: number, renderer: Renderer): Promise<readonly PolicyInput[]> {
  const files = Object.fromEntries(overlayOf(50));
  const { objects } = await renderer.build({ tree: memoryTree(files), path: 'base', spec: {} });
  return Array.from({ length: count }, (_, index) => ({
    object: numbered(objects[index % objects.length]?.object, index),
    old: null,
    tenant: { name: 'team', namespaces: ['team'], serviceAccount: 'deployer' },
    cluster: 'prod-eu-west-1',
    kustomization: { namespace: 'team', name: 'apps', path: 'overlay', serviceAccountName: 'deployer' },
    source: { url: 'https://github.com/acme/team', revision: 'main@sha1:0000000000000000000000000000000000000000' },
    limits: {},
  }));
}

function numbered(object: KubeObject | undefined, index: number): PolicyInput['object'] {
  const text = JSON.stringify(object).replaceAll(/app-\d+/g, `app-${index}`);
  const image = index % 25 < 5 ? `ghcr.io/acme/app-${index}:latest` : 'ghcr.io/acme/app:1.0.0';
  return JSON.parse(text.replace('ghcr.io/acme/app:1.0.0', image)) as PolicyInput['object'];
}

function packageOf(rule: string): string {
  return `sluice.${rule.replaceAll('/', '.').replaceAll('-', '_')}`;
}

function wordsOf({ rule, severity, message }: PolicyFinding): string {
  return JSON.stringify([packageOf(rule), severity, message]);
}

interface ConftestResult {
  readonly namespace: string;
  readonly failures?: readonly { readonly msg: string }[];
  readonly warnings?: readonly { readonly msg: string }[];
}

function conftestFindings(output: string): string[] {
  return (JSON.parse(output) as ConftestResult[]).flatMap(({ namespace, failures = [], warnings = [] }) => [
    ...failures.map(({ msg }) => JSON.stringify([namespace, 'deny', msg])),
    ...warnings.map(({ msg }) => JSON.stringify([namespace, 'warn', msg])),
  ]);
}
