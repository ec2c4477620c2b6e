// Refusals that only a new object can get around, told apart from mistakes.
import type { SluiceError } from '../errors.ts';
import { groupOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import type { KubeRefusal } from '../ports/kube.ts';
import { refusalOf } from './refusal.ts';

/** Every way in which API servers, CEL rules and webhooks say that a field cannot change. */
const phrases =
  /is immutable|immutable field|may not (?:be )?change[d]?(?: once set| in an update)|cannot change roleRef|updates to [^,;:\]]{1,200}? (?:are )?forbidden|updates to [^,;:\]]{1,80} spec for fields other than|updates may not change fields other than/gi;

const quoted = /"(?:[^"\\]|\\.)*"/g;

/** Reasons that a cause has when a field may not change; any other means that the new object is wrong as well. */
const reasons: ReadonlySet<string> = new Set(['FieldValueInvalid', 'FieldValueForbidden']);

/**
 * Tells whether a dry run was refused because of immutable fields and of nothing else. A refusal with one cause that is
 * anything else (a missing or a misspelt value) would come back once the object is deleted, and is not one.
 */
export function isImmutable(error: SluiceError): boolean {
  const refusal = refusalOf(error);
  if (refusal === undefined || ![400, 403, 422].includes(refusal.status)) return false;
  if (!refusal.causes.every(({ reason }) => reasons.has(reason))) return false;
  if (refusal.said === '') return refusal.causes.length > 0 && refusal.causes.every(isOfSecret);
  // Quoted is what somebody wrote into a manifest, which may say anything.
  const said = refusal.said.replaceAll(quoted, '""').match(phrases)?.length ?? 0;
  return said > 0 && said >= refusal.causes.length;
}

/** Of Secrets nothing is known but fields and reasons, and these two are refused for no other reason than that they stay. */
function isOfSecret({ field, reason }: KubeRefusal['causes'][number]): boolean {
  if (field === 'type') return reason === 'FieldValueInvalid';
  return (field === 'data' || field === 'immutable') && reason === 'FieldValueForbidden';
}

/** Kinds that hold data or other objects: deleting one loses more than the object, so that no `force` reaches them. */
export function isPrecious({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean {
  return isPreciousKind(groupOf(apiVersion), kind);
}

/** As `isPrecious`, of a group and a kind. */
export function isPreciousKind(group: string, kind: string): boolean {
  if (group === '') return kind === 'Namespace' || kind === 'PersistentVolume' || kind === 'PersistentVolumeClaim';
  return group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition';
}
