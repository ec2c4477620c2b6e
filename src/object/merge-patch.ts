// JSON merge patches, RFC 7396.
import { isMapping } from './json.ts';

/** True where the merge patch would change nothing of the value. The order of keys says nothing, that of lists does. */
export function isMerged(value: unknown, patch: unknown): boolean {
  if (patch === undefined) return true;
  if (patch === null) return value === undefined || value === null;
  if (!isMapping(patch)) return isSame(value, patch);
  return isMapping(value) && Object.entries(patch).every(([key, part]) => isMerged(own(value, key), part));
}

function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((part, at) => isSame(part, other[at]));
  if (!isMapping(one) || !isMapping(other)) return one === other;
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => isSame(own(one, key), own(other, key)));
}

function own(value: object, key: string): unknown {
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}
