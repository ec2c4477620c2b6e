// A whole review by the App, from the webhook to the completed check, on a GitHub of our own.
import { join } from 'node:path';
import type { Count, Timing } from '../gate.ts';
import { timingOf } from '../gate.ts';
import { runPaired } from '../pairing/rounds.ts';
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

export async function measureReview(bench: Bench): Promise<Measured> {
  const tenant = await hostTenant(bench.directory);
  try {
    bench.say(name);
    // The first review of each makes its comment and its check.
    const numbers: number[] = [];
    for (let at = 0; at < pulls; at += 1) numbers.push(await tenant.open(`change-${at}`, at));
    const measured = await measureReviews(bench, tenant, numbers);
    return { timings: [measured.timing], counts: measured.counts };
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
