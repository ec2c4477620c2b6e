// Deleting one object and no other: by uid, in the background.
import { SluiceError } from '../../errors.ts';
import { isAbsent, type JsonMapping, list, mapping } from '../../object/json.ts';
import { showText } from '../../object/show.ts';
import type { ObjectAddress } from '../../ports/kube.ts';
import { type Caller, unusable } from './caller.ts';
import { getObject, readObject, targetOf } from './objects.ts';
import { objectPath } from './path.ts';

export async function deleteObject(
  caller: Caller,
  address: ObjectAddress,
  uid: string,
): Promise<'deleted' | 'deleting' | 'gone'> {
  const { kind, namespace, name } = address;
  if (!/^[A-Za-z0-9-]{1,128}$/.test(uid)) throw new SluiceError('kube.path', `${showText(uid)} is no uid`);
  const target = targetOf('delete', kind, namespace, name);
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Background', preconditions: { uid } };
  try {
    const { status, json } = await caller.ask({
      count: 'delete',
      target,
      method: 'DELETE',
      path: objectPath(address),
      query: '',
      body: { type: 'application/json', text: JSON.stringify(options) },
      missing: true,
      repeatable: 'yes',
    });
    if (status === 404) return 'gone';
    if (json['kind'] === 'Status' && json['apiVersion'] === 'v1') return deletedStatus(json, uid, target);
    const metadata = mapping(readObject(json, address, target).metadata);
    if (metadata['uid'] !== uid) throw unusable(target, 'it is about another object');
    return held(json, metadata) ? 'deleting' : 'deleted';
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'kube.conflict') throw error;
    return conflicted(caller, address, uid, error);
  }
}

function deletedStatus(json: JsonMapping, uid: string, target: ReturnType<typeof targetOf>): 'deleted' {
  const details = mapping(json['details']);
  if (json['status'] !== 'Success') throw unusable(target, 'it is no success');
  const other = !isAbsent(details['uid']) && details['uid'] !== uid;
  if (other || (!isAbsent(details['name']) && details['name'] !== target.name))
    throw unusable(target, 'it is about another object');
  return 'deleted';
}

/** Finalizers, or a time to end gracefully, keep it for a while. */
function held(json: JsonMapping, metadata: JsonMapping): boolean {
  const grace = metadata['deletionGracePeriodSeconds'];
  const finalizers = [...list(metadata['finalizers']), ...list(mapping(json['spec'])['finalizers'])];
  return finalizers.length > 0 || (typeof grace === 'number' && grace > 0);
}

/** A 409 is another object's uid, or an object that is on its way out already; only a look can tell. */
async function conflicted(
  caller: Caller,
  address: ObjectAddress,
  uid: string,
  error: SluiceError,
): Promise<'deleting' | 'gone'> {
  const there = await getObject(caller, address);
  const metadata = mapping(there?.metadata);
  if (metadata['uid'] !== uid) return 'gone';
  if (!isAbsent(metadata['deletionTimestamp'])) return 'deleting';
  throw error;
}
