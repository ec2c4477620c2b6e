// One identity's requests: the login, the count, a few tries where a second one is harmless, and errors in our words.
import { SluiceError } from '../../errors.ts';
import type { JsonMapping } from '../../object/json.ts';
import type { KubeCounters } from '../../ports/kube.ts';
import { parseMapping } from './exact.ts';
import type { Identity } from './identity.ts';
import type { ApiPath } from './path.ts';
import { backOffMs, type Clock, jittered, retryAfterMs } from './patience.ts';
import { described, isMissing, type RefusedAnswer, refused, type Target } from './refusal.ts';
import type { TokenSource } from './token.ts';
import type { Wire, WireAnswer, WireRequest, WireStream } from './wire.ts';
import { WireFailure } from './wire-failure.ts';

/** `yes`: it may happen twice (reads, applies, deletes of one uid). `unseen`: only while the server cannot have done it. */
export type Repeatable = 'yes' | 'unseen';

export interface Ask {
  readonly count: keyof KubeCounters;
  readonly target: Omit<Target, 'user'>;
  readonly method: WireRequest['method'];
  readonly path: ApiPath;
  readonly query: string;
  readonly accept?: string;
  readonly body?: { readonly type: string; readonly text: string };
  readonly ifNoneMatch?: string | undefined;
  /** An answer of 404 where the server says that this very object is not there, rather than an error. */
  readonly missing?: boolean;
  readonly repeatable: Repeatable;
  /** @defaultValue 16 MiB */
  readonly maxBytes?: number;
  /** @defaultValue the limits of the cluster */
  readonly deadlineMs?: number;
}

/** An answer of 2xx with a JSON mapping in it; of 304, or of 404 where `missing` asked for it, with an empty one. */
export interface Answer {
  readonly status: number;
  readonly json: JsonMapping;
  readonly etag: string | undefined;
}

export interface Caller {
  readonly identity: Identity;
  /** @throws SluiceError `kube.*` */
  ask(ask: Ask): Promise<Answer>;
  /** Opens an answer without an end. Tried once. @throws SluiceError `kube.*` */
  open(ask: Ask): Promise<WireStream>;
}

export interface CallerParts {
  readonly wire: Wire;
  readonly tokens: TokenSource;
  readonly counters: KubeCounters;
  readonly clock: Clock;
  /** Once it is aborted, nothing more is asked. */
  readonly signal: AbortSignal;
  /** From the first byte of the first try to the last byte of the last one. */
  readonly deadlineMs: number;
}

const json = 'application/json';
const maxBytes = 16 * 1024 * 1024;
/** Nothing was asked yet. */
export function newCounters(): KubeCounters {
  return { get: 0, list: 0, watch: 0, apply: 0, dryRun: 0, patch: 0, status: 0, create: 0, delete: 0 };
}

/** Tries of one request, and the longest that it waits between two of them; then the caller is told when to come back. */
const maxTries = 3;
const longestWaitMs = 2_000;
const firstWaitMs = 100;

