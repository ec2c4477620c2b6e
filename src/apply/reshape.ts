// What is sent of fields that rules leave to others.
import { isMapping, type JsonMapping } from '../object/json.ts';
import type { FieldPath, Json, KubeObject } from '../object/object.ts';
import { valueAtPath } from './compare.ts';
import type { Pointer } from './ignore.ts';
import { isOwn, type ManagedFields, managedFieldsOf, ownsField } from './managed-fields.ts';

/**
 * The object to send for `desired`, given what is there: of each ignored field that differs, the live value where we are
 * the only one to have applied it, and nothing at all where another Apply manager owns it. A field that is not there yet is
 * sent as Git has it. Done before the dry run, so that a value that the API server would refuse does no harm.
 *
 * A field that Git no longer has and that we own stays as it is: taking `replicas` out of Git and ignoring it is one step.
 */
export function reshape(desired: KubeObject, live: KubeObject, pointers: readonly Pointer[]): KubeObject {
  const managers = managedFieldsOf(live);
  const others = managers.filter((entry) => entry.operation === 'Apply' && !isOwn(entry));
  const own = managers.filter(isOwn);
  let result = desired as unknown as Json;
  for (const pointer of pointers) {
    const at = resolve(result, live as Json, pointer);
    if (at === undefined) continue;
    const written = valueAtPath(result, at.desired);
    const settled = settle(written, valueAtPath(live as Json, at.live), at.live, { live: live as Json, others, own });
    if (settled !== written) result = replaced(result, at.desired, settled);
  }
  return result as unknown as KubeObject;
}

/** Where a pointer leads in both objects. Items of lists belong together by their `name`, else by position. */
function resolve(
  desired: Json,
  live: Json,
  pointer: Pointer,
): { readonly desired: FieldPath; readonly live: FieldPath } | undefined {
  const paths: { desired: (string | number)[]; live: (string | number)[] } = { desired: [], live: [] };
  let one: Json | undefined = desired;
  let other: Json | undefined = live;
  for (const token of pointer) {
    const lists: boolean = Array.isArray(one) || (one === undefined && Array.isArray(other));
    if (lists && !/^\d{1,9}$/.test(token)) return undefined;
    const part: string | number = lists ? Number(token) : token;
    const item: Json | undefined = valueAtPath(one, [part]);
    const partner = typeof part === 'number' ? partnerOf(item, other, part) : part;
    paths.desired.push(part);
    paths.live.push(partner);
    one = item;
    other = valueAtPath(other, [partner]);
  }
  return paths;
}

function partnerOf(item: Json | undefined, others: Json | undefined, index: number): number {
  if (!isMapping(item) || typeof item['name'] !== 'string' || !Array.isArray(others)) return index;
  const found = (others as readonly Json[]).findIndex((one) => isMapping(one) && one['name'] === item['name']);
  return found === -1 ? (others as readonly Json[]).length : found;
}

interface Ownership {
  readonly live: Json;
  readonly others: readonly ManagedFields[];
  readonly own: readonly ManagedFields[];
}

/** The value to send, or undefined for none. `path` is in the live object. */
function settle(desired: Json | undefined, live: Json | undefined, path: FieldPath, who: Ownership): Json | undefined {
  if (live === undefined) return desired;
  if (isMapping(live) && (desired === undefined || isMapping(desired))) return settleMap(desired, live, path, who);
  if (desired !== undefined && JSON.stringify(desired) === JSON.stringify(live)) return desired;
  if (owned(who.others, path, who)) return undefined;
  return desired === undefined && !owned(who.own, path, who) ? undefined : live;
}

function settleMap(
  desired: JsonMapping | undefined,
  live: JsonMapping,
  path: FieldPath,
  who: Ownership,
): Json | undefined {
  const written = desired ?? {};
  const result: Record<string, Json> = {};
  let touched = false;
  for (const key of new Set([...Object.keys(written), ...Object.keys(live)])) {
    const before = Object.hasOwn(written, key) ? (written[key] as Json) : undefined;
    const there = Object.hasOwn(live, key) ? (live[key] as Json) : undefined;
    const after = settle(before, there, [...path, key], who);
    if (after !== before) touched = true;
    if (after !== undefined) result[key] = after;
  }
  if (!touched) return desired as Json | undefined;
  return Object.keys(result).length === 0 ? undefined : result;
}

function owned(managers: readonly ManagedFields[], path: FieldPath, { live }: Ownership): boolean {
  return managers.some(({ fields }) => ownsField(fields, live, path));
}

function replaced(value: Json | undefined, path: FieldPath, next: Json | undefined): Json {
  const [part, ...rest] = path;
  if (part === undefined) return next ?? null;
  if (typeof part === 'number') {
    const items = Array.isArray(value) ? [...(value as readonly Json[])] : [];
    if (rest.length > 0) items[part] = replaced(items[part], rest, next);
    else if (next === undefined) items.splice(part, 1);
    else items[part] = next;
    return items;
  }
  const map: Record<string, Json> = isMapping(value) ? { ...(value as Record<string, Json>) } : {};
  if (rest.length > 0) map[part] = replaced(map[part], rest, next);
  else if (next === undefined) delete map[part];
  else map[part] = next;
  return map;
}
