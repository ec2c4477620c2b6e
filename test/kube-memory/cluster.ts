// A small API server in memory: server-side apply with managed fields, conflicts and dry runs, uids, finalizers, discovery. For
// unit tests that ask what was requested and what is there afterwards. The real one is in lab/cluster.
import { type ErrorCode, SluiceError } from '../../src/errors.ts';
import { groupOf, idOf, nameOf, namespaceOf } from '../../src/object/id.ts';
import type { Json, KubeObject } from '../../src/object/object.ts';
import type { Applied, KubeRefusal, KubeWriter, ObjectAddress, ServedKind, ServedKinds } from '../../src/ports/kube.ts';
import { type Fields, fieldsOf, has, leavesOf, merged, removed, valueAt, withLeaf, without } from './field-sets.ts';

export interface MemoryRequest {
  readonly verb: 'get' | 'list' | 'dryRun' | 'apply' | 'managedFields' | 'delete';
  /** As in the inventory. */
  readonly id: string;
  readonly force?: boolean;
}

type Entry = { manager: string; operation: 'Apply' | 'Update'; subresource?: string; fieldsV1: Fields };
type Stored = { object: KubeObject; managers: Entry[] };
type Hook = (request: MemoryRequest) => void | Promise<void>;

const builtin: readonly (readonly [string, string, string, boolean])[] = [
  ['', 'v1', 'Namespace', false],
  ['', 'v1', 'ConfigMap', true],
  ['', 'v1', 'Secret', true],
  ['', 'v1', 'Service', true],
  ['', 'v1', 'ServiceAccount', true],
  ['', 'v1', 'PersistentVolumeClaim', true],
  ['apps', 'v1', 'Deployment', true],
  ['batch', 'v1', 'Job', true],
  ['storage.k8s.io', 'v1', 'StorageClass', false],
  ['rbac.authorization.k8s.io', 'v1', 'ClusterRole', false],
  ['rbac.authorization.k8s.io', 'v1', 'Role', true],
  ['apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', false],
  ['kustomize.toolkit.fluxcd.io', 'v1', 'Kustomization', true],
  ['helm.toolkit.fluxcd.io', 'v2', 'HelmRelease', true],
];

export function servedKind([group, version, kind, namespaced]: (typeof builtin)[number]): ServedKind {
  return {
    group,
    version,
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced,
    verbs: ['get', 'list', 'patch', 'delete'],
  };
}

/** A refusal as the client throws it. */
export function refusal(
  code: ErrorCode,
  status: number,
  said: string,
  causes: KubeRefusal['causes'] = [],
  kind: 'terminal' | 'transient' | 'notReady' = 'terminal',
): SluiceError {
  return new SluiceError(code, said, {
    kind,
    cause: { status, reason: 'Invalid', causes, said } satisfies KubeRefusal,
  });
}

export class MemoryCluster {
  readonly requests: MemoryRequest[] = [];
  /** Called before a request is served; what it throws is the answer. */
  readonly hooks: Hook[] = [];
  /** Called with what an apply would store; what it throws is the answer, of dry runs too. */
  readonly validators: ((next: KubeObject, live: KubeObject | undefined) => void)[] = [];
  /** Changes what is about to be stored, as defaulting and admission webhooks do. */
  readonly mutators: ((next: KubeObject) => KubeObject)[] = [];
  served: ServedKind[] = builtin.map(servedKind);
  incomplete: string[] = [];
  readonly #stored = new Map<string, Stored>();
  #version = 0;
  #uid = 0;

  kinds(): ServedKinds {
    const served = [...this.served];
    const incomplete = new Set(this.incomplete);
    return {
      find: (group, kind) => served.find((one) => one.group === group && one.kind === kind),
      exactly: (group, version, kind) =>
        served.find((one) => one.group === group && one.version === version && one.kind === kind),
      complete: (group) => !incomplete.has(group),
      all: () => served,
    };
  }

