// An exchange that came to no answer. Says what is known of it, without hosts or bytes of it.
import type { ClientRequest } from 'node:http';
import { isCertificate, isUnreached } from '../connection-failure.ts';

/** `stopped`: by us, no failure of the server. `unused`: the server cannot have seen the request. */
export type WireFailureKind = 'timeout' | 'broken' | 'unused' | 'tooLarge' | 'certificate' | 'stopped';

export class WireFailure extends Error {
  readonly kind: WireFailureKind;

  constructor(kind: WireFailureKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
  }

  /** What an error of Node's sockets, TLS or parser means. */
  static from(error: unknown, sent: Pick<ClientRequest, 'reusedSocket'>): WireFailure {
    if (error instanceof WireFailure) return error;
    const code = codeOf(error);
    if (isUnreached(code)) return new WireFailure('unused', `it cannot be reached (${code})`, error);
    if (isCertificate(code)) return new WireFailure('certificate', `its certificate is not trusted (${code})`, error);
    const kept = sent.reusedSocket ? 'the kept connection was closed' : 'the connection broke';
    return new WireFailure('broken', code === '' ? kept : `${kept} (${code})`, error);
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : '';
}
