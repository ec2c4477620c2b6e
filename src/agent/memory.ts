// What this process knows of earlier runs. Lost, everything is looked at once more; nothing wrong happens.
import { createHash } from 'node:crypto';
import type { Applied } from './touched.ts';

export interface AppliedRecord {
  /** Of everything that decided what was applied: equal digests, equal objects for the same account. */
  readonly digest: string;
  /** By inventory id. */
  readonly objects: ReadonlyMap<string, Applied>;
  /** Inventory ids that were deleted and that finalizers hold: they stay in the inventory until they are gone. */
  readonly leaving: ReadonlySet<string>;
  /** Objects whose health has passed at these resource versions. */
  readonly healthy: boolean;
}

export class Memory {
  readonly #records = new Map<string, AppliedRecord>();
  /** What each Kustomization's newest build holds, applied or not. */
  readonly #desired = new Map<string, ReadonlySet<string>>();
  /** The same the other way: id → keys. */
  readonly #desiring = new Map<string, Set<string>>();
  readonly #failures = new Map<string, number>();
  /** Those whose last failure may be mended by what somebody else applies: a right, a namespace, a kind. */
  readonly #hindered = new Set<string>();
  /** Owner of an object → those that cannot apply theirs before it lets go. */
  readonly #waiting = new Map<string, Set<string>>();
  /** When each was first seen being deleted, and which of those that had its name it was. */
  readonly #going = new Map<string, { readonly uid: string; readonly sinceMs: number }>();

  /** How often in a row a Kustomization has failed, this time included. */
  failed(key: string): number {
    const count = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, count);
    return count;
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
    this.#hindered.delete(key);
  }

  hinder(key: string): void {
    this.#hindered.add(key);
  }

  /** Those that may now get on; they are forgotten, and so is how often they have failed. */
  freed(): readonly string[] {
    const keys = [...this.#hindered];
    for (const key of keys) this.succeeded(key);
    return keys;
  }

  record(key: string): AppliedRecord | undefined {
    return this.#records.get(key);
  }

  keep(key: string, record: AppliedRecord): void {
    this.#records.set(key, record);
  }

  desires(key: string, ids: ReadonlySet<string>): void {
    const before = this.#desired.get(key);
    for (const id of before ?? []) if (!ids.has(id)) this.#undesire(id, key);
    for (const id of ids) if (before?.has(id) !== true) this.#desire(id, key);
    this.#desired.set(key, ids);
  }

  /** Keys whose newest known build holds an id. */
  desiring(id: string): readonly string[] {
    return [...(this.#desiring.get(id) ?? [])];
  }

  #desire(id: string, key: string): void {
    this.#desiring.set(id, (this.#desiring.get(id) ?? new Set()).add(key));
  }

  #undesire(id: string, key: string): void {
    const keys = this.#desiring.get(id);
    keys?.delete(key);
    if (keys?.size === 0) this.#desiring.delete(id);
  }

  waitFor(owner: string, key: string): void {
    this.#waiting.set(owner, (this.#waiting.get(owner) ?? new Set()).add(key));
  }

  /** Those that waited for an owner; they are forgotten. */
  released(owner: string): readonly string[] {
    const waiting = [...(this.#waiting.get(owner) ?? [])];
    this.#waiting.delete(owner);
    return waiting;
  }

  /** When it was first seen being deleted: now, where it was not before. */
  goingSince(key: string, uid: string, nowMs: number): number {
    const known = this.#going.get(key);
    if (known?.uid === uid) return known.sinceMs;
    this.#going.set(key, { uid, sinceMs: nowMs });
    return nowMs;
  }

  /** What was applied must be looked at again. */
  doubt(key: string): void {
    this.#records.delete(key);
  }

  forget(key: string): void {
    this.#records.delete(key);
    for (const id of this.#desired.get(key) ?? []) this.#undesire(id, key);
    this.#desired.delete(key);
    this.succeeded(key);
    this.#waiting.delete(key);
    this.#going.delete(key);
  }
}

/** SHA-256 in hex of values that JSON can hold, in the order of their keys. */
export function digestOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