  writer(): KubeWriter {
    return {
      account: { namespace: 'a', name: 'flux' },
      get: async (address) => {
        await this.#ask({ verb: 'get', id: idOfAddress(address) });
        return this.object(idOfAddress(address));
      },
      list: async () => [],
      apply: async (address, object, options) => {
        const { dryRun, force } = options;
        await this.#ask({ verb: dryRun ? 'dryRun' : 'apply', id: idOfAddress(address), force });
        return this.applyAs('kustomize-controller', object, options);
      },
      patchManagedFields: async (address, managedFields, resourceVersion) => {
        const id = idOfAddress(address);
        await this.#ask({ verb: 'managedFields', id });
        const stored = this.#must(id);
        if (stored.object.metadata['resourceVersion'] !== resourceVersion)
          throw refusal('kube.conflict', 409, 'moved', [], 'transient');
        this.#store(id, { object: stored.object, managers: structuredClone(managedFields) as Entry[] });
        return this.object(id) as KubeObject;
      },
      delete: async (address, uid) => {
        const id = idOfAddress(address);
        await this.#ask({ verb: 'delete', id });
        return this.delete(id, uid);
      },
    };
  }

  /** What is there under an inventory id, managed fields included. */
  object(id: string): KubeObject | undefined {
    const stored = this.#stored.get(id);
    return stored === undefined ? undefined : withManagers(stored);
  }

