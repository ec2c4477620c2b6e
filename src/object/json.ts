// Reading hostile JSON: what is not of the shape that was asked for counts as empty.
import type { Json } from './object.ts';

export type JsonMapping = Readonly<Record<string, Json | undefined>>;

/** The value itself where it is a mapping, else an empty one. Numbers carried as `JSON.rawJSON` are no mappings. */
export function mapping(value: unknown): JsonMapping {
  return isMapping(value) ? value : {};
}

export function isMapping(value: unknown): value is JsonMapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/** The value itself where it is a list, else an empty one. */
export function list(value: unknown): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

/** Absent in the way the API server sees it: not there, or null. */
export function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

/** Says nothing: absent, `''`, `0`, `false`, or a list or mapping that holds only such values (`status: {}`). */
export function isBlank(value: unknown): boolean {
  if (isAbsent(value) || value === '' || value === 0 || value === false) return true;
  if (Array.isArray(value)) return value.every(isBlank);
  return isMapping(value) && Object.values(value).every(isBlank);
}
