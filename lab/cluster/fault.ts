// The faults that a proxy can show in place of an API server's answer, and the rules that say when.
import { type ApiRequest, type Match, matches } from './api-request.ts';

/** Before the API server has handled the request (it has no effect), or after (only the answer is lost). */
export type When = 'before' | 'after';

export type Fault =
  /** An answer of Kubernetes' own kind (`Status`), such as 409, 410, 429, 500, 503, 504. */
  | {
      readonly kind: 'status';
      readonly status: number;
      /** @defaultValue `before` */
      readonly when?: When;
      readonly retryAfterSeconds?: number;
      /** @defaultValue what Kubernetes says with the status, as `Conflict` with 409 */
      readonly reason?: string;
      readonly message?: string;
    }
  /** Never answers. The connection stays open until the client gives up. */
  | { readonly kind: 'timeout'; readonly when?: When }
  /** Resets the connection (RST). */
  | { readonly kind: 'reset'; readonly when?: When }
  /** Answers, late. */
  | { readonly kind: 'delay'; readonly ms: number; readonly when?: When }
  /** Half of the real body: with an end as if it were whole, or, `broken`, with a connection that breaks off. */
  | { readonly kind: 'truncate'; readonly broken?: boolean }
  /** 200 with a `Status` that says that something failed, in place of what was asked for and without an effect. */
  | { readonly kind: 'statusBody' }
  /** Sends the client somewhere else (307), without an effect. */
  | { readonly kind: 'redirect'; readonly to: string }
  /** A page of some proxy on the way instead of the API, without an effect; status 200 unless said. */
  | { readonly kind: 'html'; readonly status?: number }
  /** Breaks a watch off after so many events (0 unless said): without an end, or, `clean`, in order. */
  | { readonly kind: 'dropWatch'; readonly afterEvents?: number; readonly clean?: boolean }
  /** A watch that is open and never says anything. */
  | { readonly kind: 'silence' }
  /** Ends a watch with an ERROR event after so many events (0 unless said): 410 unless said. */
  | { readonly kind: 'watchError'; readonly status?: number; readonly afterEvents?: number };

export interface Rule {
  readonly match?: Match;
  /** How often it strikes before it is spent; `null` until removed. @defaultValue 1 */
  readonly times?: number | null;
  readonly fault: Fault;
}

/** A rule that was added. */
export interface Standing {
  /** How often it has struck. */
  readonly struck: number;
  remove(): void;
}

/** Rules in the order they were added; the first that matches and is not spent strikes. */
export class Rules {
  #standing: { readonly rule: Rule; struck: number }[] = [];

  add(rule: Rule): Standing {
    const standing = { rule, struck: 0 };
    this.#standing.push(standing);
    return {
      get struck() {
        return standing.struck;
      },
      remove: () => {
        this.#standing = this.#standing.filter((other) => other !== standing);
      },
    };
  }

  clear(): void {
    this.#standing = [];
  }

  take(request: ApiRequest): Fault | undefined {
    const found = this.#standing.find(
      ({ rule, struck }) => (rule.times === null || struck < (rule.times ?? 1)) && matches(rule.match, request),
    );
    if (found !== undefined) found.struck += 1;
    return found?.rule.fault;
  }
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** Returns the `Status` that an API server of Kubernetes answers with. */
export function statusObject(
  status: number,
  more: { reason?: string; message?: string; retryAfterSeconds?: number },
): object {
  const { reason = reasons[status] ?? 'Unknown', message = `injected: ${reason}`, retryAfterSeconds } = more;
  const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...details,
    code: status,
  };
}

export const htmlPage = '<!doctype html><title>Sign in</title><h1>Sign in to the corporate network</h1>\n';
