// Paths of requests, made of parts that were checked one by one. Nothing is lower-cased, guessed or escaped into shape.
import { SluiceError } from '../../errors.ts';
import { isNamespaceName, isSegment, isSubdomain } from '../../guard/name.ts';
import { showText, showValue } from '../../object/show.ts';
import type { ObjectAddress, ServedKind } from '../../ports/kube.ts';

declare const checked: unique symbol;
/** `/apis/apps/v1/namespaces/a-dev/deployments/web`: only made here. */
export type ApiPath = string & { readonly [checked]: true };

const rbacGroup = 'rbac.authorization.k8s.io';
const labelSelector = /^[A-Za-z0-9][A-Za-z0-9./_-]{0,316}(?:=[A-Za-z0-9._-]{0,63})?$/;

/** The path of one object. @throws SluiceError `kube.path` for any part that is not exactly what it should be */
export function objectPath({ kind, namespace, name }: ObjectAddress, subresource?: 'status'): ApiPath {
  if (!isNameOf(kind, name)) refuse('name', name, kind);
  const tail = subresource === undefined ? '' : `/${subresource}`;
  return `${collectionPath(kind, namespace)}/${encodeURIComponent(name).replaceAll('%3A', ':')}${tail}` as ApiPath;
}

/** The path of the objects of a kind: in one namespace, or in all of the cluster. @throws SluiceError `kube.path` */
export function listPath(kind: ServedKind, namespace: string | undefined): ApiPath {
  return namespace === undefined ? resourcePath(kind, '') : collectionPath(kind, namespace);
}

/** Where kinds are listed: of the core group, of all others, or of one group version. @throws SluiceError `kube.path` */
export function discoveryPath(of: 'core' | 'groups' | Pick<ServedKind, 'group' | 'version'>): ApiPath {
  if (typeof of === 'string') return (of === 'core' ? '/api' : '/apis') as ApiPath;
  return groupVersionPath({ ...of, kind: 'discovery' }) as ApiPath;
}

export const versionPath = '/version' as ApiPath;

/** `?a=b&c=d` of pairs whose value is there; `''` of none. */
export function queryOf(pairs: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(pairs).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

/** A label selector of `key`, `key=value` and commas between them. @throws SluiceError `kube.path` for other forms */
export function selectorOf(labels: string | undefined): string | undefined {
  if (labels === undefined) return undefined;
  if (labels.split(',').every((one) => labelSelector.test(one))) return labels;
  throw new SluiceError('kube.path', `${showText(labels)} is no label selector of the form key=value`);
}

function collectionPath(kind: ServedKind, namespace: string): ApiPath {
  if (!kind.namespaced) {
    if (namespace !== '') refuse('namespace', namespace, kind, 'the kind is cluster-scoped');
    return resourcePath(kind, '');
  }
  if (!isLabel(namespace)) refuse('namespace', namespace, kind);
  return resourcePath(kind, `/namespaces/${namespace}`);
}

function resourcePath(kind: ServedKind, namespace: string): ApiPath {
  if (!isLabel(kind.plural)) refuse('resource', kind.plural, kind);
  return `${groupVersionPath(kind)}${namespace}/${kind.plural}` as ApiPath;
}

function groupVersionPath(kind: Pick<ServedKind, 'group' | 'version' | 'kind'>): string {
  if (!isLabel(kind.version)) refuse('version', kind.version, kind);
  if (kind.group === '') return `/api/${kind.version}`;
  if (typeof kind.group !== 'string' || !isSubdomain(kind.group)) refuse('group', kind.group, kind);
  return `/apis/${kind.group}/${kind.version}`;
}

function isLabel(text: unknown): boolean {
  return typeof text === 'string' && isNamespaceName(text);
}

function isNameOf(kind: ServedKind, name: unknown): boolean {
  // A regular expression would take undefined for a name of nine letters.
  if (typeof name !== 'string') return false;
  return kind.group === rbacGroup ? isSegment(name) : isSubdomain(name);
}

function refuse(part: string, text: unknown, kind: { readonly kind: string }, why?: string): never {
  const reason = why ?? `it is not the ${part} of anything that exists`;
  throw new SluiceError('kube.path', `${part} ${showValue(text)} of ${showValue(kind.kind)} was not sent: ${reason}`);
}
