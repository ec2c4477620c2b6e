// Where a Git server leads whoever asks for a repository under another name.
import { authorizationOf, type GitPostLimits } from './post.ts';
import type { GitServer } from './upload-pack.ts';

/** The server leads to another host, or away from encryption. */
export class MovedAway extends Error {}

const first = '/info/refs?service=git-upload-pack';
const maxSteps = 3;

/**
 * Asks as Git's own client does first, and follows where that leads, on the same host alone: credentials go along.
 *
 * @returns the repository's address; undefined where the server leads nowhere that is a repository
 * @throws MovedAway, or what `fetch` throws
 */
export async function placeOf(
  { url, token }: GitServer,
  { deadlineMs = 120_000 }: GitPostLimits,
): Promise<string | undefined> {
  const signal = AbortSignal.timeout(deadlineMs);
  const headers = {
    'git-protocol': 'version=2',
    ...(token === undefined ? {} : { authorization: authorizationOf(token) }),
  };
  let at = new URL(`${url}${first}`);
  for (let step = 0; step <= maxSteps; step++) {
    const response = await fetch(at.href, { headers, signal, redirect: 'manual' });
    await response.body?.cancel();
    const location = response.headers.get('location');
    if (response.status === 200) return addressAt(at);
    if (response.status < 300 || response.status >= 400 || location === null) return undefined;
    const next = URL.parse(location, at.href);
    if (next === null) return undefined;
    if (!isWithin(at, next)) throw new MovedAway();
    at = next;
  }
  return undefined;
}

/** The same host and port, or the same host's encrypted one. */
function isWithin(from: URL, to: URL): boolean {
  if (to.username !== '' || to.password !== '') return false;
  const upgraded = from.protocol === 'http:' && to.protocol === 'https:' && from.port === '' && to.port === '';
  return to.hostname === from.hostname && (to.origin === from.origin || upgraded);
}

function addressAt({ href }: URL): string | undefined {
  return href.endsWith(first) ? href.slice(0, -first.length) : undefined;
}
