// Reading one object, and what a list or a watch holds. What comes back is held against what was asked for.
import { SluiceError } from '../../errors.ts';
import { isMapping, type JsonMapping, mapping } from '../../object/json.ts';
import type { KubeObject } from '../../object/object.ts';
import type { ObjectAddress, ObjectMetadata, ServedKind } from '../../ports/kube.ts';
import { type Ask, type Caller, unusable } from './caller.ts';
import { isTooDeep } from './exact.ts';
import { metadataOf } from '../../object/metadata.ts';
import { objectPath } from './path.ts';
import type { Target } from './refusal.ts';

/** `apps/v1`, `v1` */
export function apiVersionOf(kind: Pick<ServedKind, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** A request in RBAC's words. */
export function targetOf(
  verb: string,
  kind: ServedKind,
  namespace: string,
  name: string,
  subresource?: string,
): Omit<Target, 'user'> {
  const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
  return { verb, resource: subresource === undefined ? resource : `${resource}/${subresource}`, namespace, name };
}

export async function getObject(caller: Caller, address: ObjectAddress): Promise<KubeObject | undefined> {
  const { kind, namespace, name } = address;
  const target = targetOf('get', kind, namespace, name);
  const path = objectPath(address);
  const ask: Ask = { count: 'get', target, method: 'GET', path, query: '', missing: true, repeatable: 'yes' };
  const { status, json } = await caller.ask(ask);
  return status === 404 ? undefined : readObject(json, address, target);
}

/** The object in an answer. @throws SluiceError `kube.unavailable` where it is not the one at this address */
export function readObject(json: JsonMapping, address: ObjectAddress, target: Omit<Target, 'user'>): KubeObject {
  const object = readItem(json, address.kind, target);
  const { name, namespace } = object.metadata;
  if (name !== address.name || (namespace ?? '') !== address.namespace)
    throw unusable(target, 'it is about another object');
  return object;
}

function readItem(item: JsonMapping, kind: ServedKind, target: Omit<Target, 'user'>): KubeObject {
  if (item['kind'] !== kind.kind || item['apiVersion'] !== apiVersionOf(kind))
    throw unusable(target, `it is no ${kind.kind} of ${apiVersionOf(kind)}`);
  if (!isMapping(item['metadata'])) throw unusable(target, 'it has no metadata');
  if (isTooDeep(item)) throw new SluiceError('kube.tooLarge', `${target.verb} ${target.resource}: nests too deep`);
  return item as KubeObject;
}

/** How the items of a list are asked for and read. */
export interface Reading<Item> {
  readonly listAccept: string;
  readonly watchAccept: string;
  readonly pageSize: number;
  /** @throws SluiceError `kube.unavailable` for what is not of this kind */
  read(item: JsonMapping, kind: ServedKind, target: Omit<Target, 'user'>): Item;
}

export const wholeObjects: Reading<KubeObject> = {
  listAccept: 'application/json',
  watchAccept: 'application/json',
  pageSize: 500,
  // Items of a list of built-in kinds do not repeat what the list is of.
  read: (item, kind, target) => readItem({ apiVersion: apiVersionOf(kind), kind: kind.kind, ...item }, kind, target),
};

export const metadataAlone: Reading<ObjectMetadata> = {
  listAccept: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
  watchAccept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  pageSize: 1000,
  read: (item, _kind, target) => {
    const metadata = metadataOf({ metadata: mapping(item['metadata']) as KubeObject['metadata'] });
    if (metadata === undefined) throw unusable(target, 'an object has no name, uid or resource version');
    return metadata;
  },
};
