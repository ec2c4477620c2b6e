// A question to a Git server: one request, no redirect, a deadline, a ceiling on what comes back.
import type { GitCredential } from '../../ports/mirror.ts';
import { bounded } from './http.ts';

export interface GitPostLimits {
  /** From the first byte sent to the last one read. @defaultValue 120_000 */
  readonly deadlineMs?: number;
  /** Bytes of one answer, which is held in memory. @defaultValue 512 MiB */
  readonly maxBytes?: number;
}

/** Thrown for an answer with another status than 200. */
export class AnswerStatus extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

/** Posts, and returns the body of the answer. @throws AnswerStatus, AnswerTooLarge, or what `fetch` throws */
export type GitPost = (
  url: string,
  request: {
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
    /** Breaks it off, also while the answer is being read. */
    readonly signal?: AbortSignal;
  },
) => Promise<AsyncIterable<Uint8Array>>;

/** Proxy variables of the environment are not read. */
export function gitPost({ deadlineMs = 120_000, maxBytes = 2 ** 29 }: GitPostLimits = {}): GitPost {
  return async (url, { headers, body, signal: other }) => {
    const deadline = AbortSignal.timeout(deadlineMs);
    const signal = other === undefined ? deadline : AbortSignal.any([deadline, other]);
    const response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new AnswerStatus(response.status);
    }
    return bounded(response.body, maxBytes);
  };
}

/** GitHub takes an installation's token as the password of the user `x-access-token`. */
export function authorizationOf(credential: GitCredential): string {
  if (typeof credential !== 'string' && 'bearer' in credential) return `Bearer ${credential.bearer}`;
  const { username, password } =
    typeof credential === 'string' ? { username: 'x-access-token', password: credential } : credential;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
