// `sluice bootstrap` on a person's machine: adapters made, what was done written, exit code.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAdminKubeconfig } from '../adapters/admin-kubeconfig.ts';
import { ensureFluxCrds } from '../adapters/flux-crds.ts';
import { createMirrors } from '../adapters/git/mirrors.ts';
import { AnswerStatus } from '../adapters/git/post.ts';
import { connectAdmin } from '../adapters/kube/admin.ts';
import { readShippedRbac } from '../adapters/shipped-rbac.ts';
import { type Bootstrapped, bootstrap } from '../bootstrap.ts';
import { asSluiceError, SluiceError } from '../errors.ts';
import type { GitCredential } from '../ports/mirror.ts';
import type { Progress, Renderer, Tree } from '../ports.ts';
import type { BootstrapArguments } from './bootstrap-arguments.ts';
import { renderBootstrap } from './bootstrap-text.ts';

export interface BootstrapSurroundings {
  readonly environment: NodeJS.ProcessEnv;
  readonly renderer: Renderer;
  readonly progress: Progress;
}

/** Returns what to print. @throws SluiceError as `bootstrap`, and `kube.config` */
export async function runBootstrap(asked: BootstrapArguments, around: BootstrapSurroundings): Promise<string> {
  const { environment, renderer, progress } = around;
  const { kubeconfig: file, context } = asked;
  const admin = connectAdmin(await readAdminKubeconfig({ file, context, environment }));
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bootstrap-'));
  try {
    const done: Bootstrapped = await bootstrap(asked, {
      admin,
      renderer,
      fetch: (repository, branch) => fetchTree(repository, branch, folder, around),
      definitions: () => ensureFluxCrds({ progress, environment }),
      rbac: () => readShippedRbac(),
      progress,
    });
    return renderBootstrap(asked, done);
  } catch (thrown) {
    throw forPerson(asSluiceError(thrown));
  } finally {
    admin.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fetchTree(
  url: string,
  branch: string,
  folder: string,
  { environment, progress }: BootstrapSurroundings,
): Promise<Tree> {
  progress(`fetching ${branch} of the platform repository`);
  // A credential that was not taken is not tried again.
  const token = (refused?: GitCredential): Promise<string | undefined> =>
    Promise.resolve(refused === undefined ? environment['SLUICE_GIT_TOKEN'] : undefined);
  const fetched = await createMirrors({ folder }).fetch({ key: 'platform', url, token }, `refs/heads/${branch}`);
  if (fetched !== undefined) return await fetched.repository.tree(fetched.commit);
  throw new SluiceError('fleet.source', `the platform repository has no branch ${JSON.stringify(branch)}`, {
    remedy: 'push it, or name another with --branch',
  });
}

/** Whoever reads it here is no tenant: login, token and rights are the person's own. */
function forPerson(error: SluiceError): SluiceError {
  const { code, kind, message, cause } = error;
  const said = (what: string, remedy: string): SluiceError => new SluiceError(code, what, { kind, cause, remedy });
  if (code === 'kube.unauthorized')
    return said(
      'the API server does not accept the login of this kubeconfig',
      'see whether kubectl can log in with it (kubectl auth whoami)',
    );
  if (code === 'kube.denied')
    return said(message, 'use a kubeconfig of somebody who is bound to cluster-admin in this cluster');
  // GitHub says of a private repository that it is not there.
  if (code === 'fleet.source' && cause instanceof AnswerStatus && cause.status < 500)
    return said(message, 'check the address, and set SLUICE_GIT_TOKEN to a token that may read it');
  return error;
}
