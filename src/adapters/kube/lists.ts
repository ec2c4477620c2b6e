// Listing all of a kind, page by page, however large its objects are.
import { SluiceError } from '../../errors.ts';
import { isMapping, type JsonMapping, mapping } from '../../object/json.ts';
import type { ListOptions, ServedKind } from '../../ports/kube.ts';
import { type Ask, type Caller, unusable } from './caller.ts';
import { type Reading, targetOf } from './objects.ts';
import { listPath, queryOf, selectorOf } from './path.ts';
import type { Target } from './refusal.ts';

/** All of a list, and the version that a watch can go on from. */
export interface Listed<Item> {
  readonly items: readonly Item[];
  readonly resourceVersion: string;
}

const maxPageBytes = 16 * 1024 * 1024;
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
  const { listAccept: accept, pageSize } = reading;
  const page = async (size: number, next: string | undefined): Promise<Page> => {
    const query = queryOf({ limit: String(size), labelSelector, continue: next });
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
    let size = pageSize;
    for (let next: string | undefined; ; ) {
      const read = await page(size, next).catch((error: unknown) => smaller(error, size));
      if (read === undefined) {
        size = Math.floor(size / 4);
        continue;
      }
      for (const item of read.items) items.push(reading.read(item, kind, target));
      if (items.length > maxItems) throw new SluiceError('kube.tooLarge', `list ${target.resource}: over ${maxItems}`);
      if (read.next === undefined) return { items, resourceVersion: read.resourceVersion };
      if (read.next === next) throw unusable(target, 'the list does not go on');
      next = read.next;
      size = Math.min(size * 2, pageSize);
    }
  };
}

/** A few objects of the largest size fill a page that holds hundreds of others: then fewer are asked for at a time. */
function smaller(error: unknown, size: number): undefined {
  if (!(error instanceof SluiceError) || error.code !== 'kube.tooLarge' || size < 4) throw error;
  return undefined;
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
