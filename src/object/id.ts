// The names an object goes by: the id of a Flux inventory, and the label people read.
import type { Json, KubeObject } from './object.ts';
import { showIdentifier } from './show.ts';

const rbacGroup = 'rbac.authorization.k8s.io';
const rbacKinds = new Set(['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']);

/** The API group of an apiVersion: `apps` for `apps/v1`, `''` for `v1`. Everything before the first `/`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash === -1 ? '' : apiVersion.slice(0, slash);
}

/** The version of an apiVersion: `v1` for `apps/v1` and for `v1`. Everything after the first `/`. */
export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** `metadata.name` where it is a string, else `''`. */
export function nameOf(object: KubeObject): string {
  return text(object.metadata.name);
}

/** `metadata.namespace` where it is a string, else `''`. */
export function namespaceOf(object: KubeObject): string {
  return text(object.metadata.namespace);
}

/** The parts of an id before they are joined. `namespace` is `''` for cluster-scoped objects. */
export interface ObjectIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly group: string;
  readonly kind: string;
}

/**
 * An id in the inventory's form, `<namespace>_<name>_<group>_<kind>`: `a-dev_web_apps_Deployment`, `_a-dev__Namespace`.
 * In the names of RBAC objects `:` is written `__`, as cli-utils does (object/objmetadata.go). The version is not part
 * of it, so `apps/v1` and `apps/v1beta2` are the same object.
 */
export function idOf({ namespace, name, group, kind }: ObjectIdentity): string {
  const encoded = group === rbacGroup && rbacKinds.has(kind) ? name.replaceAll(':', '__') : name;
  return `${namespace}_${encoded}_${group}_${kind}`;
}

/** The id of an object as it is written. A name or namespace that is no string counts as `''`. */
export function objectId(object: KubeObject): string {
  return idOf({
    namespace: namespaceOf(object),
    name: nameOf(object),
    group: groupOf(object.apiVersion),
    kind: object.kind,
  });
}

/**
 * The label people read: `Deployment/a-dev/web`, or `ClusterRole/acme-metrics` without a namespace. Whatever could not
 * stand in a Kubernetes name (control, bidi, non-ASCII, `/`, spaces) is shown escaped, each part at most 253
 * characters, so that a hostile name can neither hide nor break a line.
 */
export function objectLabel(object: KubeObject): string {
  const { name, namespace } = object.metadata;
  const parts = [showIdentifier(object.kind)];
  if (namespace !== undefined && namespace !== null && namespace !== '') parts.push(part(namespace));
  parts.push(part(name ?? ''));
  return parts.join('/');
}

function part(value: Json): string {
  if (typeof value !== 'string') return `(${typeName(value)})`;
  return value === '' ? '(no name)' : showIdentifier(value);
}

function typeName(value: Json): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'list' : typeof value;
}

function text(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
