// What a Kustomization has put into the cluster: read from its status, kept ahead of every write, and shrunk afterwards.
import { SluiceError } from '../errors.ts';
import { isMapping, list, mapping } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import { identityOf, type InventoryEntry, labelOfId } from './entry.ts';

const versionForm = /^[a-z0-9](?:[-a-z0-9.]{0,61}[a-z0-9])?$/;

/** Bytes of JSON that the entries may take; the API server refuses an object of more than 1.5 MiB. */
export const largestInventory = 1024 * 1024;

/** What a status holds. */
export interface Inventory {
  /** In the status' order; each id once. */
  readonly entries: readonly InventoryEntry[];
  /** Entries that name no object, made safe to read; nothing is ever deleted by them. */
  readonly malformed: readonly string[];
}

/** Reads `status.inventory` of a Kustomization, whatever stands there. A status without one is an empty inventory. */
export function readInventory(kustomization: KubeObject): Inventory {
  const written = mapping(mapping(kustomization['status'])['inventory'])['entries'];
  const entries = new Map<string, InventoryEntry>();
  const malformed: string[] = [];
  for (const one of list(written)) {
    const entry = readEntry(one);
    if (typeof entry === 'string') malformed.push(entry);
    else if (!entries.has(entry.id)) entries.set(entry.id, entry);
  }
  return { entries: [...entries.values()], malformed };
}

function readEntry(value: unknown): InventoryEntry | string {
  if (!isMapping(value)) return `(${Array.isArray(value) ? 'list' : typeof value})`;
  const { id, v } = value;
  if (typeof id !== 'string') return '(no id)';
  if (identityOf(id) === undefined || typeof v !== 'string' || !versionForm.test(v)) return labelOfId(id);
  return { id, v };
}

/**
 * Entries of `next`, then those of `old` that `next` has not. What is written ahead of a first write, and what remains
 * once survivors of a prune are merged back.
 */
export function union(old: readonly InventoryEntry[], next: readonly InventoryEntry[]): readonly InventoryEntry[] {
  return unique([...next, ...old]);
}

/** Entries of `old` that `next` has not, by id; a new API version of an object is not a new object. In `old`'s order. */
export function staleOf(old: readonly InventoryEntry[], next: readonly InventoryEntry[]): readonly InventoryEntry[] {
  const kept = new Set(next.map(({ id }) => id));
  return unique(old).filter(({ id }) => !kept.has(id));
}

/** Same objects in the same versions, in any order. */
export function sameInventory(one: readonly InventoryEntry[], other: readonly InventoryEntry[]): boolean {
  const versions = new Map(one.map(({ id, v }) => [id, v]));
  return versions.size === other.length && other.every(({ id, v }) => versions.get(id) === v);
}

/**
 * The value of `status.inventory`: nothing but `id` and `v`, in the given order.
 *
 * @throws SluiceError `deploy.unsupported`, terminal, for entries that a status cannot hold; call it before the first write
 */
export function printInventory(entries: readonly InventoryEntry[]): { readonly entries: readonly InventoryEntry[] } {
  const printed = { entries: unique(entries).map(({ id, v }) => ({ id, v })) };
  const size = new TextEncoder().encode(JSON.stringify(printed)).length;
  if (size <= largestInventory) return printed;
  const mebibytes = Math.ceil((size / largestInventory) * 10) / 10;
  throw new SluiceError(
    'deploy.unsupported',
    `the inventory of ${printed.entries.length} objects takes ${mebibytes} MiB, and the status of a Kustomization holds 1 MiB`,
    { remedy: 'split the Kustomization into several' },
  );
}

function unique(entries: readonly InventoryEntry[]): readonly InventoryEntry[] {
  const found = new Map<string, InventoryEntry>();
  for (const entry of entries) if (!found.has(entry.id)) found.set(entry.id, entry);
  return [...found.values()];
}
