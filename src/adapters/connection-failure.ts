// Why a connection came to nothing, in words that may be shown: the system's own sentences name hosts and folders.
import type { Lack } from './lack.ts';

const neverConnected = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const broken = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);
const certificate = /^(?:ERR_TLS_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_SSL_|HOSTNAME_MISMATCH|INVALID_CA)/;

/** True where the other side cannot have seen anything. */
export function isUnreached(code: string): boolean {
  return neverConnected.has(code);
}

export function isCertificate(code: string): boolean {
  return certificate.test(code);
}

/**
 * Returns what is known of it, however deep it is wrapped, and what to do: `it cannot be reached (ECONNREFUSED)`. Undefined
 * where it is none of the connection's.
 *
 * @param elsewhere the remedy where nothing of the other side is known
 */
export function connectionFailure(error: unknown, elsewhere: string): Lack | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    const code: unknown = at.name === 'TimeoutError' ? 'ETIMEDOUT' : Reflect.get(at, 'code');
    const known = typeof code === 'string' ? named(code, elsewhere) : undefined;
    if (known !== undefined) return known;
    at = at.cause;
  }
  return undefined;
}

function named(code: string, remedy: string): Lack | undefined {
  if (isUnreached(code)) return { words: `it cannot be reached (${code})`, remedy };
  if (code === 'ETIMEDOUT') return { words: `it does not answer in time (${code})`, remedy };
  if (broken.has(code)) return { words: `the connection broke (${code})`, remedy };
  if (!isCertificate(code)) return undefined;
  return {
    words: `its certificate is not trusted (${code})`,
    remedy: 'name the authority that signed it in NODE_EXTRA_CA_CERTS',
  };
}
