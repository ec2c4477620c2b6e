// Talks to a Git server in the name of whoever may read a repository, wherever that server says the repository is now.
import type { Remote } from '../../ports/mirror.ts';
import { SluiceError } from '../../errors.ts';
import { withoutCredentials } from '../../source/url.ts';
import { connectionFailure } from '../connection-failure.ts';
import { lackOf } from '../lack.ts';
import { AnswerTooLarge } from './http.ts';
import { MovedAway, placeOf } from './place.ts';
import { AnswerStatus, type GitPost, type GitPostLimits, gitPost } from './post.ts';
import type { GitServer } from './upload-pack.ts';

const mostPlaces = 10_000;

export interface GitServers {
  readonly post: GitPost;
  /**
   * Asks the server of a repository. A token that it does not take is replaced once, and where it leads elsewhere on the same
   * host, as with a repository that was renamed, that is asked, now and from then on.
   *
   * @throws SluiceError `fleet.source`, transient for what a retry may mend; `source.tooLarge`. What the server said is not
   *   repeated
   */
  ask<Answer>(remote: Remote, work: (server: GitServer) => Promise<Answer>): Promise<Answer>;
  /** Where a repository was last found: its address, or another on the same host. */
  addressOf(remote: Remote): string;
}

export function gitServers(limits: GitPostLimits): GitServers {
  const post = gitPost(limits);
  const places = new Map<string, string>();
  const addressOf = ({ url }: Remote): string => places.get(url) ?? url;
  return {
    post,
    addressOf,
    ask: async (remote, work) => {
      const first = await withToken(remote, addressOf(remote), work);
      if ('answer' in first) return first.answer;
      const place = leadsElsewhere(first.error) ? await sought(remote, first.error, limits) : undefined;
      if (place === undefined || place === addressOf(remote)) throw failure(remote.url, first.error);
      const second = await withToken(remote, place, work);
      if ('error' in second) throw failure(remote.url, second.error);
      if (places.size >= mostPlaces) places.clear();
      places.set(remote.url, place);
      return second.answer;
    },
  };
}

type Tried<Answer> = { readonly answer: Answer } | { readonly error: unknown };

async function withToken<Answer>(
  remote: Remote,
  url: string,
  work: (server: GitServer) => Promise<Answer>,
): Promise<Tried<Answer>> {
  const token = await remote.token();
  const first = await tried(work, { url, token });
  if ('answer' in first || statusOf(first.error) !== 401 || token === undefined) return first;
  return tried(work, { url, token: await remote.token(token) });
}

async function tried<Answer>(work: (server: GitServer) => Promise<Answer>, server: GitServer): Promise<Tried<Answer>> {
  try {
    return { answer: await work(server) };
  } catch (error) {
    return { error };
  }
}

/** A server that knows a repository by another name leads there, or, as GitLab does without `.git`, only when asked as Git asks first. */
function leadsElsewhere(error: unknown): boolean {
  const status = statusOf(error) ?? 0;
  return (status >= 300 && status < 400) || status === 404;
}

async function sought(remote: Remote, before: unknown, limits: GitPostLimits): Promise<string | undefined> {
  try {
    return await placeOf({ url: remote.url, token: await remote.token() }, limits);
  } catch (error) {
    if (error instanceof MovedAway) {
      throw new SluiceError('fleet.source', `${withoutCredentials(remote.url)} has moved to another host`, {
        remedy: 'write the address where it is now, so that its credentials go to whom they are meant for',
        cause: error,
      });
    }
    throw failure(remote.url, before);
  }
}

function statusOf(error: unknown): number | undefined {
  return error instanceof AnswerStatus ? error.status : undefined;
}

/** What went wrong with a repository, without a word of what its server said. */
export function failure(url: string, error: unknown): SluiceError {
  const shown = withoutCredentials(url);
  const lack = lackOf(error);
  if (lack !== undefined) return unreachable(url, lack, error);
  if (error instanceof AnswerTooLarge)
    return new SluiceError('source.tooLarge', `${shown} sends ${error.message} at once`, {
      remedy: 'keep large files out of the repository, or move what is deployed to one of its own',
      cause: error,
    });
  const status = statusOf(error);
  if (status === 401 || status === 403) {
    const remedy = 'give the App read access to the contents of that repository';
    return new SluiceError('fleet.source', `access to ${shown} was denied`, { remedy, cause: error });
  }
  if (status === 404) return new SluiceError('fleet.source', `${shown} is not there`, { cause: error });
  const remedy = 'see the address, the network, and the proxy if there is one';
  const words = 'it did not answer as a Git server does';
  return unreachable(url, connectionFailure(error, remedy) ?? { words }, error);
}

/** What is tried again. */
export function unreachable(
  url: string,
  { words, remedy }: { readonly words: string; readonly remedy?: string },
  cause: unknown,
): SluiceError {
  const message = `cannot fetch ${withoutCredentials(url)}: ${words}`;
  return new SluiceError('fleet.source', message, { kind: 'transient', remedy, cause });
}
