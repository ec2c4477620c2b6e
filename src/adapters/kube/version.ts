// Which API servers are spoken to.
import { SluiceError } from '../../errors.ts';
import type { Caller } from './caller.ts';
import { versionPath } from './path.ts';

/** The first release in which `fieldValidation=Strict` is stable: older ones drop unknown fields without a word. */
const oldestMinor = 27;

/** Asks the server. @throws SluiceError as `readVersion` */
export async function askVersion(caller: Caller): Promise<string> {
  const target = { verb: 'get', resource: 'version', namespace: '', name: '' };
  const asked = { method: 'GET', path: versionPath, query: '' } as const;
  const { json } = await caller.ask({ count: 'get', target, ...asked, repeatable: 'yes' });
  return readVersion(json['gitVersion']);
}

/**
 * The `gitVersion` of an answer to `/version`: `v1.36.3`, `v1.31.4-gke.1183000`.
 * @throws SluiceError `kube.unavailable` where there is none, `kube.config` for an API server before v1.27
 */
export function readVersion(gitVersion: unknown): string {
  const found = typeof gitVersion === 'string' ? /^v(\d{1,4})\.(\d{1,4})[A-Za-z0-9.+-]{0,60}$/.exec(gitVersion) : null;
  if (found === null) {
    const message = 'the server at this address does not say its Kubernetes version';
    throw new SluiceError('kube.unavailable', message, { kind: 'transient', remedy: 'check the address' });
  }
  const [version, major, minor] = found;
  if (Number(major) < 1 || (Number(major) === 1 && Number(minor) < oldestMinor))
    throw new SluiceError('kube.config', `the API server is ${version}, which cannot refuse unknown fields`, {
      remedy: `upgrade it to v1.${oldestMinor} or later`,
    });
  return version;
}
