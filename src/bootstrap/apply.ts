// Brings objects into a cluster one by one, and says of each what happened.
import { SluiceError } from '../errors.ts';
import { stringAt } from '../flux/read.ts';
import { groupOf, nameOf, namespaceOf, objectLabel, versionOf } from '../object/id.ts';
import { mapping } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import { showIdentifier } from '../object/show.ts';
import type { ClusterAdmin } from '../ports/kube-admin.ts';
import type { ObjectAddress, ServedKinds } from '../ports/kube.ts';

/** `kept`: it is there, and not ours to change: Git has it, or it is newer or older and in use. */
export type BootstrapAction = 'created' | 'configured' | 'unchanged' | 'kept';

export interface BootstrapStep {
  /** `ClusterRole/sluice-agent` */
  readonly object: string;
  readonly action: BootstrapAction;
  /** Why it was kept. */
  readonly note?: string;
}

const owner = 'kustomize.toolkit.fluxcd.io';

/** @throws SluiceError `kube.*`; `kube.gone` where the cluster does not serve the kind */
export async function bring(admin: ClusterAdmin, object: KubeObject, dryRun: boolean): Promise<BootstrapStep> {
  const label = objectLabel(object);
  const served = versionServed(await admin.kinds(), object);
  // A dry run has made neither the definition nor the namespace that this one needs.
  if (served === undefined && dryRun) return { object: label, action: 'created' };
  if (served === undefined)
    throw new SluiceError('kube.gone', `the cluster serves no ${object.kind} of ${object.apiVersion}`, {
      kind: 'notReady',
    });
  const { address, manifest } = served;
  const live = await admin.get(address);
  const from = live === undefined ? undefined : ownerOf(live);
  if (from !== undefined) return { object: label, action: 'kept', note: `it comes from Git, by Kustomization/${from}` };
  if (live === undefined) {
    if (!dryRun) await admin.apply(address, manifest, { dryRun });
    return { object: label, action: 'created' };
  }
  // An apply that changes nothing may still count as a write to whoever watches, so it is tried first.
  const tried = await admin.apply(address, manifest, { dryRun: true });
  if (intent(live) === intent(tried.object)) return { object: label, action: 'unchanged' };
  if (!dryRun) await admin.apply(address, manifest, { dryRun });
  return { object: label, action: 'configured' };
}

/** The live object at an object's place; undefined where it or its kind is not there. */
export async function liveOf(admin: ClusterAdmin, object: KubeObject): Promise<KubeObject | undefined> {
  const served = versionServed(await admin.kinds(), object);
  return served === undefined ? undefined : await admin.get(served.address);
}

/** In the version that it is written in where that is served, else in the one that is: fleets outlive versions. */
function versionServed(
  kinds: ServedKinds,
  object: KubeObject,
): { readonly address: ObjectAddress; readonly manifest: KubeObject } | undefined {
  const group = groupOf(object.apiVersion);
  const exactly = kinds.exactly(group, versionOf(object.apiVersion), object.kind);
  const kind = exactly ?? kinds.find(group, object.kind);
  if (kind === undefined) return undefined;
  const apiVersion = group === '' ? kind.version : `${group}/${kind.version}`;
  return {
    address: { kind, namespace: namespaceOf(object), name: nameOf(object) },
    manifest: { ...object, apiVersion },
  };
}

/** `flux-system/apps`: the Kustomization that has applied it. */
export function ownerOf(live: KubeObject): string | undefined {
  const labels = live.metadata.labels;
  const [namespace, name] = [stringAt(labels, `${owner}/namespace`), stringAt(labels, `${owner}/name`)];
  return namespace === undefined || name === undefined
    ? undefined
    : `${showIdentifier(namespace)}/${showIdentifier(name)}`;
}

/** What was wanted of an object: without what the server counts, and what controllers say. */
function intent(object: KubeObject): string {
  const metadata = { ...mapping(object.metadata), managedFields: null, resourceVersion: null, generation: null };
  return JSON.stringify({ ...object, metadata, status: null });
}