export function createCaller(identity: Identity, parts: CallerParts): Caller {
  const { clock, wire, tokens, counters, signal } = parts;
  const user = typeof identity === 'symbol' ? '' : identity.user;

  const request = async (ask: Ask, deadlineMs: number): Promise<WireRequest> => {
    signal.throwIfAborted();
    const known = tokens.current();
    const token = typeof known === 'object' ? await known : known;
    const { method, path, query, body, ifNoneMatch, accept = json } = ask;
    const limit = ask.maxBytes ?? maxBytes;
    counters[ask.count] += 1;
    return { identity, method, path, query, accept, body, ifNoneMatch, token, deadlineMs, maxBytes: limit };
  };

  async function tried(ask: Ask, deadlineMs: number): Promise<Answer | Failed> {
    const target = { ...ask.target, user };
    let answer: WireAnswer;
    try {
      answer = await wire.send(await request(ask, deadlineMs));
    } catch (error) {
      if (!(error instanceof WireFailure)) throw error;
      const seen = error.kind !== 'unused';
      return { error: unanswered(error, target), again: canRepeat(error, ask.repeatable), seen, waitMs: undefined };
    }
    return readAnswer(answer, target, ask.missing === true);
  }

  function readAnswer(answer: WireAnswer, target: Target, missing: boolean): Answer | Failed {
    const { status, headers } = answer;
    const text = answer.body.toString('utf8');
    if (status === 304 || (status === 404 && missing && isMissing(text, target)))
      return { status, json: {}, etag: undefined };
    if (status < 200 || status >= 300) {
      const waitMs = status === 429 || status === 503 ? retryAfterMs(headers['retry-after']) : undefined;
      const retryAt = waitMs === undefined ? undefined : clock.date() + Math.ceil(jittered(waitMs, clock.random()));
      const refusal: RefusedAnswer = { status, text, retryAt };
      const renewed = status === 401 && tokens.refused();
      return { error: refused(refusal, target), again: passing.has(status) || renewed, seen: status >= 500, waitMs };
    }
    const parsed = isJson(headers['content-type']) ? parseMapping(text) : undefined;
    if (parsed !== undefined) return { status, json: parsed, etag: headers.etag };
    return { error: unusable(target, 'it is not JSON, or not all of it'), again: true, seen: true, waitMs: undefined };
  }

  return {
    identity,
    ask: async (ask) => {
      const endsAt = clock.now() + (ask.deadlineMs ?? parts.deadlineMs);
      for (let tries = 1; ; tries += 1) {
        const answer = await tried(ask, Math.max(1, endsAt - clock.now()));
        if (!('error' in answer)) return answer;
        const waitMs = jittered(
          answer.waitMs ?? backOffMs(tries - 1, clock.random(), firstWaitMs, longestWaitMs),
          answer.waitMs === undefined ? 0 : clock.random(),
        );
        const allowed = answer.again && !(answer.seen && ask.repeatable === 'unseen');
        const late = tries === maxTries || waitMs > longestWaitMs || clock.now() + waitMs >= endsAt;
        if (!allowed || late || signal.aborted) throw answer.error;
        await clock.sleep(waitMs, signal);
      }
    },
    open: async (ask) => {
      const target = { ...ask.target, user };
      let stream: WireStream;
      try {
        stream = await wire.open(await request(ask, ask.deadlineMs ?? parts.deadlineMs));
      } catch (error) {
        throw error instanceof WireFailure ? unanswered(error, target) : error;
      }
      if (stream.status === 200 && isJson(stream.headers['content-type'])) return stream;
      throw await refusedStream(stream, target, clock);
    },
  };
}

interface Failed {
  readonly error: SluiceError;
  /** Another try could go better. */
  readonly again: boolean;
  /** The server may have done what was asked. */
  readonly seen: boolean;
  readonly waitMs: number | undefined;
}

/** Answers of a server that is busy or starting; 500 is not among them, since a webhook that hangs takes its time each try. */
const passing = new Set([429, 502, 503, 504]);

function canRepeat(failure: WireFailure, repeatable: Repeatable): boolean {
  if (failure.kind === 'unused') return true;
  return failure.kind === 'broken' && repeatable === 'yes';
}

function isJson(type: string | undefined): boolean {
  return type !== undefined && /^application\/json(?:;|$)/.test(type);
}

/** An answer that came, and is not one. */
export function unusable(target: Target | Omit<Target, 'user'>, why: string): SluiceError {
  const message = `${described({ user: '', ...target })}: the answer cannot be used: ${why}`;
  return new SluiceError('kube.unavailable', message, { kind: 'transient' });
}

function unanswered(failure: WireFailure, target: Target): SluiceError {
  const what = described(target);
  if (failure.kind === 'tooLarge') return new SluiceError('kube.tooLarge', `${what}: ${failure.message}`);
  const remedy =
    failure.kind === 'certificate' ? { remedy: 'check the address and certificate-authority-data' } : undefined;
  return new SluiceError('kube.unavailable', `${what}: the API server: ${failure.message}`, {
    kind: 'transient',
    cause: failure,
    ...remedy,
  });
}

const maxRefusalBytes = 256 * 1024;

async function refusedStream(stream: WireStream, target: Target, clock: Clock): Promise<SluiceError> {
  if (stream.status === 200) {
    stream.stop(new WireFailure('stopped', 'not a watch'));
    return unusable(target, 'it is not JSON');
  }
  const timer = setTimeout(() => stream.stop(new WireFailure('timeout', 'half a refusal')), 5_000);
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of stream.chunks) {
      size += part.length;
      if (size > maxRefusalBytes) break;
      parts.push(part);
    }
  } catch {
    // The status alone says enough.
  }
  clearTimeout(timer);
  const waitMs = retryAfterMs(stream.headers['retry-after']);
  const retryAt = waitMs === undefined ? undefined : clock.date() + waitMs;
  return refused({ status: stream.status, text: Buffer.concat(parts).toString('utf8'), retryAt }, target);
}
