// The cluster's Kustomizations as the watch has them, and who waits for whom.
import { keyOf, readKustomization } from '../flux/kustomization.ts';
import { asList, stringAt, valueAt } from '../flux/read.ts';
import type { KubeObject } from '../object/object.ts';
import type { Follower } from '../ports/kube.ts';

export interface KustomizationsTools {
  /** It came, changed or went; `before` is as it was known until then. */
  onChange(key: string, object: KubeObject | undefined, before: KubeObject | undefined): void;
}

export class Kustomizations {
  readonly #tools: KustomizationsTools;
  #objects = new Map<string, KubeObject>();
  /** Inventory id → keys of those that hold it. */
  readonly #holders = new Map<string, Set<string>>();
  /** Key → keys of those that name it in `dependsOn`; made anew when something changed. */
  #dependents: Map<string, string[]> | undefined;

  constructor(tools: KustomizationsTools) {
    this.#tools = tools;
  }

  get(key: string): KubeObject | undefined {
    return this.#objects.get(key);
  }

  all(): ReadonlyMap<string, KubeObject> {
    return this.#objects;
  }

  /** What one of our own writes answered: newer than what the watch has told so far. */
  wrote(object: KubeObject): void {
    const key = keyOf(object);
    const known = this.#objects.get(key);
    if (known === undefined || uidOf(known) !== uidOf(object) || isOlder(object, known)) return;
    this.#put(key, object);
  }

  /** Keys of Kustomizations that wait for this one. */
  dependents(key: string): readonly string[] {
    this.#dependents ??= dependentsOf(this.#objects);
    return this.#dependents.get(key) ?? [];
  }

  /** Keys of those whose inventory in the cluster has an id. */
  holding(id: string): readonly string[] {
    return [...(this.#holders.get(id) ?? [])];
  }

  /** Ids in a Kustomization's inventory in the cluster. */
  inventoryOf(key: string): ReadonlySet<string> {
    const object = this.#objects.get(key);
    return object === undefined ? new Set() : idsOf(object);
  }

  follower(): Follower<KubeObject> {
    return {
      listed: (items) => {
        const listed = new Map(items.map((item) => [keyOf(item), item]));
        for (const key of this.#objects.keys()) if (!listed.has(key)) this.#remove(key);
        for (const [key, item] of listed) this.#put(key, item);
      },
      changed: (item) => this.#put(keyOf(item), item),
      deleted: (item) => this.#remove(keyOf(item)),
    };
  }

  #put(key: string, read: KubeObject): void {
    const before = this.#objects.get(key);
    if (before !== undefined && uidOf(before) === uidOf(read) && isOlder(read, before)) return;
    const object = withoutManagedFields(read);
    this.#objects.set(key, object);
    this.#hold(key, before, object);
    if (before === undefined || !sameDependencies(before, object)) this.#dependents = undefined;
    this.#tools.onChange(key, object, before);
  }

  #remove(key: string): void {
    const before = this.#objects.get(key);
    if (before === undefined) return;
    this.#objects.delete(key);
    this.#hold(key, before, undefined);
    this.#dependents = undefined;
    this.#tools.onChange(key, undefined, before);
  }

  #hold(key: string, before: KubeObject | undefined, after: KubeObject | undefined): void {
    if (before?.['status'] === after?.['status']) return;
    const now = after === undefined ? new Set<string>() : idsOf(after);
    for (const id of before === undefined ? [] : idsOf(before)) {
      if (now.has(id)) continue;
      const holders = this.#holders.get(id);
      holders?.delete(key);
      if (holders?.size === 0) this.#holders.delete(id);
    }
    for (const id of now) this.#holders.set(id, (this.#holders.get(id) ?? new Set()).add(key));
  }
}

function idsOf(object: KubeObject): ReadonlySet<string> {
  const entries = asList(valueAt(object['status'], 'inventory', 'entries'));
  return new Set(entries.flatMap((entry) => stringAt(entry, 'id') ?? []));
}

/** Resource versions of one kind count up since Kubernetes 1.35, and did before on every etcd. */
function isOlder(one: KubeObject, other: KubeObject): boolean {
  const [a, b] = [versionOf(one), versionOf(other)];
  return a !== undefined && b !== undefined && a <= b;
}

function versionOf(object: KubeObject): bigint | undefined {
  const text = stringAt(object.metadata as never, 'resourceVersion') ?? '';
  return /^\d{1,30}$/.test(text) ? BigInt(text) : undefined;
}

export function uidOf(object: KubeObject): string {
  return stringAt(object.metadata as never, 'uid') ?? '';
}

/** A thousand of them are held in memory, and nobody asks who wrote which of their fields. */
function withoutManagedFields(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function sameDependencies(one: KubeObject, other: KubeObject): boolean {
  const words = (object: KubeObject): string => JSON.stringify(asList(valueAt(object['spec'], 'dependsOn')));
  return words(one) === words(other);
}

function dependentsOf(objects: ReadonlyMap<string, KubeObject>): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const [key, object] of objects) {
    for (const { namespace, name } of readKustomization(object).spec.dependsOn) {
      const on = `${namespace}/${name}`;
      out.set(on, [...(out.get(on) ?? []), key]);
    }
  }
  return out;
}
