// Durations as Flux writes and reads them; Go's syntax without signs, days or anything below a millisecond.

const syntax = /^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+$/;
const terms = /([0-9]+(?:\.[0-9]+)?)(ms|s|m|h)/g;
const longestText = 64;
const millisecondsPer: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** 8,760 hours. */
export const oneYearMs = 8_760 * 3_600_000;

/**
 * Milliseconds of a duration such as `1h30m`, `1.5s` or `500ms`, rounded to whole ones; undefined for anything else:
 * another syntax (that of Flux's CRD is `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`), over 64 characters, or over one year.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > longestText || !syntax.test(text)) return undefined;
  let total = 0;
  for (const [, count, unit] of text.matchAll(terms)) total += Number(count) * (millisecondsPer[unit ?? ''] ?? NaN);
  const rounded = Math.round(total);
  return rounded <= oneYearMs ? rounded : undefined;
}

/**
 * A duration as Go's `time.Duration.String()` prints it: `1h0m0s`, `3.2s`, `12.5ms`, `250µs`, `0s`. Takes milliseconds
 * with fractions down to a nanosecond; a negative or unreal one (a clock that jumped) counts as 0.
 */
export function formatDuration(milliseconds: number): string {
  const nanoseconds = Number.isFinite(milliseconds) ? Math.max(0, Math.round(milliseconds * 1e6)) : 0;
  if (nanoseconds === 0) return '0s';
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${decimal(nanoseconds, 3)}µs`;
  if (nanoseconds < 1e9) return `${decimal(nanoseconds, 6)}ms`;
  const minutes = Math.floor(nanoseconds / 60e9);
  const seconds = `${decimal(nanoseconds - minutes * 60e9, 9)}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

/**
 * An interval with Flux's jitter of ±5 %, in whole milliseconds, so that Kustomizations of one moment do not stay in
 * step. `random` is in [0, 1), as of `Math.random()`; 0 gives −5 %.
 */
export function intervalWithJitter(intervalMs: number, random: number): number {
  return Math.round(intervalMs * (0.95 + 0.1 * random));
}

// Exact, as long as the integer is: no floating point between the digits and the text.
function decimal(integer: number, places: number): string {
  const digits = String(integer).padStart(places + 1, '0');
  const fraction = digits.slice(-places).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -places) : `${digits.slice(0, -places)}.${fraction}`;
}
