// An agent is killed at a point of a life, and another one finds what it left.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { labelOf, type Point, pointsOf } from './points.ts';
import { type End, type Phase, phases, type Scenario } from './scenario.ts';

/**
 * `before`: while the request is held and the other side has not seen it. `after`: it was done, and nobody here knows.
 * `told`: a fetch's answer is there, and the agent is about to write it to its disk.
 */
export type Moment = 'before' | 'after' | 'told';

export interface Kill extends Point {
  readonly when: Moment;
  /** Milliseconds after that. @defaultValue 0 */
  readonly lateMs?: number;
}

/** A life that nobody disturbs. */
export interface Calm {
  readonly ends: Readonly<Record<Phase, End>>;
  readonly points: Readonly<Record<Phase, readonly Point[]>>;
  /** How many requests were about it. */
  readonly requests: Readonly<Record<Phase, number>>;
}

/** After the end of a phase what comes last has come. */
const lateMs = 3_000;

export const platform = 'system:serviceaccount:sluice-system:sluice-platform';

export async function undisturbed(scenario: Scenario, name: string): Promise<Calm> {
  const ends: Partial<Record<Phase, End | undefined>> = {};
  const points: Partial<Record<Phase, readonly Point[]>> = {};
  const requests: Partial<Record<Phase, number>> = {};
  for (const phase of phases) {
    const from = scenario.faults.requests.length;
    points[phase] = await pointsOf(scenario, phase, name, async () => {
      [ends[phase]] = await scenario.live(phase, name);
    });
    requests[phase] = scenario.faults.requests.slice(from).filter(scenario.concerns(name)).length;
  }
  const calm = { ends, points, requests } as Calm;
  const { create, change, remove } = calm.ends;
  for (const { objects, inventory, accounts } of [create, change]) {
    expect(objects).toHaveLength(5);
    expect(new Set(objects.map((one) => one.split(' ')[0] ?? ''))).toEqual(new Set(inventory));
    expect(accounts).toEqual([platform]);
  }
  expect([create.deleted, change.deleted]).toEqual([[], ['configmaps/old']]);
  expect(remove.objects).toEqual(['_NAME__Namespace going [null,null]']);
  expect(remove.deleted).toEqual([
    'configmaps/kept',
    'configmaps/new',
    'customresourcedefinitions/widgets.NAME.example.com',
    'kustomizations/NAME',
    'namespaces/NAME',
    'widgets/one',
  ]);
  return calm;
}

/** Kills at a point of each phase at most, another agent starting at once. Returns the kills that were never come to. */
export async function killedAt(
  scenario: Scenario,
  name: string,
  kills: Readonly<Partial<Record<Phase, Kill>>>,
  calm: Calm,
): Promise<readonly Kill[]> {
  const missed: Kill[] = [];
  for (const phase of phases) {
    const kill = kills[phase];
    const begun = Promise.withResolvers<void>();
    let again: Promise<void> | undefined;
    const off =
      kill &&
      strike(scenario, name, kill, async () => {
        const killed = sleep(kill.lateMs ?? 0).then(() => scenario.kill());
        again = killed.then(() => scenario.agents.start());
        begun.resolve();
        await killed;
      });
    const [end] = await scenario.live(phase, name);
    expect({ kill, ...end }).toEqual({ kill, ...calm.ends[phase] });
    if (off === undefined) continue;
    // Some things come after the status that says the end: an event, a job that is done.
    await Promise.race([begun.promise, sleep(lateMs, undefined, { ref: false })]);
    off();
    if (again === undefined) missed.push(kill as Kill);
    await again;
  }
  await scenario.agents.nothingLeft();
  return missed;
}

/** Calls back once, at a point; what asked there is held meanwhile. Returns what takes the trap away. */
function strike(scenario: Scenario, name: string, { gate, label, nth, when }: Kill, hit: () => Promise<void>) {
  let count = 0;
  const trap = async (asked: string): Promise<void> => {
    if (asked === label && (count += 1) === nth) await hit();
  };
  if (gate === 'git') return scenario.git.onRequest(({ service }) => trap(service), when);
  if (when === 'told') throw new Error('only of a fetch is it known when its answer was taken');
  if (gate === 'store') return scenario.store.onCommand((command) => trap(command.name), when);
  return scenario.faults.onRequest((request) => trap(labelOf(request, name)), when);
}