  ids(): string[] {
    return [...this.#stored.keys()].sort();
  }

  delete(id: string, uid?: string): 'deleted' | 'deleting' | 'gone' {
    const stored = this.#stored.get(id);
    if (stored === undefined || (uid !== undefined && stored.object.metadata['uid'] !== uid)) return 'gone';
    const { finalizers } = stored.object.metadata;
    if (Array.isArray(finalizers) && finalizers.length > 0) {
      const metadata = { ...stored.object.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' };
      this.#store(id, { ...stored, object: { ...stored.object, metadata } });
      return 'deleting';
    }
    this.#stored.delete(id);
    return 'deleted';
  }

  /** Server-side apply by any manager. */
  applyAs(manager: string, object: KubeObject, { dryRun, force }: { dryRun: boolean; force: boolean }): Applied {
    const id = idOfObject(object);
    const stored = this.#stored.get(id);
    const fields = fieldsOf(object);
    const entries = structuredClone(stored?.managers ?? []);
    const others = entries.filter((one) => !(one.manager === manager && one.operation === 'Apply'));
    const own = entries.find((one) => one.manager === manager && one.operation === 'Apply');
    const contested = others.flatMap((one) =>
      leavesOf(one.fieldsV1)
        .filter((leaf) => leaf.at(-1) !== '.' && differs(leaf, stored?.object, object))
        .map((leaf) => ({ one, leaf })),
    );
    if (contested.length > 0 && !force) {
      const causes = contested.map(({ one, leaf }) => ({
        reason: 'FieldManagerConflict',
        field: shown(leaf),
        manager: one.manager,
      }));
      throw refusal('kube.conflict', 409, 'Apply failed with conflicts', causes);
    }
    for (const { one, leaf } of contested) one.fieldsV1 = without(one.fieldsV1, leaf);
    let next = merged(stored?.object as Json | undefined, object as Json) as KubeObject;
    const dropped = leavesOf(own?.fieldsV1 ?? {}).filter((leaf) => !has(fields, leaf));
    for (const leaf of dropped.sort((one, other) => one.length - other.length)) {
      if (others.some((one) => has(one.fieldsV1, leaf))) continue;
      next = (removed(next as Json, leaf) ?? next) as KubeObject;
    }
    // A map that lost its last key stays where it is wanted.
    next = merged(next as Json, object as Json) as KubeObject;
    for (const mutate of this.mutators) next = mutate(next);
    for (const validate of this.validators) validate(next, stored?.object);
    const managers = [
      ...others.filter((one) => leavesOf(one.fieldsV1).length > 0),
      { manager, operation: 'Apply' as const, fieldsV1: fields },
    ];
    if (dryRun) {
      return {
        object: withManagers({ object: this.#numbered(next, stored, false), managers }),
        created: stored === undefined,
      };
    }
    this.#store(id, { object: next, managers });
    return { object: this.object(id) as KubeObject, created: stored === undefined };
  }

  /** What a client that knows no apply does: it writes the whole object, and owns what it changed. */
  update(manager: string, id: string, change: (object: KubeObject) => KubeObject, subresource?: string): void {
    const stored = this.#must(id);
    const next = change(stored.object);
    const [before, after] = [fieldsOf(stored.object), fieldsOf(next)];
    const touched = leavesOf(after).filter((leaf) => differs(leaf, stored.object, next) || !has(before, leaf));
    const gone = leavesOf(before).filter((leaf) => !has(after, leaf));
    const others = stored.managers.filter((one) => one.manager !== manager || one.operation !== 'Update');
    const own = stored.managers.find((one) => one.manager === manager && one.operation === 'Update');
    for (const one of others) for (const leaf of [...touched, ...gone]) one.fieldsV1 = without(one.fieldsV1, leaf);
    const fieldsV1 = touched.reduce<Fields>(withLeaf, own?.fieldsV1 ?? {});
    const entry = {
      manager,
      operation: 'Update' as const,
      ...(subresource === undefined ? {} : { subresource }),
      fieldsV1,
    };
    this.#store(id, { object: next, managers: [...others, entry] });
  }

  /** Puts an object there as a client-side create by `manager` would. */
  create(manager: string, object: KubeObject): KubeObject {
    const id = idOfObject(object);
    this.#store(id, { object, managers: [{ manager, operation: 'Update', fieldsV1: fieldsOf(object) }] });
    return this.object(id) as KubeObject;
  }

  count(verb: MemoryRequest['verb']): number {
    return this.requests.filter((one) => one.verb === verb).length;
  }

  async #ask(request: MemoryRequest): Promise<void> {
    this.requests.push(request);
    for (const hook of this.hooks) await hook(request);
  }

  #must(id: string): Stored {
    const stored = this.#stored.get(id);
    if (stored === undefined) throw refusal('kube.gone', 404, `${id} is not there`, [], 'notReady');
    return stored;
  }

  #store(id: string, next: Stored): void {
    const stored = this.#stored.get(id);
    const same =
      stored !== undefined &&
      JSON.stringify(ordered(withManagers(stored))) ===
        JSON.stringify(ordered(withManagers({ ...next, object: this.#numbered(next.object, stored, false) })));
    if (same) return;
    this.#stored.set(id, {
      object: this.#numbered(next.object, stored, true),
      managers: structuredClone(next.managers),
    });
  }

  #numbered(object: KubeObject, stored: Stored | undefined, moves: boolean): KubeObject {
    const before = stored?.object.metadata;
    const { metadata, ...spec } = object;
    const { metadata: _metadata, ...known } = stored?.object ?? { metadata: {} };
    const changed = JSON.stringify(ordered(spec)) !== JSON.stringify(ordered(known));
    const generation = typeof before?.['generation'] === 'number' ? before['generation'] : 0;
    if (moves) this.#version += 1;
    if (before === undefined && moves) this.#uid += 1;
    return {
      ...object,
      metadata: {
        ...metadata,
        uid: before?.['uid'] ?? `uid-${this.#uid}`,
        resourceVersion: moves ? String(this.#version) : (before?.['resourceVersion'] ?? ''),
        generation: changed ? generation + 1 : generation,
      },
    };
  }
}

function differs(leaf: readonly string[], live: KubeObject | undefined, next: KubeObject): boolean {
  const wanted = valueAt(next as Json, leaf);
  return wanted !== undefined && JSON.stringify(wanted) !== JSON.stringify(valueAt(live as Json | undefined, leaf));
}

function withManagers({ object, managers }: Stored): KubeObject {
  return { ...object, metadata: { ...object.metadata, managedFields: structuredClone(managers) as unknown as Json } };
}

/** Keys in one order, so that what is equal prints the same. */
export function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, ordered(child)]));
}

function shown(leaf: readonly string[]): string {
  return leaf.map((key) => (key.startsWith('f:') ? `.${key.slice(2)}` : `[${key.slice(2)}]`)).join('');
}

function idOfAddress({ kind, namespace, name }: ObjectAddress): string {
  return idOf({ namespace, name, group: kind.group, kind: kind.kind });
}

function idOfObject(object: KubeObject): string {
  const { apiVersion, kind } = object;
  return idOf({ namespace: namespaceOf(object), name: nameOf(object), group: groupOf(apiVersion), kind });
}
