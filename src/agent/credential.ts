// What the Secret of a source says, in the forms that Flux takes.
import { SluiceError } from '../errors.ts';
import { secretTexts } from '../flux/read.ts';
import type { KubeObject } from '../object/object.ts';
import type { GitCredential } from '../ports/mirror.ts';

/** What proves to GitHub that a GitHub App asks. */
export interface AppCredential {
  readonly appId: string;
  readonly privateKey: string;
  readonly installation: { readonly id: string } | { readonly owner: string };
  /** `https://api.github.com` */
  readonly apiUrl: string | undefined;
}

export type SourceCredential =
  | { readonly type: 'git'; readonly credential: GitCredential }
  | { readonly type: 'app'; readonly app: AppCredential };

/** @throws SluiceError `deploy.source` that names the key at fault, never a value */
export function readCredential(secret: KubeObject, provider: string): SourceCredential {
  const values = secretTexts(secret);
  if (provider === 'github') return { type: 'app', app: readApp(values) };
  if (values['githubAppID'] !== undefined) throw refused('it holds githubAppID', 'set spec.provider to github');
  const { bearerToken, username, password } = values;
  if (bearerToken !== undefined) return { type: 'git', credential: { bearer: bearerToken.trim() } };
  if (username !== undefined && password !== undefined) return { type: 'git', credential: { username, password } };
  if (values['identity'] !== undefined)
    throw refused('it holds an SSH identity, which is not supported yet', 'use https:// with username and password');
  for (const key of ['ca.crt', 'caFile', 'tls.crt'])
    if (values[key] !== undefined)
      throw refused(`it holds ${key}, which is not supported yet`, 'use a certificate that the agent trusts');
  throw refused('it holds neither username and password nor bearerToken', 'add them');
}

function readApp(values: Readonly<Record<string, string>>): AppCredential {
  const { githubAppID: appId, githubAppPrivateKey: privateKey } = values;
  const { githubAppInstallationID: id, githubAppInstallationOwner: owner, githubAppBaseURL: apiUrl } = values;
  if (appId === undefined || privateKey === undefined)
    throw refused('it lacks githubAppID or githubAppPrivateKey', 'add both');
  if ((id === undefined) === (owner === undefined))
    throw refused('it needs one of githubAppInstallationID and githubAppInstallationOwner', 'keep one');
  const installation = id === undefined ? { owner: owner ?? '' } : { id };
  return { appId: appId.trim(), privateKey, installation, apiUrl: apiUrl?.trim() };
}

function refused(why: string, remedy: string): SluiceError {
  return new SluiceError('deploy.source', `the Secret of spec.secretRef cannot be used: ${why}`, { remedy });
}
