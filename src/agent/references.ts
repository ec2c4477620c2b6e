// ConfigMaps and Secrets that Kustomizations take variables from: when one changes, they are due.
import { readKustomization } from '../flux/kustomization.ts';
import { configMapKind, secretKind } from '../flux/served.ts';
import type { KubeObject } from '../object/object.ts';
import type { Follower, KubeCluster, ObjectMetadata } from '../ports/kube.ts';

export interface ReferencesTools {
  readonly cluster: Pick<KubeCluster, 'followMetadata' | 'kinds'>;
  readonly signal: AbortSignal;
  /** Something that this Kustomization takes variables from changed. */
  onChange(key: string, what: string): void;
}

type ReferencedKind = 'ConfigMap' | 'Secret';

/** Follows either kind only once somebody takes variables from one, and keeps no more than versions of what is named. */
export class References {
  readonly #tools: ReferencesTools;
  /** `Secret/apps/vars` → keys. */
  readonly #users = new Map<string, Set<string>>();
  readonly #named = new Map<string, readonly string[]>();
  readonly #versions = new Map<string, string>();
  readonly #following = new Set<ReferencedKind>();

  constructor(tools: ReferencesTools) {
    this.#tools = tools;
  }

  update(key: string, object: KubeObject | undefined): void {
    const from = object === undefined ? [] : readKustomization(object).spec.substituteFrom;
    const namespace = key.slice(0, key.indexOf('/'));
    const now = from.map(({ kind, name }) => `${kind}/${namespace}/${name}`);
    for (const what of this.#named.get(key) ?? []) {
      const users = this.#users.get(what);
      users?.delete(key);
      if (users?.size === 0) {
        this.#users.delete(what);
        this.#versions.delete(what);
      }
    }
    this.#named.delete(key);
    if (now.length > 0) this.#named.set(key, now);
    for (const what of now) this.#users.set(what, (this.#users.get(what) ?? new Set()).add(key));
    for (const { kind } of from) this.#follow(kind);
  }

  #follow(kind: ReferencedKind): void {
    if (this.#following.has(kind)) return;
    this.#following.add(kind);
    this.#tools.cluster
      .followMetadata(kind === 'Secret' ? secretKind : configMapKind, this.#follower(kind), {
        signal: this.#tools.signal,
      })
      // Without the watch a change is noticed at the next interval.
      .catch(() => this.#following.delete(kind));
  }

  #follower(kind: ReferencedKind): Follower<ObjectMetadata> {
    const nameOf = (item: ObjectMetadata): string => `${kind}/${item.namespace}/${item.name}`;
    const seen = (what: string, version: string, first: 'tells' | 'is told'): void => {
      const users = this.#users.get(what);
      if (users === undefined) return;
      const before = this.#versions.get(what);
      this.#versions.set(what, version);
      // The first list tells what there was when somebody began to ask.
      if (before === version || (before === undefined && first === 'tells')) return;
      for (const key of users) this.#tools.onChange(key, what);
    };
    return {
      listed: (items) => {
        const there = new Set(items.map(nameOf));
        for (const item of items) seen(nameOf(item), item.resourceVersion, 'tells');
        for (const what of this.#users.keys())
          if (what.startsWith(`${kind}/`) && !there.has(what)) seen(what, 'absent', 'tells');
      },
      changed: (item) => seen(nameOf(item), item.resourceVersion, 'is told'),
      deleted: (item) => seen(nameOf(item), 'absent', 'is told'),
    };
  }
}
