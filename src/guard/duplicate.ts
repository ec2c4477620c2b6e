// tenant/duplicate: the same object twice in one build, or owned by another Kustomization of the fleet.
import { idOf } from '../object/id.ts';
import type { Candidate, Found } from './candidate.ts';
import type { GuardInput } from './guard.ts';

/**
 * Says so about the second of two. The version is not part of an object's identity, so `apps/v1` and `apps/v1beta2`
 * are the same; neither is the namespace of a cluster-scoped object. `seen` is kept from object to object.
 */
export function duplicate(candidate: Candidate, seen: Map<string, number>, input: GuardInput): Found[] {
  const { group, name, object, kind } = candidate;
  const written = object.metadata.namespace;
  const namespace = kind?.namespaced === false || typeof written !== 'string' ? '' : written;
  const id = idOf({ namespace, name, group, kind: object.kind });
  const path = ['metadata', 'name'];
  if (seen.has(id)) {
    const message = 'this object is already there in the same build';
    return [{ message, remedy: 'keep one of the two; the version in apiVersion does not make them different', path }];
  }
  seen.set(id, candidate.index);
  const owner = input.owner(id);
  if (owner === undefined) return [];
  const message = `this object is already applied by ${owner}`;
  return [{ message, remedy: 'rename it or take it out; two owners would overwrite each other for ever', path }];
}
