// One call to GitHub: paced, counted, its answer checked, its refusal translated. Knows no identity.
import { request } from '@octokit/request';
import type { z } from 'zod';
import { SluiceError } from '../../errors.ts';
import { type Clock, GitHubClock } from './clock.ts';
import { Pace, type Weight } from './pace.ts';
import { type Refusal, refused, resetAt } from './refusal.ts';
import { type Fetch, limitedFetch } from './transport.ts';

export interface Ask<S extends z.ZodType> {
  /** For messages: `reading pull request 12 of repository 42`. */
  readonly what: string;
  /** Octokit's form: `GET /repositories/{repository_id}/pulls/{pull_number}`. */
  readonly route: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** `content` where people are notified; otherwise by method. */
  readonly weight?: Weight;
  /** A redirect to `…/repositories/42` is no refusal: it answers `{ id: 42 }`. It is not followed. */
  readonly moved?: true;
  readonly answer: S;
}

export interface Answer<T> {
  readonly data: T;
  /** The query of the next page, from the `Link` header. */
  readonly next: Readonly<Record<string, string>> | undefined;
}

export interface WireOptions {
  /** `https://api.github.com`, `https://HOST/api/v3`; no slash at the end. */
  readonly apiUrl: string;
  readonly userAgent: string;
  readonly clock: Clock;
  readonly fetch?: Fetch;
}

export class Wire {
  readonly #request: typeof request;
  readonly #clock: Clock;
  readonly #paces = new Map<number | 'app', Pace>();
  readonly github: GitHubClock;
  /** By route, since the start; an exchange that failed counts too. */
  readonly calls: Record<string, number> = {};

  constructor(options: WireOptions) {
    const quiet = (): void => {};
    this.#clock = options.clock;
    this.github = new GitHubClock(options.clock);
    this.#request = request.defaults({
      baseUrl: options.apiUrl,
      headers: { 'user-agent': options.userAgent, 'x-github-api-version': '2022-11-28' },
      request: {
        // Looked up at each call, so that a process may replace it.
        fetch: limitedFetch(options.fetch ?? ((address, init) => globalThis.fetch(address, init))),
        log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      },
    });
  }

  /**
   * Makes one call; `undefined` when GitHub does not accept the authorization (HTTP 401), so that the caller may try
   * another once.
   *
   * @throws SluiceError `github.*`
   */
  async exchange<S extends z.ZodType>(
    owner: number | 'app',
    authorization: () => Promise<string>,
    ask: Ask<S>,
  ): Promise<Answer<z.output<S>> | undefined> {
    const pace = this.#paceOf(owner);
    const weight = ask.weight ?? (ask.route.startsWith('GET ') ? 'read' : 'write');
    return pace.run(ask.route, weight, async () => {
      const credential = await authorization();
      this.calls[ask.route] = (this.calls[ask.route] ?? 0) + 1;
      const answer = await this.#send(credential, ask);
      this.github.learn(answer.headers['date']);
      if (answer.status === 401) return undefined;
      const moved = ask.moved === true ? movedTo(answer) : undefined;
      if (moved !== undefined) return { data: read(ask, { id: moved }), next: undefined };
      if ('message' in answer) throw this.#refused(answer, ask.what, pace);
      pace.succeeded();
      const used = resetAt(answer.headers, (theirs) => this.github.ours(theirs));
      if (used !== undefined) pace.pause(used);
      return { data: read(ask, answer.data), next: nextPage(answer.headers['link']) };
    });
  }

  async #send(authorization: string, { route, parameters }: Ask<z.ZodType>): Promise<Refusal | Taken> {
    try {
      const { status, headers, data } = await this.#request(route, { ...parameters, headers: { authorization } });
      if (status >= 300) return { status, headers, message: '' };
      return { status, headers, data };
    } catch (error) {
      return refusalOf(error);
    }
  }

  #refused(refusal: Refusal, what: string, pace: Pace): SluiceError {
    const ours = (theirs: number): number => this.github.ours(theirs);
    const error = refused(refusal, { what, now: this.#clock.now(), ours, strike: () => pace.strike() });
    if (error.code === 'github.limit' && error.retryAt !== undefined) pace.pause(error.retryAt.getTime());
    return error;
  }

  #paceOf(owner: number | 'app'): Pace {
    const known = this.#paces.get(owner);
    if (known !== undefined) return known;
    const pace = new Pace(this.#clock);
    this.#paces.set(owner, pace);
    return pace;
  }
}

function movedTo({ status, headers }: Refusal | Taken): number | undefined {
  if (status === undefined || status < 300 || status >= 400) return undefined;
  const number = /\/repositories\/(\d{1,15})\/?$/.exec(String(headers['location']))?.[1];
  return number === undefined ? undefined : Number(number);
}

interface Taken {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly data: unknown;
}

/** Octokit's error, without the request (it holds the token) and the body; without `response` nothing was answered. */
function refusalOf(error: unknown): Refusal {
  const response = property(error, 'response');
  const status = property(response, 'status');
  if (typeof status !== 'number') return { status: undefined, headers: {}, message: '', cause: error };
  const headers = property(response, 'headers');
  const message = property(property(response, 'data'), 'message');
  return {
    status,
    headers: typeof headers === 'object' && headers !== null ? { ...headers } : {},
    message: typeof message === 'string' ? message.slice(0, 1000) : '',
  };
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function read<S extends z.ZodType>(ask: Ask<S>, data: unknown): z.output<S> {
  const result = ask.answer.safeParse(data);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.map(String).join('.') ?? '';
  // A proxy's page, a cut answer: not what GitHub says, and likely not for long.
  throw new SluiceError(
    'github.unavailable',
    `${ask.what}: the answer is not GitHub's${where === '' ? '' : ` (at ${where})`}`,
    { kind: 'transient' },
  );
}

/** The query of `<address?query>; rel="next"`; the address itself is not followed. */
function nextPage(link: unknown): Readonly<Record<string, string>> | undefined {
  if (typeof link !== 'string') return undefined;
  for (const part of link.split(',')) {
    const match = /^\s*<([^<>]{1,4000})>\s*;.{0,200}\brel="?next"?/.exec(part);
    const address = match?.[1];
    if (address !== undefined && URL.canParse(address)) return Object.fromEntries(new URL(address).searchParams);
  }
  return undefined;
}
