// A local bare copy of a repository that is named by address: cloned once, fetched after.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import git, { Errors } from 'isomorphic-git';
import http from 'isomorphic-git/http/node';
import { SluiceError } from '../../errors.ts';
import type { Progress } from '../../ports.ts';
import { withoutCredentials } from '../../source/url.ts';

export interface CloneOptions {
  /** Folder that holds the copies, one for each address. */
  readonly cache: string;
  /** For HTTP basic authentication; never printed. */
  readonly token: string | undefined;
  readonly progress: Progress;
  /** Longest that one clone or fetch may take. @defaultValue 120_000 */
  readonly deadlineMs?: number;
}

/**
 * The folder of a bare copy of `url`, brought up to date with its default branch.
 *
 * @throws SluiceError `fleet.source`, transient for what a retry may mend; what the server said is not repeated
 */
export async function cloneRepository(url: string, options: CloneOptions): Promise<string> {
  const shown = withoutCredentials(url);
  const gitdir = join(options.cache, createHash('sha256').update(shown).digest('hex').slice(0, 32));
  const { token } = options;
  const auth = token === undefined ? {} : { onAuth: () => ({ username: 'x-access-token', password: token }) };
  const common = { fs, http, url, singleBranch: true, tags: false, onAuthFailure: () => ({ cancel: true }), ...auth };
  await mkdir(options.cache, { recursive: true });
  try {
    if (fs.existsSync(gitdir)) {
      options.progress(`fetching ${shown}`);
      const fetched = await withDeadline(git.fetch({ ...common, gitdir }), options.deadlineMs);
      const branch = fetched.defaultBranch?.replace('refs/heads/', '');
      if (fetched.fetchHead !== null && branch !== undefined) {
        await git.writeRef({ fs, gitdir, ref: `refs/heads/${branch}`, value: fetched.fetchHead, force: true });
      }
    } else {
      options.progress(`cloning ${shown}`);
      const fresh = `${gitdir}.${process.pid}`;
      await rm(fresh, { recursive: true, force: true });
      await withDeadline(git.clone({ ...common, dir: fresh, gitdir: fresh, noCheckout: true }), options.deadlineMs);
      await git.setConfig({ fs, gitdir: fresh, path: 'core.bare', value: true });
      await rename(fresh, gitdir);
    }
  } catch (error) {
    throw failure(shown, error);
  }
  return gitdir;
}

async function withDeadline<T>(work: Promise<T>, deadlineMs = 120_000): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('deadline')), deadlineMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

function failure(shown: string, error: unknown): SluiceError {
  const status = error instanceof Errors.HttpError ? error.data.statusCode : undefined;
  const denied = status === 401 || status === 403 || error instanceof Errors.UserCanceledError;
  const absent = status === 404 ? 'it is not there' : 'it did not answer as a Git server does';
  const why = denied ? 'access was denied' : absent;
  return new SluiceError('fleet.source', `cannot fetch ${shown}: ${why}`, {
    kind: denied || status === 404 ? 'terminal' : 'transient',
    remedy: denied ? 'set SLUICE_GIT_TOKEN to a token that may read it' : 'check the address, or pass a local checkout',
    cause: error,
  });
}
