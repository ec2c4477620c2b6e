// What became of each object, and the words for it.
import type { InventoryEntry } from '../inventory/entry.ts';
import { versionOf } from '../object/id.ts';
import { metadataDigest } from '../object/metadata.ts';
import type { KubeObject } from '../object/object.ts';
import type { Prepared } from './prepare.ts';
import { type Conflict, showConflicts } from './refusal.ts';

export type ChangeAction = 'created' | 'configured' | 'unchanged' | 'skipped';

/** One object after an apply. Together with its inventory entry it says how the object must look if nobody touched it. */
export interface Change {
  readonly id: string;
  /** API version without the group, as applied. */
  readonly v: string;
  /** `Deployment/a-dev/web` */
  readonly object: string;
  readonly action: ChangeAction;
  /** Of what is there now; undefined where nobody looked, since Git says to leave the object alone. */
  readonly there: Moved | undefined;
  /** Digest of what was prepared: the same bytes over an object that did not move need no look. */
  readonly desired: string;
  /** Fields that were changed: `spec.replicas`; empty for what was created or is unchanged. */
  readonly fields: readonly string[];
  /** Fields that were taken from other managers. */
  readonly taken: readonly Conflict[];
  /** Deleted and made anew. */
  readonly recreated: boolean;
  /** For the author: an API version that is no longer served, fields taken from others. */
  readonly note: string | undefined;
}

/** What moves when somebody touches an object. */
export interface Moved {
  readonly uid: string;
  readonly resourceVersion: string;
  /** Where the kind counts changes of its spec. */
  readonly generation: number | undefined;
  /** `metadataDigest` */
  readonly digest: string;
}

export interface Outcome {
  readonly action: ChangeAction;
  readonly live: KubeObject | undefined;
  readonly version: string;
  readonly fields?: readonly string[];
  readonly taken?: readonly Conflict[];
  readonly recreated?: boolean;
  readonly note?: string | undefined;
}

export function changeOf(prepared: Prepared, outcome: Outcome): Change {
  const { action, live, version, fields = [], taken = [], recreated = false } = outcome;
  const notes = [
    ...(outcome.note === undefined ? [] : [outcome.note]),
    ...(taken.length === 0 ? [] : [`took ${showConflicts(taken)}`]),
  ];
  return {
    id: prepared.id,
    v: version,
    object: prepared.label,
    action,
    there: live === undefined ? undefined : movedOf(live),
    desired: prepared.digest,
    fields,
    taken,
    recreated,
    note: notes.length === 0 ? undefined : notes.join('; '),
  };
}

/** The marks of an object as it is now. */
export function movedOf({ metadata }: KubeObject): Moved {
  const { uid, resourceVersion, generation } = metadata;
  return {
    uid: typeof uid === 'string' ? uid : '',
    resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '',
    generation: typeof generation === 'number' ? generation : undefined,
    digest: metadataDigest(metadata),
  };
}

/** Version of the apiVersion that was sent. */
export function sentVersion(object: KubeObject): string {
  return versionOf(object.apiVersion);
}

/** The inventory of what was applied, in the order of writing, skipped objects included, as Flux keeps it. */
export function inventoryOf(changes: readonly Change[]): readonly InventoryEntry[] {
  return changes.map(({ id, v }) => ({ id, v }));
}

/**
 * A line for each object that was changed, in the words of Flux's events: `Deployment/apps/web configured`. Unchanged and
 * skipped ones are left out; `''` where there is nothing to say.
 */
export function changeText(
  changes: readonly { readonly object: string; readonly action: ChangeAction | 'deleted' }[],
): string {
  return changes
    .filter(({ action }) => action !== 'unchanged' && action !== 'skipped')
    .map(({ object, action }) => `${object} ${action}`)
    .join('\n');
}
