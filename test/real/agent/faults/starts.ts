// Faults at what any agent asks: discovery, lists, watches, the source's Secret, the statuses that all lives share.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Case, fits, kindOf, type Tally } from './calls.ts';
import { type Calm, killedAt } from './kills.ts';
import { labelOf } from './points.ts';
import { phases, type Scenario } from './scenario.ts';

/** An agent that cannot begin ends, and is started again by whoever keeps it. */
const mostStarts = 6;

/** Kinds of request of an agent that starts and lives a life through, but for those that are about that life. */
export async function startCalls(scenario: Scenario, name: string): Promise<readonly string[]> {
  const { faults } = scenario;
  const from = faults.requests.length;
  await scenario.kill();
  await scenario.agents.start();
  for (const phase of phases) await scenario.live(phase, name);
  const concerns = scenario.concerns(name);
  const kinds = faults.requests.slice(from).flatMap((one) => (concerns(one) ? [] : [kindOf(labelOf(one, name))]));
  return [...new Set(kinds)];
}

/**
 * As many agents as there are faults, each of which has another fault at each of its calls: in the end every call was struck
 * by every fault once.
 */
export async function outlivedStart(
  scenario: Scenario,
  calls: readonly string[],
  faults: readonly Case[],
  calm: Calm,
): Promise<Tally> {
  const tally = { cases: 0, requests: 0 };
  const undisturbed = phases.reduce((sum, phase) => sum + calm.requests[phase], 0);
  for (const [round] of faults.entries()) {
    await scenario.kill();
    const from = scenario.faults.requests.length;
    const standing = calls.flatMap((call, at) => {
      const chosen = faults[(round + at) % faults.length];
      if (chosen === undefined || !fits(chosen, call)) return [];
      const match = (one: Parameters<typeof labelOf>[0]): boolean => kindOf(labelOf(one, 'NAME')) === call;
      return [{ call, chosen, rule: scenario.faults.add({ match, fault: chosen.fault }) }];
    });
    await scenario.agents.startPatiently(mostStarts);
    expect(await killedAt(scenario, `start${String(round).padStart(2, '0')}`, {}, calm)).toEqual([]);
    for (const { rule } of standing) rule.remove();
    expect(standing.filter(({ rule }) => rule.struck !== 1).map(({ call, chosen }) => [call, chosen.name])).toEqual([]);
    const asked = scenario.faults.requests.length - from;
    expect(asked).toBeLessThan(10 * undisturbed);
    tally.cases += standing.length;
    tally.requests += asked;
  }
  return tally;
}

/** All watches of a new agent are open and say nothing: it takes them for dead, and catches up. */
export async function silentWatches(scenario: Scenario, calm: Calm): Promise<void> {
  await scenario.kill();
  const rule = scenario.faults.add({ match: { verb: 'watch' }, times: null, fault: { kind: 'silence' } });
  await scenario.agents.start();
  while (rule.struck < 3) await sleep(20);
  rule.remove();
  expect(await killedAt(scenario, 'silent0', {}, calm)).toEqual([]);
  expect(rule.struck).toBeLessThan(10);
}
