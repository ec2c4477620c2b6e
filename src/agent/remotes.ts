// With which credentials a source is fetched: its Secret's, or the App's where agent and App are one process.
import { trimmedEnd } from '../object/ends.ts';
import { appToken } from '../adapters/git/app-token.ts';
import { SluiceError } from '../errors.ts';
import { secretKind } from '../flux/served.ts';
import { namespaceOf } from '../object/id.ts';
import { keyOf } from '../flux/kustomization.ts';
import type { KubeObject } from '../object/object.ts';
import type { KubeCluster } from '../ports/kube.ts';
import type { GitCredential, Remote } from '../ports/mirror.ts';
import { readCredential } from './credential.ts';
import { digestOf } from './memory.ts';
import type { SourceSpec } from './source-spec.ts';

export interface RemotesTools {
  readonly kube: Pick<KubeCluster, 'get'>;
  readonly hosted: ((url: string) => Promise<Remote | undefined>) | undefined;
  /**
   * The platform repository defines this source as it stands. Only then is it fetched with the App's rights, which reach
   * every tenant's repository.
   */
  readonly isDeclared: (object: KubeObject) => Promise<boolean>;
}

/**
 * Copies are shared by sources with the same address and the same credentials, and by no others: whoever may not read a
 * repository must not find it here because somebody else may.
 */
export function sourceRemotes(tools: RemotesTools): (object: KubeObject, spec: SourceSpec) => Promise<Remote> {
  const { kube } = tools;
  return async (object, spec) => {
    const { url, secretName, provider, onlyAsApp } = spec;
    if (secretName === undefined || onlyAsApp !== undefined) {
      const ours = await asApp(object, url, tools);
      if (ours !== undefined) return ours;
      if (onlyAsApp !== undefined)
        throw new SluiceError('deploy.source', `GitRepository ${keyOf(object)}: ${onlyAsApp}`);
      return { key: copyKey(url, 'public'), url: gitUrl(url), token: () => Promise.resolve(undefined) };
    }
    const namespace = namespaceOf(object);
    const address = { kind: secretKind, namespace, name: secretName };
    const first = await kube.get(address);
    if (first === undefined) {
      const ours = await asApp(object, url, tools);
      if (ours !== undefined) return ours;
    }
    const read = (secret: KubeObject | undefined): (() => Promise<GitCredential>) => {
      if (secret === undefined)
        throw new SluiceError('deploy.source', `Secret ${namespace}/${secretName} of spec.secretRef is not there`, {
          kind: 'notReady',
          remedy: 'create it, or correct spec.secretRef',
        });
      const found = readCredential(secret, provider);
      return found.type === 'git' ? () => Promise.resolve(found.credential) : () => appToken(found.app, url);
    };
    const credential = read(first);
    return {
      key: copyKey(url, `${namespace}/${secretName}`),
      url: gitUrl(url),
      // A refused one may have been replaced in the cluster meanwhile.
      token: async (refused) => (refused === undefined ? credential() : read(await kube.get(address))()),
    };
  };
}

async function asApp(
  object: KubeObject,
  url: string,
  { hosted, isDeclared }: RemotesTools,
): Promise<Remote | undefined> {
  if (hosted === undefined || !(await isDeclared(object))) return undefined;
  return hosted(url);
}

function gitUrl(url: string): string {
  return trimmedEnd(url, '/');
}

function copyKey(url: string, credentials: string): string {
  return `source-${digestOf(url, credentials).slice(0, 40)}`;
}
