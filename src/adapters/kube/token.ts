// The login as headers and TLS options. A pod's own token is renewed on disk every hour, so it is read again.
import { readFile } from 'node:fs/promises';
import { SluiceError } from '../../errors.ts';
import { type ClusterAddress, readServer, readToken, refuse } from './address.ts';

/** How long a token that was read may be used before the file is looked at again. */
const freshForMs = 10_000;

const folder = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * The address of the cluster that this pod runs in.
 * @throws SluiceError `kube.config` outside of a cluster
 */
export async function inClusterAddress(env: Readonly<Record<string, string | undefined>>): Promise<ClusterAddress> {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const port = env['KUBERNETES_SERVICE_PORT_HTTPS'] ?? env['KUBERNETES_SERVICE_PORT'] ?? '443';
  if (host === '') refuse('this is not a pod of a cluster, and there is no kubeconfig', 'set SLUICE_KUBECONFIG');
  const caData = await readFile(`${folder}/ca.crt`, 'utf8').catch(() =>
    refuse('the pod has no service account', 'set automountServiceAccountToken: true'),
  );
  const server = readServer(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, 'KUBERNETES_SERVICE_HOST');
  return { server, caData, login: { tokenFile: `${folder}/token` } };
}

/** Where the bearer token comes from. */
export interface TokenSource {
  /** Undefined where the login is a certificate. @throws SluiceError `kube.config` where the file is no token */
  current(): string | undefined | Promise<string>;
  /** The server did not take it: true where another one can be tried. */
  refused(): boolean;
}

export function tokenSource(login: ClusterAddress['login'], now: () => number): TokenSource {
  if ('token' in login) return { current: () => login.token, refused: () => false };
  if (!('tokenFile' in login)) return { current: () => undefined, refused: () => false };
  let token = '';
  let readAt = Number.NEGATIVE_INFINITY;
  const read = async (): Promise<string> => {
    const startedAt = now();
    const text = await readFile(login.tokenFile, 'utf8').catch((cause: unknown) => {
      // A volume is swapped under us; the token in hand is good for some minutes more.
      if (token !== '') return token;
      throw new SluiceError('kube.config', 'the service account’s token cannot be read', { kind: 'transient', cause });
    });
    token = readToken(text.trim(), 'the service account’s token');
    readAt = startedAt;
    return token;
  };
  return {
    current: () => (now() - readAt < freshForMs ? token : read()),
    refused: () => {
      const known = token !== '' && now() - readAt > 0;
      readAt = Number.NEGATIVE_INFINITY;
      return known;
    },
  };
}
