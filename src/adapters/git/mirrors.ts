// Bare copies on disk, one for each hosted repository. Deleted, they are fetched again; nothing else is lost.
import fs from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import git, { Errors, type HttpClient } from 'isomorphic-git';
import { SluiceError } from '../../errors.ts';
import type { Fetched, Mirrors, Remote } from '../../ports/mirror.ts';
import type { Repository } from '../../ports.ts';
import { withoutCredentials } from '../../source/url.ts';
import { type GitHttpLimits, gitHttp } from './http.ts';
import { openRepository } from './repository.ts';

interface Mirror {
  readonly gitdir: string;
  readonly repository: Repository;
  /** Fetches of one copy go one after the other. */
  last: Promise<unknown>;
  /** A commit that is here: what the server is told we have. */
  have: string | undefined;
}

export interface MirrorOptions extends GitHttpLimits {
  readonly folder: string;
}

/** One process per folder. */
export function createMirrors({ folder, ...limits }: MirrorOptions): Mirrors {
  const http = gitHttp(limits);
  const mirrors = new Map<string, Promise<Mirror>>();
  const mirrorOf = (key: string): Promise<Mirror> => {
    const known = mirrors.get(key) ?? openMirror(join(folder, key));
    mirrors.set(key, known);
    return known;
  };
  return {
    fetch: async (remote, ref) => {
      const mirror = await mirrorOf(remote.key);
      const turn = mirror.last.then(() => fetchRef(mirror, remote, ref, http));
      mirror.last = turn.catch(() => undefined);
      return turn;
    },
    refOf: async (remote, commit, prefix) => {
      const refs = await ask(remote, async (auth) => git.listServerRefs({ http, url: remote.url, prefix, ...auth }));
      return refs.find(({ oid }) => oid === commit)?.ref;
    },
    defaultBranch: async (remote) => {
      const refs = await ask(remote, async (auth) =>
        git.listServerRefs({ http, url: remote.url, prefix: 'HEAD', symrefs: true, ...auth }),
      );
      return refs.find(({ ref }) => ref === 'HEAD')?.target ?? 'refs/heads/main';
    },
  };
}

async function openMirror(gitdir: string): Promise<Mirror> {
  await mkdir(gitdir, { recursive: true });
  if (!fs.existsSync(join(gitdir, 'HEAD'))) {
    await git.init({ fs, gitdir, bare: true, defaultBranch: 'main' });
    // isomorphic-git wants a refspec; this one matches nothing, since only what was asked for is written.
    await git.setConfig({ fs, gitdir, path: 'remote.origin.fetch', value: '+refs/sluice/none/*:refs/sluice/none/*' });
  }
  const repository = await openRepository(gitdir);
  return { gitdir, repository, last: Promise.resolve(), have: await repository.resolve('refs/sluice/have') };
}

async function fetchRef(mirror: Mirror, remote: Remote, ref: string, http: HttpClient): Promise<Fetched | undefined> {
  const { gitdir, repository } = mirror;
  // isomorphic-git tells the server what the ref of the same name holds here, and nothing else.
  if (mirror.have !== undefined) await git.writeRef({ fs, gitdir, ref, value: mirror.have, force: true });
  const fetched = await ask(remote, (auth) =>
    git.fetch({ fs, http, gitdir, url: remote.url, ref, singleBranch: true, tags: false, ...auth }),
  ).catch((error: unknown) => {
    if (error instanceof SluiceError && error.cause instanceof Errors.NotFoundError) return undefined;
    throw error;
  });
  const commit = fetched?.fetchHead;
  if (commit === undefined || commit === null) return undefined;
  if ((await repository.resolve(commit)) === undefined) {
    throw unreachable(remote.url, new Error('incomplete'), 'what it sent is not complete');
  }
  await git.writeRef({ fs, gitdir, ref, value: commit, force: true });
  if (ref.startsWith('refs/heads/') || mirror.have === undefined) {
    await git.writeRef({ fs, gitdir, ref: 'refs/sluice/have', value: commit, force: true });
    mirror.have = commit;
  }
  return { repository, commit };
}

type Auth = { onAuth?: () => { username: string; password: string }; onAuthFailure: () => { cancel: true } };

async function ask<Answer>(remote: Remote, work: (auth: Auth) => Promise<Answer>): Promise<Answer> {
  const token = await remote.token();
  const onAuth = (): { username: string; password: string } => ({ username: 'x-access-token', password: token ?? '' });
  try {
    return await work({ ...(token === undefined ? {} : { onAuth }), onAuthFailure: () => ({ cancel: true }) });
  } catch (error) {
    throw failure(remote.url, error);
  }
}

function failure(url: string, error: unknown): SluiceError {
  const status = error instanceof Errors.HttpError ? error.data.statusCode : undefined;
  if (status === 401 || status === 403 || error instanceof Errors.UserCanceledError) {
    const remedy = 'give the App read access to the contents of that repository';
    return new SluiceError('fleet.source', `access to ${withoutCredentials(url)} was denied`, { remedy, cause: error });
  }
  if (status === 404)
    return new SluiceError('fleet.source', `${withoutCredentials(url)} is not there`, { cause: error });
  return unreachable(url, error, 'it did not answer as a Git server does');
}

function unreachable(url: string, cause: unknown, why: string): SluiceError {
  return new SluiceError('fleet.source', `cannot fetch ${withoutCredentials(url)}: ${why}`, {
    kind: 'transient',
    cause,
  });
}
