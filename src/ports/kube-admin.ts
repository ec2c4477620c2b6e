// A cluster as the person sees it who sets it up: nobody is impersonated, and that person's own rights decide.
import type { KubeObject } from '../object/object.ts';
import type { Applied, ListOptions, ObjectAddress, ServedKind, ServedKinds } from './kube.ts';

/** Every method: @throws SluiceError `kube.*` */
export interface ClusterAdmin {
  /** As `KubeCluster.version`. */
  version(): Promise<string>;
  /** Kinds served now; asked again where `fresh`, at most once a second. */
  kinds(fresh?: boolean): Promise<ServedKinds>;
  get(address: ObjectAddress): Promise<KubeObject | undefined>;
  list(kind: ServedKind, options?: ListOptions): Promise<readonly KubeObject[]>;
  /** Server-side apply, strict, taking fields over from others: the person asked for this state. */
  apply(address: ObjectAddress, object: KubeObject, options: { readonly dryRun: boolean }): Promise<Applied>;
  close(): void;
}
