// The fleet: everything the platform repository says, computed by rendering it (DESIGN §5).
import type { SluiceError } from '../errors.ts';
import type { KustomizationSpec } from '../flux/kustomization.ts';
import type { KindTable } from '../object/kind.ts';
import type { BuiltObject, FieldPath, ObjectSource } from '../object/object.ts';
import type { Build, SourceRef, Substitution, Tree } from '../ports.ts';
import type { PlatformConfig } from './config.ts';
import type { Rbac } from './rbac.ts';
import type { ServiceAccountRef, Tenant } from './tenant.ts';

/** A cluster's root: the folder that Flux was bootstrapped with. */
export interface ClusterRoot {
  readonly name: string;
  readonly path: string;
  /** What the root Kustomization and its source are called: `flux-system` in `flux-system` unless bootstrapped otherwise. */
  readonly key: { readonly namespace: string; readonly name: string };
  /** Address and ref that the root's own GitRepository names, where it is in Git. */
  readonly sync: { readonly url: string; readonly ref: SourceRef } | undefined;
  /** The root Kustomization as gotk-sync.yaml has it. */
  readonly spec: KustomizationSpec | undefined;
}

/** The tree a Kustomization is built from, on one side of the review. */
export type ResolvedSource =
  | {
      readonly type: 'tree';
      readonly tree: Tree;
      readonly url: string;
      readonly revision: string;
      readonly ref: SourceRef;
      /** The platform repository itself, and nothing else. */
      readonly platform: boolean;
      /** Of a tree made of several: addresses of the repositories in it that are not the platform's. */
      readonly foreign?: readonly string[];
      /** A merge of the change under review moves this source. */
      readonly follows: boolean;
    }
  | {
      readonly type: 'unknown';
      readonly url: string | undefined;
      readonly what: string;
      readonly reason: string;
      /** It is at hand, but cannot be read; absent where it is merely not at hand. */
      readonly error?: SluiceError;
    };

export type Owner =
  | { readonly type: 'platform'; readonly serviceAccount: ServiceAccountRef | undefined }
  | { readonly type: 'tenant'; readonly tenant: Tenant }
  /** Reads another repository without a service account: would run as the controller itself. */
  | { readonly type: 'unbound' };

export interface FleetKustomization {
  readonly cluster: string;
  /** `<namespace>/<name>` */
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly spec: KustomizationSpec;
  /** Normalised folder in the source. */
  readonly path: string;
  readonly source: ResolvedSource;
  readonly owner: Owner;
  readonly substitution: Substitution | undefined;
  /** The Kustomization whose build defines this one; undefined for a root. */
  readonly parent: string | undefined;
  /** Where it is declared in its parent's repository. */
  readonly declared: ObjectSource | undefined;
  /** Set where computing the fleet needed the objects. */
  readonly build: Build | undefined;
  readonly error: SluiceError | undefined;
}

export interface OwnedObject extends BuiltObject {
  readonly kustomization: string;
}

export interface ClusterFleet {
  readonly name: string;
  readonly root: ClusterRoot;
  readonly kustomizations: ReadonlyMap<string, FleetKustomization>;
  /** What the platform's own Kustomizations give. */
  readonly objects: readonly OwnedObject[];
  readonly rbac: Rbac;
  readonly kinds: KindTable;
  readonly lockdown: Lockdown;
}

/** Flux's lockdown flags, where the fleet sets them on its controllers. */
export interface Lockdown {
  /** Of the kustomize-controller. */
  readonly defaultServiceAccount: string | undefined;
  readonly helmServiceAccount: string | undefined;
  readonly noCrossNamespaceRefs: boolean;
  readonly noRemoteBases: boolean;
}

export interface Fleet {
  readonly config: PlatformConfig;
  /** Sorted by name. */
  readonly clusters: readonly ClusterFleet[];
  readonly problems: readonly FleetProblem[];
}

/** Something wrong with the fleet itself. `error` blocks a platform review, `warning` is said. */
export interface FleetProblem {
  readonly severity: 'error' | 'warning';
  readonly error: SluiceError;
  readonly cluster: string;
  readonly kustomization: string | undefined;
  /** What a warning is listed as: `fleet/depends-on`. */
  readonly rule?: string;
  /** The field of the Kustomization's document that is at fault. */
  readonly field?: FieldPath;
}

/** Opens sources as they are on one side of a review. */
export interface Repositories {
  open(url: string, ref: SourceRef): Promise<ResolvedSource>;
  /** The platform repository, for a sourceRef to `flux-system/flux-system` that the fleet does not define. */
  platform(root: ClusterRoot): Promise<ResolvedSource>;
}
