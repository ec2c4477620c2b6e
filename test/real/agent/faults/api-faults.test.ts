// What an API server, or the way to it, does to each kind of request: the end is the same, and nobody storms.
import { expect, test } from 'vitest';
import { livesOf, outlived, quick, silent, type Tally } from './calls.ts';
import { undisturbed } from './kills.ts';
import { Scenario } from './scenario.ts';
import { outlivedStart, startCalls, silentWatches } from './starts.ts';

const timeout = 1_200_000;
/** Kustomizations that are created with one commit. */
const atOnce = 40;

/** Tests go side by side, since they mostly wait: each has a cluster and an agent of its own. */
function faulty(title: string, run: (scenario: Scenario) => Promise<Tally>): void {
  test.concurrent(title, { timeout }, async () => {
    const scenario = await Scenario.start({ lockMs: 15_000 });
    const startedMs = performance.now();
    try {
      const { cases, requests } = await run(scenario);
      const seconds = Math.round((performance.now() - startedMs) / 1000);
      process.stderr.write(`${title}: ${cases} cases, ${requests} requests, ${seconds} s\n`);
      const elsewhere = scenario.faults.requests.filter(({ path }) => path === redirected);
      expect(elsewhere).toEqual([]);
    } finally {
      await scenario.close();
    }
  });
}

const redirected = '/elsewhere';
const quickOn = ({ faults }: Scenario) => quick(faults.url + redirected);

faulty(
  '281 282 284 301: each call of a life is refused, cut off, lost, or answered with something else: the same end',
  async (scenario) => {
    const calm = await undisturbed(scenario, 'calm000');
    const lives = livesOf(quickOn(scenario), calm, 'quick');
    const tally = { cases: 0, requests: 0 };
    for (let from = 0; from < lives.length; from += atOnce) {
      const { cases, requests } = await outlived(scenario, lives.slice(from, from + atOnce), calm);
      tally.cases += cases;
      tally.requests += requests;
      process.stderr.write(`${tally.cases} cases\n`);
    }
    expect(tally.cases).toBeGreaterThan(400);
    return tally;
  },
);

faulty('each call of a life is never answered, done or not: the same end', async (scenario) => {
  const calm = await undisturbed(scenario, 'calm000');
  const tally = await outlived(scenario, livesOf(silent, calm, 'deaf'), calm);
  expect(tally.cases).toBeGreaterThan(50);
  return tally;
});

faulty(
  '282 284 301: each call that any agent asks, from its start on, is struck in every way: the same end',
  async (scenario) => {
    const calm = await undisturbed(scenario, 'calm000');
    const calls = await startCalls(scenario, 'calm001');
    const tally = await outlivedStart(scenario, calls, quickOn(scenario), calm);
    expect(tally.cases).toBeGreaterThan(200);
    return tally;
  },
);

faulty(
  '282: watches of an agent fall silent, and its first calls are never answered: the same end',
  async (scenario) => {
    const calm = await undisturbed(scenario, 'calm000');
    await silentWatches(scenario, calm);
    const calls = await startCalls(scenario, 'calm001');
    const tally = await outlivedStart(scenario, calls, silent.slice(0, 1), calm);
    expect(tally.cases).toBeGreaterThan(15);
    return tally;
  },
);
