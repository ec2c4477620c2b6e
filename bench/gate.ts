// What was measured against what was promised. Timings fail only beyond doubt, counters at once.
import { type Paired, type Round } from './pairing/rounds.ts';
import { type Estimate, median, ratioOf } from './pairing/statistics.ts';

export type Verdict = 'met' | 'missed, in doubt' | 'missed' | 'not gated';

export interface Timing {
  readonly name: string;
  readonly product: string;
  readonly peer: string;
  readonly productMs: number;
  readonly peerMs: number;
  readonly ratio: Estimate;
  readonly cpuRatio: number;
  /** Largest part of the peer's wall time that the product may need; undefined where nothing is promised. */
  readonly target: number | undefined;
  readonly rounds: number;
  readonly dropped: number;
  readonly loaded: number;
  readonly verdict: Verdict;
}

export interface Count {
  readonly name: string;
  readonly counted: number;
  /** What it must be; undefined where it is only told. */
  readonly expected: number | undefined;
  /** What it may be at most. */
  readonly most?: number;
  /** What it must be at least. */
  readonly least?: number;
  readonly unit?: string;
}

/** Noise of a ratio of medians that no one should be woken for. */
const tolerance = 1.15;

/** Wall time of the product as part of the peer's; `parts` chooses other times of a round, such as one part alone. */
export function timingOf(
  paired: Paired,
  target: number | undefined,
  parts: (round: Round) => { readonly product: number; readonly peer: number } = wallOf,
  name = paired.name,
): Timing {
  const pairs = paired.rounds.map(parts);
  const ratio = ratioOf(pairs);
  return {
    name,
    product: paired.product,
    peer: paired.peer,
    productMs: median(pairs.map(({ product }) => product)),
    peerMs: median(pairs.map(({ peer }) => peer)),
    ratio,
    cpuRatio: sum(paired.rounds, 'product') / sum(paired.rounds, 'peer'),
    target,
    rounds: paired.rounds.length,
    dropped: paired.dropped,
    loaded: paired.loaded,
    verdict: verdictOf(ratio, target),
  };
}

export function verdictOf(ratio: Estimate, target: number | undefined): Verdict {
  if (target === undefined) return 'not gated';
  if (ratio.median <= target) return 'met';
  return ratio.low > target * tolerance ? 'missed' : 'missed, in doubt';
}

export function isWrong({ counted, expected, most, least }: Count): boolean {
  if (expected !== undefined && counted !== expected) return true;
  return (most !== undefined && !(counted <= most)) || (least !== undefined && !(counted >= least));
}

function wallOf({ product, peer }: Round): { product: number; peer: number } {
  return { product: product.wallMs, peer: peer.wallMs };
}

// Ended processes are counted in ticks of 10 ms, which only a sum over all rounds evens out.
function sum(rounds: readonly Round[], side: 'product' | 'peer'): number {
  return rounds.reduce((total, round) => total + round[side].cpuMs, 0);
}
