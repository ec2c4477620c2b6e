// Product and peer side by side: each round runs both, first the one, next time first the other.
import type { Journal } from '../journal.ts';
import { machineBusyMs, ownMs } from './processor.ts';

export interface Contestant {
  readonly name: string;
  /** How often one sample does the work, so that a short thing is measured over a long time. */
  readonly times: number;
  /** Processes that go on living between samples. */
  pids(): readonly number[];
  /** Does the work once; may return how long its parts took, in milliseconds. */
  run(round: number, time: number): Promise<Parts | undefined>;
}

export interface Contest {
  /** `renderer, 5 objects` */
  readonly name: string;
  readonly product: Contestant;
  readonly peer: Contestant;
  /** Prepares what a round needs, outside the measured time. */
  prepare(round: number): Promise<void>;
}

export interface Effort {
  readonly rounds: number;
  /** After this time no further round begins once there are `fewest`. */
  readonly seconds: number;
  readonly fewest: number;
}

export type Parts = Readonly<Record<string, number>>;

/** What doing the work once took. */
export interface Sample {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Part of one processor that others kept busy meanwhile; undefined where the system does not tell. */
  readonly foreign: number | undefined;
  readonly parts: Parts;
}

export interface Round {
  readonly product: Sample;
  readonly peer: Sample;
}

export interface Paired {
  readonly name: string;
  readonly product: string;
  readonly peer: string;
  readonly rounds: readonly Round[];
  /** Rounds thrown away since somebody else used the machine. */
  readonly dropped: number;
  /** Rounds that were kept although somebody did, as they stayed the calmest of all tries. */
  readonly loaded: number;
}

const maxForeign = 0.1;
const tries = 3;
/** The machine's busy time is counted in ticks of 10 ms for each processor. */
const countingErrorMs = 20;

export async function runPaired(contest: Contest, effort: Effort, journal: Journal): Promise<Paired> {
  const rounds: Round[] = [];
  let [dropped, loaded, drawn] = [0, 0, 0];
  const until = performance.now() + effort.seconds * 1_000;
  const timeLeft = (): boolean => performance.now() < until;
  await once(contest, drawn++);
  while (rounds.length < effort.rounds && (rounds.length < effort.fewest || timeLeft())) {
    let best: Round | undefined;
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const round = await once(contest, drawn++);
      journal.round(contest.name, round);
      if (best !== undefined) dropped += 1;
      if (best === undefined || loadOf(round) < loadOf(best)) best = round;
      if (loadOf(best) <= maxForeign || !timeLeft()) break;
    }
    if (best === undefined) break;
    if (loadOf(best) > maxForeign) loaded += 1;
    rounds.push(best);
  }
  return { name: contest.name, product: contest.product.name, peer: contest.peer.name, rounds, dropped, loaded };
}

async function once(contest: Contest, round: number): Promise<Round> {
  await contest.prepare(round);
  if (round % 2 === 0) {
    const product = await sample(contest.product, round);
    return { product, peer: await sample(contest.peer, round) };
  }
  const peer = await sample(contest.peer, round);
  return { product: await sample(contest.product, round), peer };
}

async function sample(contestant: Contestant, round: number): Promise<Sample> {
  const parts: Record<string, number> = {};
  const busy = machineBusyMs();
  const own = ownMs(contestant.pids());
  const start = performance.now();
  for (let time = 0; time < contestant.times; time += 1) {
    for (const [part, ms] of Object.entries((await contestant.run(round, time)) ?? {})) {
      parts[part] = (parts[part] ?? 0) + ms / contestant.times;
    }
  }
  const wall = performance.now() - start;
  const cpu = ownMs(contestant.pids()) - own;
  const after = machineBusyMs();
  const foreign =
    busy === undefined || after === undefined ? undefined : Math.max(0, after - busy - cpu - countingErrorMs) / wall;
  return { wallMs: wall / contestant.times, cpuMs: cpu / contestant.times, foreign, parts };
}

function loadOf(round: Round): number {
  return Math.max(round.product.foreign ?? 0, round.peer.foreign ?? 0);
}
