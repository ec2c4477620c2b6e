// Each kind of call to the API server, each fault that may strike it, and lives in which every one strikes every other once.
import type { ApiRequest } from '../../../../lab/cluster/api-request.ts';
import type { Fault } from '../../../../lab/cluster/fault.ts';
import { expect, vi } from 'vitest';
import { type Calm, platform } from './kills.ts';
import { labelOf } from './points.ts';
import { type End, type Phase, phases, type Scenario } from './scenario.ts';

/** A kind of request of a phase: verb, resource and subresource. */
export interface Call {
  readonly phase: Phase;
  /** `apply configmaps` */
  readonly kind: string;
  /** Writes of a status say different things one after the other; of other kinds the first is struck. */
  readonly nth: number;
}

export interface Case {
  readonly name: string;
  readonly fault: Fault;
  /** For which kinds of request; all where absent. That a read was done makes no difference. */
  readonly only?: 'watch' | 'answered' | 'writes';
}

/** What never answers takes the client's whole deadline, so these have lives of their own. */
export const silent: readonly Case[] = [
  { name: 'no answer', fault: { kind: 'timeout' } },
  { name: 'done, no answer', fault: { kind: 'timeout', when: 'after' }, only: 'writes' },
];

/** @param elsewhere an address that nobody may ever be sent to */
export function quick(elsewhere: string): readonly Case[] {
  return [
    { name: '409', fault: { kind: 'status', status: 409 } },
    { name: '410', fault: { kind: 'status', status: 410 } },
    { name: '429', fault: { kind: 'status', status: 429, retryAfterSeconds: 1 } },
    { name: '500', fault: { kind: 'status', status: 500 } },
    { name: 'done, 500', fault: { kind: 'status', status: 500, when: 'after' }, only: 'writes' },
    { name: 'done, 503', fault: { kind: 'status', status: 503, when: 'after' }, only: 'writes' },
    { name: 'reset', fault: { kind: 'reset' } },
    { name: 'done, reset', fault: { kind: 'reset', when: 'after' }, only: 'writes' },
    { name: 'half', fault: { kind: 'truncate' }, only: 'answered' },
    { name: 'half, broken off', fault: { kind: 'truncate', broken: true }, only: 'answered' },
    { name: 'a page', fault: { kind: 'html' } },
    { name: '200 with a Status', fault: { kind: 'statusBody' } },
    { name: 'a redirect', fault: { kind: 'redirect', to: elsewhere } },
    { name: 'dropped', fault: { kind: 'dropWatch' }, only: 'watch' },
    { name: 'ended', fault: { kind: 'dropWatch', clean: true }, only: 'watch' },
    { name: 'ERROR 410', fault: { kind: 'watchError' }, only: 'watch' },
    { name: 'ERROR 500', fault: { kind: 'watchError', status: 500 }, only: 'watch' },
  ];
}

export function fits({ only }: Case, kind: string): boolean {
  const isWatch = kind.startsWith('watch ');
  if (only === 'writes') return /^(?:apply|patch|create|delete) /.test(kind);
  return only === undefined || (only === 'watch') === isWatch;
}

/** The calls of a life that are about it alone. */
export function ownCalls(calm: Calm, phase: Phase): readonly Call[] {
  const own = calm.points[phase].filter(({ gate, label }) => gate === 'api' && label.includes('NAME'));
  const calls = own.flatMap(({ label }): Call[] => {
    const kind = kindOf(label);
    const nth = own.filter((one) => one.label === label).length;
    return isStatus(kind)
      ? Array.from({ length: nth }, (_, at) => ({ phase, kind, nth: at + 1 }))
      : [{ phase, kind, nth: 1 }];
  });
  return [...new Map(calls.map((call) => [`${call.kind} ${call.nth}`, call])).values()];
}

/** Verb, resource and subresource out of a label. */
export function kindOf(label: string): string {
  return label.split(' ').slice(0, 2).join(' ');
}

function isStatus(kind: string): boolean {
  return kind === 'patch kustomizations/status';
}

export interface Strike {
  readonly call: Call;
  readonly fault: Case;
}

export interface Struck {
  readonly name: string;
  readonly strikes: Readonly<Partial<Record<Phase, readonly Strike[]>>>;
}

/** Two calls of each phase at most are struck in one life, the second as a rule when the first was got over. */
export function livesOf(cases: readonly Case[], calm: Calm, prefix: string): readonly Struck[] {
  const lives: Struck[] = [];
  for (const fault of cases) {
    const calls = phases.map((phase) => ownCalls(calm, phase).filter(({ kind }) => fits(fault, kind)));
    const many = Math.ceil(Math.max(...calls.map((some) => some.length)) / 2);
    for (let at = 0; at < many; at += 1) {
      const strikes = phases.map((phase, index) => {
        const two = [at, at + many].flatMap((one) => calls[index]?.[one] ?? []);
        return [phase, two.map((call) => ({ call, fault }))] as const;
      });
      lives.push({ name: `${prefix}${String(lives.length).padStart(3, '0')}`, strikes: Object.fromEntries(strikes) });
    }
  }
  return lives;
}

export interface Tally {
  cases: number;
  requests: number;
}

/** Lives them through side by side. Each must come to the undisturbed end, each fault must have struck, and nobody storms. */
export async function outlived(scenario: Scenario, lives: readonly Struck[], calm: Calm): Promise<Tally> {
  const { faults } = scenario;
  const tally = { cases: 0, requests: 0 };
  faults.forget();
  for (const phase of phases) {
    const standing = lives.flatMap(({ name, strikes }) =>
      (strikes[phase] ?? []).map(({ call, fault }) => {
        const rule = faults.add({ match: matchOf(scenario, name, call), fault: fault.fault });
        return { call, fault: fault.name, rule };
      }),
    );
    const ends = await scenario.live(phase, ...lives.map(({ name }) => name));
    // Events come after the end, and after the last answer that does not come.
    const spared = () => standing.flatMap(({ rule, ...which }) => (rule.struck === 1 ? [] : [which]));
    await vi.waitFor(() => expect(spared()).toEqual([]), { timeout: 60_000 });
    for (const { rule } of standing) rule.remove();
    for (const [at, { name, strikes }] of lives.entries()) {
      const said = { name, strikes: strikes[phase] };
      expect({ said, ...(ends[at] as End) }).toEqual({ said, ...calm.ends[phase], accounts: [platform] });
    }
    tally.cases += standing.length;
  }
  const undisturbed = phases.reduce((sum, phase) => sum + calm.requests[phase], 0);
  for (const { name, strikes } of lives) {
    const asked = faults.requests.filter(scenario.concerns(name));
    tally.requests += asked.length;
    if (asked.length <= 3 * undisturbed) continue;
    const labels = asked.map((request) => labelOf(request, name));
    const lines = scenario.agents.lines.filter((line) => line.includes(name));
    throw new Error([`${name} storms: ${JSON.stringify(strikes)}`, ...labels, ...lines].join('\n'));
  }
  return tally;
}

function matchOf(scenario: Scenario, name: string, { kind, nth }: Call): (request: ApiRequest) => boolean {
  const concerns = scenario.concerns(name);
  let count = 0;
  return (request) => {
    if (!concerns(request) || kindOf(labelOf(request, name)) !== kind) return false;
    count += 1;
    return count >= nth;
  };
}
