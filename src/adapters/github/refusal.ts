// What GitHub answered instead of what was asked for, in our words. Bodies are looked at, never repeated.
import { SluiceError } from '../../errors.ts';
import { connectionFailure } from '../connection-failure.ts';

export interface Refusal {
  /** Undefined when there was no answer at all. */
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  /** The `message` of the body. */
  readonly message: string;
  /** Why there was no answer. */
  readonly cause?: unknown;
}

export interface RefusalContext {
  /** What was being done: `reading pull request 12 of repository 42`. */
  readonly what: string;
  /** Our clock, milliseconds. */
  readonly now: number;
  /** A moment on GitHub's clock as one on ours. */
  readonly ours: (theirs: number) => number;
  /** How many limits without a time there were in a row, this one included; called only for such a one. */
  readonly strike: () => number;
}

const minute = 60_000;
const longestPause = 24 * 60 * minute;

/** Translates a refusal: limits and outages are transient, the rest is terminal. */
export function refused(refusal: Refusal, context: RefusalContext): SluiceError {
  const { status, headers } = refusal;
  const { what } = context;
  if (status === undefined) {
    const why = connectionFailure(refusal.cause, 'see SLUICE_GITHUB_URL, the network, and the proxy if there is one');
    return new SluiceError(
      'github.unavailable',
      `${what}: GitHub did not answer${why === undefined ? '' : `: ${why.words}`}`,
      { kind: 'transient', remedy: why?.remedy },
    );
  }
  const until = limitedUntil(refusal, context);
  if (until !== undefined) {
    return new SluiceError('github.limit', `${what}: GitHub's rate limit is reached (HTTP ${status})`, {
      kind: 'transient',
      retryAt: new Date(until),
    });
  }
  if (status >= 500 || status === 408) {
    const after = retryAfter(headers['retry-after'], context);
    return new SluiceError('github.unavailable', `${what}: GitHub has an outage (HTTP ${status})`, {
      kind: 'transient',
      ...(after === undefined ? {} : { retryAt: new Date(after) }),
    });
  }
  return terminal(status, refusal, what);
}

function terminal(status: number, { headers, message }: Refusal, what: string): SluiceError {
  if (status === 404 || status === 410 || status === 451)
    return new SluiceError('github.gone', `${what}: it does not exist, or the App may not see it (HTTP ${status})`);
  if (status === 401)
    return new SluiceError('github.denied', `${what}: GitHub did not accept the App's token (HTTP 401)`);
  if (status === 403 && !/\blocked\b/i.test(message))
    return new SluiceError('github.denied', `${what}: the App may not do this (HTTP 403)`, {
      remedy: `give the App ${permissions(headers['x-accepted-github-permissions'])} and accept it in the installation's settings; an archived repository takes no writes`,
    });
  if (status >= 300 && status < 400)
    return new SluiceError('github.rejected', `${what}: answered with a redirect (HTTP ${status})`, {
      remedy: 'SLUICE_GITHUB_URL must be the address GitHub itself answers at',
    });
  const locked = status === 403 ? 'the conversation is locked' : 'GitHub did not take it';
  return new SluiceError('github.rejected', `${what}: ${locked} (HTTP ${status})`);
}

/** `checks=write` from a header that GitHub sends with a refusal; anything odd is left out. */
function permissions(header: unknown): string {
  return typeof header === 'string' && /^[a-z_=,; ]{1,200}$/.test(header)
    ? `the permission ${header}`
    : 'the permission';
}

/** When a limit ends, on our clock; undefined when this is no limit. */
function limitedUntil({ status, headers, message }: Refusal, context: RefusalContext): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const after = retryAfter(headers['retry-after'], context);
  if (after !== undefined) return after;
  const reset = resetAt(headers, context.ours);
  if (reset !== undefined) return clamp(reset, context.now);
  if (status !== 429 && !/rate limit|abuse detection/i.test(message)) return undefined;
  // No time given: a minute at least, then longer and longer.
  return context.now + Math.min(minute * 2 ** (context.strike() - 1), 15 * minute);
}

/** When the primary limit starts anew, on our clock (milliseconds); undefined while calls are left. */
export function resetAt(
  headers: Readonly<Record<string, unknown>>,
  ours: (theirs: number) => number,
): number | undefined {
  if (headers['x-ratelimit-remaining'] !== '0') return undefined;
  const reset = Number(headers['x-ratelimit-reset']);
  // A second more: the header has whole ones.
  return Number.isSafeInteger(reset) && reset > 0 ? ours(reset * 1000 + 1000) : undefined;
}

function retryAfter(header: unknown, { now, ours }: RefusalContext): number | undefined {
  if (typeof header !== 'string' || header === '') return undefined;
  if (/^\d{1,9}$/.test(header)) return clamp(now + Number(header) * 1000, now);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : clamp(ours(date), now);
}

function clamp(until: number, now: number): number {
  return Math.min(Math.max(until, now + 1000), now + longestPause);
}
