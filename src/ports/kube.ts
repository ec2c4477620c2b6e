// One cluster's API server, as far as deploying goes. The agent's own identity reads, and writes Flux documents' status;
// every write of a manifest goes through `as`, which cannot be had without a service account.
import type { ServiceAccountRef } from '../fleet/tenant.ts';
import type { KubeObject } from '../object/object.ts';

/** A kind as the cluster serves it. Scope comes from here, never from a manifest. */
export interface ServedKind {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Resource name in the path: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** What discovery says, at one moment. */
export interface ServedKinds {
  /** In the group's preferred version, or the newest that has it; undefined where no served version of the group does. */
  find(group: string, kind: string): ServedKind | undefined;
  /** In exactly this version. */
  exactly(group: string, version: string, kind: string): ServedKind | undefined;
  /** False where a group could not be asked (an aggregated API that is down): then its kinds may exist all the same. */
  complete(group: string): boolean;
  all(): readonly ServedKind[];
}

/** Where an object is. `namespace` is `''` for cluster-scoped kinds. */
export interface ObjectAddress {
  readonly kind: ServedKind;
  readonly namespace: string;
  readonly name: string;
}

/** Of an object, only what says whether somebody touched it. */
export interface ObjectMetadata {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Where the kind counts changes of its spec. */
  readonly generation: number | undefined;
  readonly deleting: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /**
   * Of who manages which fields: moves when somebody meddles with what an apply put there, not when a status does.
   * `metadataOf` (object/metadata.ts) makes the same one of a whole object.
   */
  readonly digest: string;
}

export interface ListOptions {
  /** All namespaces where undefined. */
  readonly namespace?: string;
  /** `key=value` or `key`, commas between several: all must hold. */
  readonly labels?: string;
}

/** Hears what a list and the watch behind it say. Each call is handled before the next one is made. */
export interface Follower<Item> {
  /** All there is, after each (re)list. */
  listed(items: readonly Item[]): void;
  changed(item: Item): void;
  deleted(item: Item): void;
  /** The watch is gone and another one is being tried; a hint for logs and readiness. */
  lost?(error: unknown): void;
}

export interface FollowOptions extends ListOptions {
  readonly signal: AbortSignal;
}

export interface KubeEvent {
  readonly about: KubeObject;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** At most 1,024 characters reach the cluster. */
  readonly message: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What a request did or did not do, counted by verb, so that tests and the bench can prove what was not asked. */
export interface KubeCounters {
  get: number;
  list: number;
  watch: number;
  apply: number;
  dryRun: number;
  patch: number;
  status: number;
  create: number;
  delete: number;
}

/**
 * Every method: @throws SluiceError `kube.*`: `kube.denied` (403; `message` names user, verb and resource), `kube.gone` (the
 * kind is not served, or the namespace is not there), `kube.conflict` (409), `kube.invalid` (400, 422), `kube.tooLarge` (413),
 * `kube.unavailable` (transient: 429, 5xx, time-outs, broken connections and answers; `retryAt` where the server named one),
 * `kube.unauthorized` (401). What the server said of a Secret's values is never in the message. `cause` is a `KubeRefusal`
 * where the server answered with a Status.
 */
export interface KubeCluster {
  /** Kinds served now; asked again where `fresh`, else as known. */
  kinds(fresh?: boolean): Promise<ServedKinds>;
  /** `v1.36.3`. @throws SluiceError `kube.config` for an API server before v1.27, which drops unknown fields in silence */
  version(): Promise<string>;
  get(address: ObjectAddress): Promise<KubeObject | undefined>;
  /** In pages; restarted where the server has forgotten a page. */
  list(kind: ServedKind, options?: ListOptions): Promise<readonly KubeObject[]>;
  listMetadata(kind: ServedKind, options?: ListOptions): Promise<readonly ObjectMetadata[]>;
  /**
   * Lists, watches, and starts over with back-off whatever happens, until the signal says stop. Resolves after the first
   * list; until then it keeps trying and tells `lost`, and rejects where the signal came first.
   */
  follow(kind: ServedKind, follower: Follower<KubeObject>, options: FollowOptions): Promise<void>;
  followMetadata(kind: ServedKind, follower: Follower<ObjectMetadata>, options: FollowOptions): Promise<void>;
  /**
   * Merge-patches `status` of a Flux document (`*.toolkit.fluxcd.io`). With `resourceVersion` it is a compare-and-set:
   * `kube.conflict` where the document moved meanwhile. Returns the document as it is then.
   */
  patchStatus(address: ObjectAddress, status: KubeObject['status'], resourceVersion?: string): Promise<KubeObject>;
  /** Merge-patches finalizers and annotations of a Flux document. */
  patchMetadata(
    address: ObjectAddress,
    metadata: {
      readonly finalizers?: readonly string[];
      readonly annotations?: Readonly<Record<string, string | null>>;
    },
    resourceVersion?: string,
  ): Promise<KubeObject>;
  /** Writes an Event; a failure is nobody's business and is swallowed after a line in the log. */
  record(event: KubeEvent): Promise<void>;
  /** A client that acts as a service account. @throws SluiceError `kube.identity` for an empty or malformed one */
  as(account: ServiceAccountRef): KubeWriter;
  readonly counters: Readonly<KubeCounters>;
  close(): void;
}

export interface ApplyOptions {
  readonly dryRun: boolean;
  /** Take fields from other managers instead of `kube.conflict`. */
  readonly force: boolean;
}

export interface Applied {
  readonly object: KubeObject;
  /** It was not there before (HTTP 201); the same for a dry run. */
  readonly created: boolean;
}

/** Acts as one service account, at every request; reads too. Impersonation by the API server, so its RBAC decides. */
export interface KubeWriter {
  readonly account: ServiceAccountRef;
  get(address: ObjectAddress): Promise<KubeObject | undefined>;
  list(kind: ServedKind, options: ListOptions): Promise<readonly KubeObject[]>;
  /**
   * Server-side apply with `fieldValidation=Strict`, of the canonical JSON as it stands. The address must be the object's
   * own; names and groups that would change the path are refused before anything is sent (`kube.path`).
   */
  apply(address: ObjectAddress, object: KubeObject, options: ApplyOptions): Promise<Applied>;
  /** JSON patch, for managed fields alone. `kube.conflict` where the object moved on. */
  patchManagedFields(address: ObjectAddress, managedFields: unknown, resourceVersion: string): Promise<KubeObject>;
  /**
   * Deletes in the background, only the object with this uid. `gone` where it was not there, or is another one by now;
   * `deleting` where finalizers hold it.
   */
  delete(address: ObjectAddress, uid: string): Promise<'deleted' | 'deleting' | 'gone'>;
}

/** The server's Status, as far as it may be kept: no message of it, since messages repeat values. */
export interface KubeRefusal {
  readonly status: number;
  readonly reason: string;
  /** RBAC gives the account no such right; false where an admission said no, or the agent may not act as the account. */
  readonly missingRight?: boolean;
  /** `details.causes`: the fields at fault, and for conflicts the managers that own them. */
  readonly causes: readonly { readonly reason: string; readonly field: string; readonly manager?: string }[];
  /** The message with the values of Secrets scrubbed by whoever applies; never logged as it is. */
  readonly said: string;
}
