// From a manifest to the place in the API where it is written. Scope and version are the cluster's word, never the manifest's.
import { SluiceError } from '../errors.ts';
import { groupOf, nameOf, namespaceOf, versionOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import { showIdentifier } from '../object/show.ts';
import type { ObjectAddress, ServedKind, ServedKinds } from '../ports/kube.ts';

/** Groups of Flux whose older versions fleets go on writing after the cluster has stopped serving them. */
const migrated: ReadonlySet<string> = new Set([
  'helm.toolkit.fluxcd.io',
  'image.toolkit.fluxcd.io',
  'kustomize.toolkit.fluxcd.io',
  'notification.toolkit.fluxcd.io',
  'source.toolkit.fluxcd.io',
]);

export interface Served {
  readonly address: ObjectAddress;
  /** The object in a version that is served. */
  readonly object: KubeObject;
  /** What the author should know, where the version is not the one in Git. */
  readonly note: string | undefined;
}

/**
 * Finds where an object is written. One of Flux's own kinds in an older alpha or beta version that the cluster no longer
 * serves is taken as the served version: its fields stay as they are, and the API server refuses what it does not know.
 *
 * @throws SluiceError `kube.gone` for a kind or version that is not served, naming those that are (transient where discovery
 *   is incomplete); `kube.path` where the namespace does not go with the kind's scope
 */
export function serve(object: KubeObject, kinds: ServedKinds): Served {
  const group = groupOf(object.apiVersion);
  const version = versionOf(object.apiVersion);
  const exact = kinds.exactly(group, version, object.kind);
  if (exact !== undefined) return { address: addressOf(object, exact), object, note: undefined };
  const other = kinds.find(group, object.kind);
  if (other === undefined) throw notServed(object, group, kinds);
  if (!migrated.has(group) || !isOlder(version, other.version)) throw wrongVersion(object, group, kinds);
  const served = `${group}/${other.version}`;
  return {
    address: addressOf(object, other),
    object: { ...object, apiVersion: served },
    note: `${shownVersion(object)} is no longer served, so it was applied as ${served}; write ${served} in Git`,
  };
}

/** `apps/v1` */
function shownVersion({ apiVersion }: KubeObject): string {
  return apiVersion.split('/').map(showIdentifier).join('/');
}

function addressOf(object: KubeObject, kind: ServedKind): ObjectAddress {
  const namespace = namespaceOf(object);
  const shown = showIdentifier(object.kind);
  if (kind.namespaced && namespace === '') {
    throw new SluiceError('kube.path', `${shown} lives in a namespace, and the object names none`, {
      remedy: 'set metadata.namespace, namespace: in kustomization.yaml, or spec.targetNamespace',
    });
  }
  if (!kind.namespaced && namespace !== '') {
    throw new SluiceError('kube.path', `${shown} is cluster-scoped, and the object names a namespace`, {
      remedy: 'take metadata.namespace out',
    });
  }
  return { kind, namespace, name: nameOf(object) };
}

function notServed(object: KubeObject, group: string, kinds: ServedKinds): SluiceError {
  const named = `${shownVersion(object)} ${showIdentifier(object.kind)}`;
  if (!kinds.complete(group)) {
    const message = `${named}: the cluster could not say which kinds of this group it serves`;
    return new SluiceError('kube.unavailable', message, {
      kind: 'transient',
      remedy: 'look at the APIService behind it',
    });
  }
  return new SluiceError('kube.gone', `the cluster does not serve ${named}`, {
    remedy: 'install its CustomResourceDefinition first, in this Kustomization or in one that dependsOn names',
  });
}

function wrongVersion(object: KubeObject, group: string, kinds: ServedKinds): SluiceError {
  const versions = kinds
    .all()
    .filter((one) => one.group === group && one.kind === object.kind)
    .map((one) => (group === '' ? one.version : `${group}/${one.version}`));
  const kind = showIdentifier(object.kind);
  return new SluiceError(
    'kube.gone',
    `the cluster does not serve ${kind} in ${shownVersion(object)}, but in ${[...new Set(versions)].join(', ')}`,
    { remedy: `change apiVersion, and the fields that moved` },
  );
}

/** `v1beta2` is older than `v1`, `v2beta1` than `v2` and than `v2beta2`; `v1` is older than nothing but a later `v2`. */
function isOlder(version: string, served: string): boolean {
  const one = ranked(version);
  const other = ranked(served);
  if (one === undefined || other === undefined || one.stability === 2) return false;
  for (const part of ['major', 'stability', 'minor'] as const) {
    if (one[part] !== other[part]) return one[part] < other[part];
  }
  return false;
}

function ranked(version: string): { major: number; stability: number; minor: number } | undefined {
  const parts = /^v(\d{1,4})(?:(alpha|beta)(\d{1,4}))?$/.exec(version);
  if (parts === null) return undefined;
  const [, major, stage, minor] = parts;
  return { major: Number(major), stability: ['alpha', 'beta', undefined].indexOf(stage), minor: Number(minor ?? 0) };
}
