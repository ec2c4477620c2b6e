// All that the agent writes as itself: status and metadata of Flux documents.
import { SluiceError } from '../../errors.ts';
import { mapping } from '../../object/json.ts';
import type { KubeObject } from '../../object/object.ts';
import { showIdentifier } from '../../object/show.ts';
import type { KubeCounters, ObjectAddress } from '../../ports/kube.ts';
import type { Caller } from './caller.ts';
import { readObject, targetOf } from './objects.ts';
import { objectPath, queryOf } from './path.ts';

const fluxGroup = /^([a-z0-9-]+)\.toolkit\.fluxcd\.io$/;

export function patchStatus(
  caller: Caller,
  address: ObjectAddress,
  status: KubeObject['status'],
  resourceVersion: string | undefined,
): Promise<KubeObject> {
  const metadata = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
  return mergePatch(caller, address, { ...metadata, status }, { count: 'status', subresource: 'status' });
}

export function patchMetadata(
  caller: Caller,
  address: ObjectAddress,
  changes: { readonly finalizers?: readonly string[]; readonly annotations?: Readonly<Record<string, string | null>> },
  resourceVersion: string | undefined,
): Promise<KubeObject> {
  const { finalizers, annotations } = changes;
  const metadata = { resourceVersion, finalizers, annotations };
  return mergePatch(caller, address, { metadata }, { count: 'patch' });
}

async function mergePatch(
  caller: Caller,
  address: ObjectAddress,
  patch: Readonly<Record<string, unknown>>,
  { count, subresource }: { readonly count: keyof KubeCounters; readonly subresource?: 'status' },
): Promise<KubeObject> {
  const { kind, namespace, name } = address;
  const path = objectPath(address, subresource);
  const target = targetOf('patch', kind, namespace, name, subresource);
  // As Flux's own controllers sign their status patches (fluxcd/pkg runtime/patch, `gotk-kustomize-controller`).
  const controller = fluxGroup.exec(kind.group)?.[1];
  if (controller === undefined)
    throw new SluiceError('kube.identity', `the agent’s own account does not write ${showIdentifier(kind.kind)}`);
  const compared = mapping(patch['metadata'])['resourceVersion'] !== undefined;
  const { json } = await caller.ask({
    count,
    target,
    method: 'PATCH',
    path,
    query: queryOf({ fieldManager: `gotk-${controller}-controller` }),
    body: { type: 'application/merge-patch+json', text: JSON.stringify(patch) },
    // A compare-and-set that was done, and is tried again, would look like somebody else's change.
    repeatable: compared ? 'unseen' : 'yes',
  });
  return readObject(json, address, target);
}
