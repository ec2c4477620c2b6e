// Writes of manifests, as one service account. The address and the object must agree before anything is sent.
import { SluiceError } from '../../errors.ts';
import type { ServiceAccountRef } from '../../fleet/tenant.ts';
import { isAbsent } from '../../object/json.ts';
import type { Json, KubeObject } from '../../object/object.ts';
import { showText } from '../../object/show.ts';
import type { Applied, ApplyOptions, KubeWriter, ObjectAddress } from '../../ports/kube.ts';
import type { Caller } from './caller.ts';
import { deleteObject } from './delete.ts';
import { listObjects } from './lists.ts';
import { apiVersionOf, getObject, readObject, targetOf, wholeObjects } from './objects.ts';
import { objectPath, queryOf } from './path.ts';

/** Flux's, so that a fleet moves between the two with the same ownership. */
export const fieldManager = 'kustomize-controller';

/** The API server reads no more than this (`--max-request-body-bytes` of generic servers: 3 MiB). */
const maxBodyBytes = 3 * 1024 * 1024;

export function createWriter(account: ServiceAccountRef, caller: Caller): KubeWriter {
  return {
    account,
    get: (address) => getObject(caller, address),
    list: async (kind, options) => (await listObjects(caller, kind, options, wholeObjects)).items,
    apply: (address, object, options) => applyObject(caller, address, object, options),
    patchManagedFields: (address, managedFields, resourceVersion) =>
      patchManagedFields(caller, address, managedFields, resourceVersion),
    delete: (address, uid) => deleteObject(caller, address, uid),
  };
}

/** Server-side apply, strict. @throws SluiceError `kube.*`; `kube.path` where the object is not the one at the address */
export async function applyObject(
  caller: Caller,
  address: ObjectAddress,
  object: KubeObject,
  { dryRun, force, manager = fieldManager }: ApplyOptions & { readonly manager?: string },
): Promise<Applied> {
  const path = objectPath(address);
  const { kind, namespace, name } = address;
  checkObject(address, object);
  const text = JSON.stringify(object);
  const target = targetOf('patch', kind, namespace, name);
  if (text.length > maxBodyBytes || Buffer.byteLength(text) > maxBodyBytes)
    throw new SluiceError('kube.tooLarge', `patch ${target.resource} ${name}: the object is over 3 MiB`, {
      remedy: 'split it: an object may have about 1 MiB',
    });
  const query = queryOf({
    fieldManager: manager,
    fieldValidation: 'Strict',
    force: force ? 'true' : undefined,
    dryRun: dryRun ? 'All' : undefined,
  });
  const { status, json } = await caller.ask({
    count: dryRun ? 'dryRun' : 'apply',
    target,
    method: 'PATCH',
    path,
    query,
    body: { type: 'application/apply-patch+yaml', text },
    repeatable: 'yes',
  });
  return { object: readObject(json, address, target), created: status === 201 };
}

/** The object says of itself what the address says, and nothing that only the server may say. */
function checkObject({ kind, namespace, name }: ObjectAddress, object: KubeObject): void {
  const { metadata } = object;
  const same =
    object.apiVersion === apiVersionOf(kind) &&
    object.kind === kind.kind &&
    metadata.name === name &&
    (kind.namespaced ? metadata.namespace === namespace : isAbsent(metadata.namespace));
  if (!same) throw new SluiceError('kube.path', `the object at ${showText(name)} says that it is another one`);
  for (const field of ['managedFields', 'resourceVersion', 'generateName']) {
    if (isAbsent(metadata[field])) continue;
    throw new SluiceError('kube.invalid', `the object ${showText(name)} has metadata.${field}`, {
      remedy: `take metadata.${field} out of the manifest`,
    });
  }
}

async function patchManagedFields(
  caller: Caller,
  address: ObjectAddress,
  managedFields: unknown,
  resourceVersion: string,
): Promise<KubeObject> {
  const { kind, namespace, name } = address;
  const target = targetOf('patch', kind, namespace, name);
  const operations = [
    { op: 'replace', path: '/metadata/managedFields', value: managedFields as Json },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
  ];
  const { json } = await caller.ask({
    count: 'patch',
    target,
    method: 'PATCH',
    path: objectPath(address),
    query: queryOf({ fieldManager }),
    body: { type: 'application/json-patch+json', text: JSON.stringify(operations) },
    repeatable: 'unseen',
  });
  return readObject(json, address, target);
}
