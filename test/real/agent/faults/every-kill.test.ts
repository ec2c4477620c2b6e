// The agent is killed (SIGKILL) at every point of a life at which something outside of it may have happened.
//
// Its line awaits requests to the API server, to Git and to the queue. Each that may change something is struck here before
// it is seen and after it was done. The other awaits only compute, in the agent's memory or in the renderer and the policy
// threads, which end with it and have no disk and no network: a kill there leaves what a kill at the next request leaves,
// before it is seen. What is left is the disk, where copies of repositories are kept: a fetch is struck as its answer is
// written, too.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Kill, killedAt, undisturbed, type Calm } from './kills.ts';
import type { Point } from './points.ts';
import { type Phase, phases, Scenario } from './scenario.ts';

/** Each has a cluster, a Git server and a queue of its own. */
const lanes = 2;
let scenarios: readonly Scenario[] = [];

beforeAll(async () => {
  scenarios = await Promise.all(Array.from({ length: lanes }, () => Scenario.start()));
}, 900_000);

afterAll(async () => {
  await Promise.all(scenarios.map((scenario) => scenario.close()));
});

/** What all lives share (the first list of a kind, the store's own upkeep) comes by chance: it is given up after so many lives. */
const mostTries = 4;
/** While an answer is written to the disk; a fetch takes some milliseconds. */
const lateMs = [0, 2, 5, 12];
const reads = /^(?:get|list|watch|discovery|apply-dry-run|info\/refs|hget|hgetall|lpos)\b/;

/** What only reads leaves no trace, done or not: such a point is struck once, in turn before and after. */
function killsOf(point: Point, at: number): readonly Kill[] {
  const { gate, label, nth } = point;
  // The second is the pack's; the first one lists references.
  const isPack = gate === 'git' && nth === 2;
  const told = isPack ? lateMs.map((late) => ({ ...point, when: 'told' as const, lateMs: late })) : [];
  if (reads.test(label)) return [{ ...point, when: at % 2 === 0 ? 'before' : 'after' }];
  return [{ ...point, when: 'before' }, { ...point, when: 'after' }, ...told];
}

test('wherever an agent is killed, the next one brings about the same, deletes nothing else and forgets nothing', {
  timeout: 1_200_000,
}, async () => {
  const calms = await Promise.all(scenarios.map((scenario) => undisturbed(scenario, 'calm000')));
  const [calm] = calms as [Calm, ...Calm[]];
  const left = Object.fromEntries(phases.map((phase) => [phase, calm.points[phase].flatMap(killsOf)])) as Record<
    Phase,
    Kill[]
  >;
  const all = phases.reduce((sum, phase) => sum + left[phase].length, 0);
  let lives = 0;
  const tries = new Map<string, number>();
  const spared: string[] = [];
  const startedMs = performance.now();
  const seconds = (): number => Math.round((performance.now() - startedMs) / 1000);
  // One kill a phase, so that each begins where nothing was disturbed.
  const lane = async (scenario: Scenario, at: number): Promise<void> => {
    while (phases.some((phase) => left[phase].length > 0)) {
      const kills: Partial<Record<Phase, Kill>> = {};
      for (const phase of phases) {
        const kill = left[phase].shift();
        if (kill !== undefined) kills[phase] = kill;
      }
      lives += 1;
      const name = `life${String(lives).padStart(3, '0')}`;
      // What two things do at once comes in another order now and then, and a point may not come: it is tried again.
      for (const kill of await killedAt(scenario, name, kills, calms[at] ?? calm)) {
        const shown = `${kill.phase}, ${kill.when} ${kill.label} #${kill.nth}`;
        const tried = (tries.get(shown) ?? 0) + 1;
        tries.set(shown, tried);
        if (tried < mostTries) left[kill.phase].push(kill);
        else spared.push(shown);
      }
      if (lives % 10 === 0) process.stderr.write(`${lives} lives in ${seconds()} s\n`);
    }
  };
  await Promise.all(scenarios.map(lane));
  const kills = all - spared.length;
  process.stderr.write([`${kills} kills in ${lives} lives, ${seconds()} s; never come to:`, ...spared, ''].join('\n'));
  expect(kills).toBeGreaterThan(150);
  // What is about this life alone comes in each life; how often it looks again depends on what else happens.
  expect(spared.filter((shown) => shown.includes('NAME') && shown.endsWith(' #1'))).toEqual([]);
  expect(spared.length).toBeLessThan(all / 10);
});
