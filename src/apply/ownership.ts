// Whose is an object that is there already, and what an apply may take from whom.
import { SluiceError } from '../errors.ts';
import { isMapping } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import { showIdentifier } from '../object/show.ts';
import { fieldManager, type ManagedFields, managedFieldsOf } from './managed-fields.ts';
import type { Owner } from './prepare.ts';
import { type Conflict, showConflicts } from './refusal.ts';
import { isTaken } from './takeover.ts';

/** Who says, by labels, that an object is theirs. */
export interface LiveOwner extends Owner {
  readonly kind: 'Kustomization' | 'HelmRelease';
}

const ownerKinds = [
  ['Kustomization', 'kustomize.toolkit.fluxcd.io/'],
  ['HelmRelease', 'helm.toolkit.fluxcd.io/'],
] as const;

/** The owner that an object's labels name; a Kustomization before a HelmRelease. */
export function ownerOfLive({ metadata: { labels } }: KubeObject): LiveOwner | undefined {
  if (!isMapping(labels)) return undefined;
  for (const [kind, prefix] of ownerKinds) {
    const [name, namespace] = [labels[`${prefix}name`], labels[`${prefix}namespace`]];
    if (typeof name === 'string' && name !== '' && typeof namespace === 'string') return { kind, namespace, name };
  }
  return undefined;
}

/** Tells whether an object's labels name exactly this Kustomization. */
export function isOwnedBy(object: KubeObject, { namespace, name }: Owner): boolean {
  const owner = ownerOfLive(object);
  return owner?.kind === 'Kustomization' && owner.namespace === namespace && owner.name === name;
}

/** The refusal of an object that somebody else has. */
export function ownedByOther(owner: LiveOwner): SluiceError {
  const shown = `${owner.kind} ${showIdentifier(owner.namespace)}/${showIdentifier(owner.name)}`;
  return new SluiceError('deploy.owned', `the object belongs to ${shown}`, {
    remedy: `take it out of one of the two; to move it, take it out there and leave it in here`,
  });
}

/**
 * The conflicts that forbid an apply: on an object that does not carry our labels, fields that another manager holds by
 * having applied them. What managers merely updated is taken, as Flux does, and so is everything on an object that is ours.
 */
export function forbidding(
  conflicts: readonly Conflict[],
  live: KubeObject,
  owner: Owner,
  overrides: readonly string[],
): readonly Conflict[] {
  if (isOwnedBy(live, owner)) return [];
  const entries = managedFieldsOf(live);
  const applied = (manager: string): boolean => entries.some((entry) => isForeignApply(entry, manager, overrides));
  // A manager that the server does not name is taken for one that applied: a refusal can be put right, a theft cannot.
  return conflicts.filter(({ manager }) => manager === '' || applied(manager));
}

function isForeignApply(entry: ManagedFields, manager: string, overrides: readonly string[]): boolean {
  if (entry.manager !== manager || entry.operation !== 'Apply' || entry.manager === fieldManager) return false;
  return !isTaken({ ...entry, subresource: '' }, overrides);
}

/** The refusal to take fields from managers that applied them. */
export function contested(conflicts: readonly Conflict[]): SluiceError {
  return new SluiceError('kube.conflict', `others have applied fields of it: ${showConflicts(conflicts)}`, {
    remedy:
      'take these fields out of Git, name them in spec.ignore, or say kustomize.toolkit.fluxcd.io/ssa: Override on the object to take them',
  });
}
