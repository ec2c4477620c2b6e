// Removes what a cluster or a generator writes and no person decides, so that it never shows as a change.
import type { Json, KubeObject } from '../object/object.ts';

/** A map of a manifest, as `isMap` finds it. */
export type JsonMap = { readonly [key: string]: Json };

/** Tells whether a value is a map; lists, null and exact numbers (`JSON.rawJSON`) are not. */
export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !JSON.isRawJSON(value);
}

/**
 * Returns the object without its noise: the top-level `status`, `metadata.managedFields` and a null
 * `metadata.creationTimestamp`, the last one also in the metadata of templates. Everything else stays, empty maps
 * included. The input is not modified.
 */
export function normalise(object: KubeObject): JsonMap {
  const { status: _status, ...rest } = object;
  const { managedFields: _managed, ...metadata } = object.metadata;
  return withoutNullTimestamps({ ...rest, metadata } as JsonMap);
}

function withoutNullTimestamps(value: JsonMap): JsonMap {
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, cleaned(key, child)]));
}

function cleaned(key: string, child: Json): Json {
  if (!isMap(child)) return child;
  const map = withoutNullTimestamps(child);
  if (key !== 'metadata' || map['creationTimestamp'] !== null) return map;
  const { creationTimestamp: _timestamp, ...kept } = map;
  return kept;
}
