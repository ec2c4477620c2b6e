// A whole review by the App, from the webhook to the completed check, on a GitHub of our own.
import { join } from 'node:path';
import type { Count, Timing } from '../gate.ts';
import { timingOf } from '../gate.ts';
import { machineBusyMs, ownMs } from '../pairing/processor.ts';
import { runPaired } from '../pairing/rounds.ts';
import { median } from '../pairing/statistics.ts';
import { git, runProcess } from '../peers/process.ts';
import type { Bench, Measured } from './measure.ts';
import { sameAnswer } from './measure.ts';
import { type HostedTenant, hostTenant } from './review-app.ts';

const effort = { rounds: 25, seconds: 40, fewest: 7 };
const quickEffort = { rounds: 10, seconds: 15, fewest: 5 };
const overlays = ['clusters/prod-eu-west-1', 'clusters/prod-us-east-1'];
/** Pull requests in turn: pushes to one of them in a row would wait for each other. */
const pulls = 8;
const name = 'review of a small tenant';
const maxForeign = 0.1;

export async function measureReview(bench: Bench): Promise<Measured> {
  const tenant = await hostTenant(bench.directory);
  try {
    bench.say(name);
    // The first review of each makes its comment and its check.
    const numbers: number[] = [];
    for (let at = 0; at < pulls; at += 1) numbers.push(await tenant.open(`change-${at}`, at));
    const measured = await measureReviews(bench, tenant, numbers);
    bench.say('webhooks while reviews run');
    const webhooks = await measureWebhooks(bench, tenant, numbers);
    return { timings: [measured.timing], counts: [...measured.counts, ...webhooks] };
  } finally {
    await tenant.close();
  }
}

async function measureReviews(
  bench: Bench,
  tenant: HostedTenant,
  numbers: readonly number[],
): Promise<{ readonly timing: Timing; readonly counts: readonly Count[] }> {
  const theirs = join(bench.directory, 'theirs.git');
  await git(bench.directory, 'clone', '--quiet', '--bare', tenant.cloneUrl, theirs);
  const tree = await tenant.writeTree(join(bench.directory, 'tree'));
  const numberOf = (round: number): number => numbers[round % numbers.length] ?? 0;
  const calls = new Set<number>();
  const paired = await runPaired(
    {
      name,
      prepare: (round) => tenant.push(numberOf(round), pulls + round),
      product: {
        name: 'review',
        times: 1,
        pids: () => tenant.pids(),
        run: async (round) => {
          tenant.github.counters.reset();
          const check = await tenant.review(numberOf(round));
          sameAnswer(name, check.conclusion === 'success');
          calls.add(await tenant.calls());
          return undefined;
        },
      },
      peer: {
        name: 'git fetch, kustomize ×2',
        times: 1,
        pids: () => tenant.pids(),
        run: async (round) => {
          const start = performance.now();
          await git(theirs, 'fetch', '--quiet', 'origin', `+refs/pull/${numberOf(round)}/merge:refs/theirs`);
          const fetched = performance.now();
          await Promise.all(
            overlays.map((overlay) => runProcess(bench.peers.kustomize, ['build', join(tree, overlay)])),
          );
          return { fetch: fetched - start, kustomize: performance.now() - fetched };
        },
      },
    },
    bench.quick ? quickEffort : effort,
    bench.journal,
  );
  const most = Math.max(...calls);
  return {
    timing: timingOf(paired, 1.25),
    counts: [{ name: 'review: calls to GitHub after the first review', counted: most, most: 4, expected: undefined }],
  };
}

interface Wave {
  readonly middle: number;
  readonly p99: number;
  /** Part of a processor that others kept busy meanwhile. */
  readonly foreign: number;
}

/** The calmest waves count; where others used the machine in all of them, milliseconds are told and not judged. */
async function measureWebhooks(
  bench: Bench,
  tenant: HostedTenant,
  numbers: readonly number[],
): Promise<readonly Count[]> {
  const waves: Wave[] = [];
  const wanted = bench.quick ? 3 : 7;
  for (let wave = 0; wave < wanted; wave += 1) {
    for (const number of numbers) await tenant.push(number, 100_000 + wave);
    waves.push(await measureWave(tenant, numbers));
  }
  const calm = waves.filter(({ foreign }) => foreign <= maxForeign);
  const judged = calm.length * 2 > wanted;
  const chosen = judged ? calm : waves;
  const count = (name: string, counted: number, most: number): Count =>
    judged
      ? { name, counted, unit: 'ms', expected: undefined, most }
      : { name: `${name} (others used the machine)`, counted, unit: 'ms', expected: undefined };
  const middle = median(chosen.map((one) => one.middle));
  const p99 = median(chosen.map((one) => one.p99));
  return [
    count('webhook answered while reviews run, median', middle, 15),
    count('webhook answered while reviews run, 99 of 100', p99, 50),
  ];
}

/** Deliveries one after the other, while every pull request is being reviewed. */
async function measureWave(tenant: HostedTenant, numbers: readonly number[]): Promise<Wave> {
  const [busy, own, start] = [machineBusyMs(), ownMs(tenant.pids()), performance.now()];
  const reviews = Promise.all(numbers.map((number) => tenant.review(number)));
  const answered = await tenant.deliverDuring(numbers, reviews);
  await reviews;
  const [used, ours, wall] = [machineBusyMs(), ownMs(tenant.pids()) - own, performance.now() - start];
  const sorted = answered.toSorted((one, other) => one - other);
  return {
    middle: median(sorted),
    p99: sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN,
    foreign: busy === undefined || used === undefined ? 0 : (used - busy - ours) / wall,
  };
}
