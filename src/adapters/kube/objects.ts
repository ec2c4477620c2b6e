// Reading: one object, or all of a kind in pages. What comes back is held against what was asked for.
import { SluiceError } from '../../errors.ts';
import { isMapping, type JsonMapping, mapping } from '../../object/json.ts';
import type { KubeObject } from '../../object/object.ts';
import type { ListOptions, ObjectAddress, ObjectMetadata, ServedKind } from '../../ports/kube.ts';
import { type Ask, type Caller, unusable } from './caller.ts';
import { isTooDeep } from './exact.ts';
import { metadataOf } from '../../object/metadata.ts';
import { listPath, objectPath, queryOf, selectorOf } from './path.ts';
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

/** All of a list, and the version that a watch can go on from. */
export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly resourceVersion: string;
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

const maxPageBytes = 64 * 1024 * 1024;
/** More objects of one kind than this are not held in memory. */
const maxItems = 500_000;
const maxRestarts = 3;

/**
 * Lists page by page, from the start again where the server has forgotten the next page.
 * @throws SluiceError `kube.tooLarge` beyond 500,000 objects
 */
export async function listObjects<Item>(
  caller: Caller,
  kind: ServedKind,
  options: ListOptions,
  reading: Reading<Item>,
): Promise<Listed<Item>> {
  const pages = pagesOf(caller, kind, options, reading);
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await pages();
    } catch (error) {
      if (restarts === maxRestarts || !isExpired(error)) throw error;
    }
  }
}

function pagesOf<Item>(
  caller: Caller,
  kind: ServedKind,
  options: ListOptions,
  reading: Reading<Item>,
): () => Promise<Listed<Item>> {
  const target = targetOf('list', kind, options.namespace ?? '', '');
  const path = listPath(kind, options.namespace);
  const labelSelector = selectorOf(options.labels);
  const page = async (next: string | undefined): Promise<Page> => {
    const query = queryOf({ limit: String(reading.pageSize), labelSelector, continue: next });
    const { listAccept: accept } = reading;
    const ask: Ask = {
      count: 'list',
      target,
      method: 'GET',
      path,
      query,
      accept,
      maxBytes: maxPageBytes,
      repeatable: 'yes',
    };
    return readPage((await caller.ask(ask)).json, target);
  };
  return async () => {
    const items: Item[] = [];
    for (let next: string | undefined; ; ) {
      const read = await page(next);
      for (const item of read.items) items.push(reading.read(item, kind, target));
      if (items.length > maxItems) throw new SluiceError('kube.tooLarge', `list ${target.resource}: over ${maxItems}`);
      if (read.next === undefined) return { items, resourceVersion: read.resourceVersion };
      if (read.next === next) throw unusable(target, 'the list does not go on');
      next = read.next;
    }
  };
}

interface Page {
  readonly items: readonly JsonMapping[];
  readonly resourceVersion: string;
  readonly next: string | undefined;
}

/** The server has forgotten the page or the version that was asked for (HTTP 410). */
export function isExpired(error: unknown): boolean {
  return error instanceof SluiceError && mapping(error.cause)['status'] === 410;
}

function readPage(json: JsonMapping, target: Omit<Target, 'user'>): Page {
  const metadata = mapping(json['metadata']);
  const { resourceVersion, continue: next } = metadata;
  const kind = json['kind'];
  // A slice that holds nothing is null in Go's JSON.
  const items = json['items'] === null ? [] : json['items'];
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items))
    throw unusable(target, 'it is no list');
  if (!isOpaque(resourceVersion)) throw unusable(target, 'the list has no resource version');
  if (!items.every(isMapping)) throw unusable(target, 'the list holds something that is no object');
  if (next === undefined || next === null || next === '') return { items, resourceVersion, next: undefined };
  return isOpaque(next) ? { items, resourceVersion, next } : missingPage(target);
}

function missingPage(target: Omit<Target, 'user'>): never {
  throw unusable(target, 'the list does not say how it goes on');
}

/** A version or a token of the server's, to be given back as it came. */
export function isOpaque(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,8192}$/.test(value);
}
