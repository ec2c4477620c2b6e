// One build of an overlay in a kept renderer, nothing remembered, against a `kustomize build` process.
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { overlayOf } from '../../examples/large.ts';
import { createRenderer } from '../../src/adapters/renderer/renderer.ts';
import { objectId } from '../../src/object/id.ts';
import type { KubeObject } from '../../src/object/object.ts';
import type { BuildRequest, Renderer } from '../../src/ports.ts';
import { memoryTree } from '../../src/source/memory.ts';
import type { Timing } from '../gate.ts';
import { timingOf } from '../gate.ts';
import { runPaired } from '../pairing/rounds.ts';
import { runProcess } from '../peers/process.ts';
import type { Bench, Measured } from './measure.ts';
import { sameAnswer, writeFiles } from './measure.ts';

const sizes = [
  { objects: 5, target: 1 / 15, times: 25, effort: { rounds: 25, seconds: 12, fewest: 7 } },
  { objects: 50, target: 1 / 3, times: 5, effort: { rounds: 25, seconds: 12, fewest: 7 } },
  { objects: 500, target: undefined, times: 1, effort: { rounds: 15, seconds: 30, fewest: 3 } },
];
const quickSeconds = 4;

export async function measureRenderer(bench: Bench): Promise<Measured> {
  const renderer = createRenderer({ binary: bench.renderer, children: 1, cacheBytes: 0 });
  try {
    const timings: Timing[] = [];
    for (const size of sizes) timings.push(await measureSize(size, renderer, bench));
    const runs = { name: 'renderer: processes started', counted: renderer.counters.childrenStarted, expected: 1 };
    const kept = { name: 'renderer: builds answered from memory', counted: renderer.counters.cacheHits, expected: 0 };
    return { timings, counts: [runs, kept] };
  } finally {
    await renderer.close();
  }
}

async function measureSize(
  { objects, target, times, effort }: (typeof sizes)[number],
  renderer: Renderer & { readonly pids: readonly number[] },
  bench: Bench,
): Promise<Timing> {
  const name = `renderer, ${objects} objects`;
  bench.say(name);
  const files = overlayOf(objects);
  const directory = join(bench.directory, String(objects));
  await writeFiles(directory, files);
  const overlay = join(directory, 'overlay');
  const request: BuildRequest = { tree: memoryTree(Object.fromEntries(files)), path: 'overlay', spec: {} };
  const kustomize = (): Promise<string> => runProcess(bench.peers.kustomize, ['build', overlay]);
  // The same objects, or the times say nothing.
  const theirs = await renderer.parse('kustomize.yaml', Buffer.from(await kustomize()));
  const ours = await renderer.build(request);
  // The command sorts what it prints; a build as Flux does it does not.
  const ourObjects = ours.objects.map(({ object }) => object);
  sameAnswer(
    name,
    isDeepStrictEqual(sortedById(ourObjects), sortedById(theirs.map(({ value }) => value as KubeObject))),
  );
  const paired = await runPaired(
    {
      name,
      prepare: async () => {},
      product: {
        name: 'kept renderer',
        times,
        pids: () => renderer.pids,
        run: async () => {
          await renderer.build(request);
          return undefined;
        },
      },
      peer: {
        name: 'kustomize build',
        times: 1,
        pids: () => renderer.pids,
        run: async () => {
          await kustomize();
          return undefined;
        },
      },
    },
    bench.quick ? { ...effort, seconds: quickSeconds, fewest: Math.min(5, effort.fewest) } : effort,
    bench.journal,
  );
  return timingOf(paired, target);
}

function sortedById(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.toSorted((one, other) => (objectId(one) < objectId(other) ? -1 : 1));
}
