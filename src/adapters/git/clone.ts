// A local bare copy of a repository that is named by address: cloned once, fetched after.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import git, { Errors, type HttpClient } from 'isomorphic-git';
import { SluiceError } from '../../errors.ts';
import { connectionFailure } from '../connection-failure.ts';
import type { Progress } from '../../ports.ts';
import { withoutCredentials } from '../../source/url.ts';
import { gitHttp } from './http.ts';

export interface CloneOptions {
  /** Folder that holds the copies, one for each address. */
  readonly cache: string;
  /** For HTTP basic authentication; never printed. */
  readonly token: string | undefined;
  readonly progress: Progress;
  /** Longest that one answer of the server may take. @defaultValue 120_000 */
  readonly deadlineMs?: number;
}

/**
 * The folder of a bare copy of `url`, brought up to date with its default branch.
 *
 * @throws SluiceError `fleet.source`, transient for what a retry may mend; what the server said is not repeated
 */
export async function cloneRepository(url: string, options: CloneOptions): Promise<string> {
  const shown = withoutCredentials(url);
  const { cache, deadlineMs } = options;
  const gitdir = join(cache, createHash('sha256').update(shown).digest('hex').slice(0, 32));
  const http = gitHttp(deadlineMs === undefined ? {} : { deadlineMs });
  await mkdir(cache, { recursive: true });
  const isKept = fs.existsSync(gitdir);
  options.progress(`${isKept ? 'fetching' : 'cloning'} ${shown}`);
  try {
    if (isKept) await update(gitdir, { url, http, token: options.token });
    else await create(gitdir, shown, { url, http, token: options.token });
  } catch (error) {
    throw failure(shown, error);
  }
  return gitdir;
}

interface Remote {
  readonly url: string;
  readonly http: HttpClient;
  readonly token: string | undefined;
}

/** Made beside its place and moved there whole, so that nobody sees half a copy. */
async function create(gitdir: string, shown: string, remote: Remote): Promise<void> {
  const fresh = await mkdtemp(`${gitdir}.`);
  try {
    await git.init({ fs, gitdir: fresh, bare: true, defaultBranch: 'main' });
    await git.addRemote({ fs, gitdir: fresh, remote: 'origin', url: shown });
    await update(fresh, remote);
    await rename(fresh, gitdir).catch((error: unknown) => {
      // Somebody else was faster.
      if (!fs.existsSync(gitdir)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

async function update(gitdir: string, { url, http, token }: Remote): Promise<void> {
  const onAuth = (): { username: string; password: string } => ({ username: 'x-access-token', password: token ?? '' });
  const common = { http, url, onAuthFailure: () => ({ cancel: true }), ...(token === undefined ? {} : { onAuth }) };
  const refs = await git.listServerRefs({ ...common, prefix: 'HEAD', symrefs: true });
  const branch = refs.find(({ ref }) => ref === 'HEAD')?.target ?? 'refs/heads/main';
  const { fetchHead } = await git.fetch({ fs, gitdir, ...common, ref: branch, singleBranch: true, tags: false });
  if (fetchHead === null) throw new Error('nothing was sent');
  await git.writeRef({ fs, gitdir, ref: branch, value: fetchHead, force: true });
  await git.writeRef({ fs, gitdir, ref: 'HEAD', value: branch, symbolic: true, force: true });
}

function failure(shown: string, error: unknown): SluiceError {
  const status = error instanceof Errors.HttpError ? error.data.statusCode : undefined;
  const denied = status === 401 || status === 403 || error instanceof Errors.UserCanceledError;
  const lost = connectionFailure(error, 'check the address and the network, or pass a local checkout');
  const absent = status === 404 ? 'it is not there' : (lost?.words ?? 'it did not answer as a Git server does');
  const why = denied ? 'access was denied' : absent;
  const other = lost?.remedy ?? 'check the address, or pass a local checkout';
  return new SluiceError('fleet.source', `cannot fetch ${shown}: ${why}`, {
    kind: denied || status === 404 ? 'terminal' : 'transient',
    remedy: denied ? 'set SLUICE_GIT_TOKEN to a token that may read it' : other,
    cause: error,
  });
}
