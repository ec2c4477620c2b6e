// Which applied objects somebody has touched since: the metadata of all objects with an owner label, kind by kind.
import type { Follower, KubeCluster, ObjectMetadata, ServedKind } from '../ports/kube.ts';

export const ownerName = 'kustomize.toolkit.fluxcd.io/name';
export const ownerNamespace = 'kustomize.toolkit.fluxcd.io/namespace';

/** An object as the last apply left it. */
export interface Applied {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number | undefined;
  /** As `ObjectMetadata.digest`. */
  readonly digest: string;
  /** Of the bytes that were sent, and of how. */
  readonly sent: string;
}

export interface TouchedTools {
  readonly cluster: Pick<KubeCluster, 'followMetadata'>;
  readonly signal: AbortSignal;
  /** An object of this Kustomization (`<namespace>/<name>`) changed, came or went. */
  onChange(owner: string): void;
}

interface KindIndex {
  readonly ready: Promise<void>;
  live: boolean;
  objects: Map<string, ObjectMetadata>;
}

/** True where the object is another one, or somebody changed what an apply looks at. */
export function isMoved(applied: Applied, now: ObjectMetadata): boolean {
  if (now.uid !== applied.uid) return true;
  return now.resourceVersion !== applied.resourceVersion && now.digest !== applied.digest;
}

export class Touched {
  readonly #tools: TouchedTools;
  readonly #kinds = new Map<string, KindIndex>();

  constructor(tools: TouchedTools) {
    this.#tools = tools;
  }

  /** Begins to follow a kind; resolves once it was listed. Following the same kind again costs nothing. */
  async follow(kind: ServedKind): Promise<void> {
    const key = `${kind.group}/${kind.kind}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) return known.ready;
    const index: KindIndex = { ready: Promise.resolve(), live: false, objects: new Map() };
    const ready = this.#tools.cluster.followMetadata(kind, this.#follower(index), {
      labels: ownerName,
      signal: this.#tools.signal,
    });
    this.#kinds.set(key, Object.assign(index, { ready }));
    // A kind that cannot be listed is looked at object by object, as if there were no watch.
    ready.catch(() => this.#kinds.delete(key));
    return ready;
  }

  /** What the watch knows; `unwatched` where it cannot tell now. */
  find(group: string, kind: string, namespace: string, name: string): ObjectMetadata | 'absent' | 'unwatched' {
    const index = this.#kinds.get(`${group}/${kind}`);
    if (index === undefined || !index.live) return 'unwatched';
    return index.objects.get(`${namespace}/${name}`) ?? 'absent';
  }

  #follower(index: KindIndex): Follower<ObjectMetadata> {
    const place = ({ namespace, name }: ObjectMetadata): string => `${namespace}/${name}`;
    const tell = ({ labels }: ObjectMetadata): void => {
      const [namespace, name] = [labels[ownerNamespace], labels[ownerName]];
      if (namespace !== undefined && name !== undefined) this.#tools.onChange(`${namespace}/${name}`);
    };
    return {
      listed: (items) => {
        const before = index.objects;
        index.objects = new Map(items.map((item) => [place(item), item]));
        index.live = true;
        for (const [key, item] of index.objects)
          if (before.get(key)?.resourceVersion !== item.resourceVersion) tell(item);
        for (const [key, item] of before) if (!index.objects.has(key)) tell(item);
      },
      changed: (item) => {
        const before = index.objects.get(place(item));
        index.objects.set(place(item), item);
        tell(item);
        // Somebody took the label: its owner wants to know as well.
        if (before !== undefined && before.labels[ownerName] !== item.labels[ownerName]) tell(before);
      },
      deleted: (item) => {
        // A watch by label says "deleted" too where the label is gone; the item may then be of another owner.
        const before = index.objects.get(place(item));
        index.objects.delete(place(item));
        tell(before ?? item);
      },
      lost: () => {
        index.live = false;
      },
    };
  }
}
