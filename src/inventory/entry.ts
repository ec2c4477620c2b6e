// One entry of an inventory, and the object it names. What a status says is hostile: only an id that names exactly one
// object, in the one spelling that is written for it, is ever acted on.
import { isNamespaceName, isSegment, isSubdomain } from '../guard/name.ts';
import { idOf, type ObjectIdentity } from '../object/id.ts';

/** As it stands in `status.inventory.entries`. */
export interface InventoryEntry {
  /** `<namespace>_<name>_<group>_<kind>`: `a-dev_web_apps_Deployment`, `_a-dev__Namespace` */
  readonly id: string;
  /** API version without the group: `v1`. Says how the object was written, not which one it is. */
  readonly v: string;
}

const rbacGroup = 'rbac.authorization.k8s.io';
const kindForm = /^[A-Za-z](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/;
const form = /^(?<namespace>[^_]*)_(?<name>.+)_(?<group>[^_]*)_(?<kind>[^_]+)$/;
const longestId = 1024;

/**
 * The parts of an id, or undefined where it does not name an object that a cluster can hold. `__` in the name of an RBAC
 * object is `:`, as cli-utils writes it (object/objmetadata.go).
 */
export function identityOf(id: string): ObjectIdentity | undefined {
  const parts = id.length > longestId ? undefined : form.exec(id)?.groups;
  if (parts === undefined) return undefined;
  const { namespace = '', name: written = '', group = '', kind = '' } = parts;
  const name = group === rbacGroup ? written.replaceAll('__', ':') : written;
  const identity = { namespace, name, group, kind };
  return isLegal(identity) && idOf(identity) === id ? identity : undefined;
}

function isLegal({ namespace, name, group, kind }: ObjectIdentity): boolean {
  if (namespace !== '' && !isNamespaceName(namespace)) return false;
  if (group !== '' && !isSubdomain(group)) return false;
  return kindForm.test(kind) && (group === rbacGroup ? isSegment(name) : isSubdomain(name));
}

/** `Deployment/a-dev/web`, `Namespace/a-dev`; the id itself where it names nothing. Of plain characters either way. */
export function labelOfId(id: string): string {
  const identity = identityOf(id);
  if (identity === undefined) return id.replaceAll(/[^A-Za-z0-9._-]/g, '?').slice(0, 120);
  const { kind, namespace, name } = identity;
  return namespace === '' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}
