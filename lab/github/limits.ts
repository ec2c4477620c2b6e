import type { Actor } from './app.ts';
import { Refusal } from './rest/refusal.ts';
import type { World } from './world.ts';

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api; undefined is without limit. */
export interface Limits {
  /** Requests of an installation or person in an hour: the primary limit. */
  readonly perHour?: number;
  readonly contentPerMinute?: number;
  readonly contentPerHour?: number;
  /** A read costs 1 point and a write 5, for each route. */
  readonly pointsPerMinute?: number;
  readonly concurrent?: number;
}

export const gitHubLimits: Limits = {
  perHour: 5000,
  contentPerMinute: 80,
  contentPerHour: 500,
  pointsPerMinute: 900,
  concurrent: 100,
};

interface Usage {
  /** When the hour of the primary limit began. */
  start: number;
  used: number;
  running: number;
  content: number[];
  readonly points: Map<string, { at: number; cost: number }[]>;
}

/** Counts what each caller uses and refuses what is over. */
export class Meter {
  readonly #world: World;
  readonly #limits: Limits;
  readonly #usage = new Map<string, Usage>();

  constructor(world: World, limits: Limits) {
    this.#world = world;
    this.#limits = limits;
  }

  /** @throws Refusal 403 over a limit */
  begin(actor: Actor, route: string, creates: boolean): void {
    if (actor.kind === 'nobody' || actor.kind === 'app') return;
    const now = this.#world.clock.now();
    const usage = this.#of(actor);
    const { perHour, contentPerMinute, contentPerHour, pointsPerMinute, concurrent } = this.#limits;
    usage.running += 1;
    if (route === 'GET /rate_limit') return;
    if (perHour !== undefined && usage.used >= perHour) {
      throw new Refusal(403, `API rate limit exceeded for installation ID ${nameOf(actor)}.`);
    }
    usage.used += 1;
    if (concurrent !== undefined && usage.running > concurrent) throw secondary(60);
    if (creates) {
      usage.content = [...usage.content.filter((at) => at > now - 3_600_000), now];
      const minute = usage.content.filter((at) => at > now - 60_000);
      if (contentPerMinute !== undefined && minute.length > contentPerMinute) throw secondary(60);
      if (contentPerHour !== undefined && usage.content.length > contentPerHour) throw secondary(3600);
    }
    if (pointsPerMinute === undefined) return;
    const cost = /^(GET|HEAD) /.test(route) ? 1 : 5;
    const points = [...(usage.points.get(route) ?? []).filter(({ at }) => at > now - 60_000), { at: now, cost }];
    usage.points.set(route, points);
    if (points.reduce((sum, one) => sum + one.cost, 0) > pointsPerMinute) throw secondary(60);
  }

  end(actor: Actor): void {
    if (actor.kind === 'installation' || actor.kind === 'user') this.#of(actor).running -= 1;
  }

  /** An answer that had not changed costs nothing. */
  refund(actor: Actor): void {
    if (actor.kind === 'installation' || actor.kind === 'user') this.#of(actor).used -= 1;
  }

  /** `x-ratelimit-*` */
  headers(actor: Actor): Record<string, string> {
    if (actor.kind === 'nobody' || actor.kind === 'app' || this.#limits.perHour === undefined) return {};
    const { limit, remaining, used, reset } = this.standing(actor);
    return {
      'x-ratelimit-limit': String(limit),
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-used': String(used),
      'x-ratelimit-reset': String(reset),
      'x-ratelimit-resource': 'core',
    };
  }

  /** As `GET /rate_limit` says it; `reset` in seconds since the epoch. */
  standing(actor: Actor): { limit: number; remaining: number; used: number; reset: number } {
    const usage = this.#of(actor);
    const limit = this.#limits.perHour ?? 5000;
    const reset = Math.floor(usage.start / 1000) + 3600;
    return { limit, remaining: Math.max(0, limit - usage.used), used: usage.used, reset };
  }

  /** Uses up the primary limit, until the hour is over. */
  exhaust(actor: Actor): void {
    this.#of(actor).used = this.#limits.perHour ?? 5000;
  }

  #of(actor: Actor): Usage {
    const name = nameOf(actor);
    const now = this.#world.clock.now();
    const known = this.#usage.get(name) ?? { start: now, used: 0, running: 0, content: [], points: new Map() };
    if (now - known.start >= 3_600_000) Object.assign(known, { start: now, used: 0 });
    this.#usage.set(name, known);
    return known;
  }
}

/** How the log names who called. */
export function nameOf(actor: Actor): string {
  if (actor.kind === 'installation') return String(actor.installation.id);
  return actor.kind === 'user' ? actor.user.login : actor.kind;
}

/** @param retryAfter seconds; without, GitHub's form that names none */
export function secondary(retryAfter: number | undefined, status = 403): Refusal {
  const message = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.';
  return new Refusal(status, message, {
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
  });
}
