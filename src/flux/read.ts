// Reading fields out of a manifest whose every value is hostile: wrong types read as absent, or are reported.
import { groupOf } from '../object/id.ts';
import type { Json, KubeObject } from '../object/object.ts';

export type JsonObject = { readonly [key: string]: Json };

/** The value as a plain object, or undefined for anything else (null, list, scalar). */
export function asObject(value: Json | undefined): JsonObject | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return undefined;
  return value as JsonObject;
}

export function asList(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

export function asString(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function stringAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  return asString(valueAt(value, ...path));
}

export function valueAt(value: Json | undefined, ...path: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const key of path) {
    const object = asObject(at);
    at = object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;
  }
  return at;
}

/** Entries of a map whose values are strings; other values are left out. */
export function stringMap(value: Json | undefined): Record<string, string> {
  const out: Record<string, string> = Object.create(null);
  for (const [key, entry] of Object.entries(asObject(value) ?? {})) if (typeof entry === 'string') out[key] = entry;
  return out;
}

/** The values of a Secret's `data` as text; what is no string is left out. */
export function secretTexts(secret: KubeObject): Record<string, string> {
  const out: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(stringMap(secret['data'])))
    out[key] = Buffer.from(value, 'base64').toString('utf8');
  return out;
}

export function isKind(object: KubeObject, group: string, kind: string): boolean {
  return object.kind === kind && groupOf(object.apiVersion) === group;
}
