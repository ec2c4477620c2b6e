// Medians and intervals of paired measurements, the same for the same numbers.

export interface Estimate {
  readonly median: number;
  /** 95 % interval of the median, by bootstrap. */
  readonly low: number;
  readonly high: number;
}

const resamples = 2_000;

/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/**
 * How much of the peer the product needs: the median over rounds of product / peer, taken on logarithms so that twice
 * as slow and twice as fast weigh the same.
 */
export function ratioOf(pairs: readonly { readonly product: number; readonly peer: number }[]): Estimate {
  const logs = pairs.map(({ product, peer }) => Math.log(product / peer));
  const random = seeded(1);
  const drawn = Array.from({ length: resamples }, () =>
    median(logs.map(() => logs[Math.floor(random() * logs.length)] ?? Number.NaN)),
  ).toSorted((one, other) => one - other);
  const at = (share: number): number => Math.exp(drawn[Math.floor(share * (resamples - 1))] ?? Number.NaN);
  return { median: Math.exp(median(logs)), low: at(0.025), high: at(0.975) };
}

/** Numbers in [0, 1) by the mulberry32 generator (public domain), the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
