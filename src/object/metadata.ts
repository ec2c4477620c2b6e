// Of an object, only what says whether somebody touched it.
import { hash } from 'node:crypto';
import { asObject, asString, stringMap } from '../flux/read.ts';
import { isAbsent, mapping } from './json.ts';
import type { Json, KubeObject } from './object.ts';
import type { ObjectMetadata } from '../ports/kube.ts';

/**
 * The metadata of an object as a list or watch of metadata shows it, so that both can be compared; undefined where it has
 * no name, uid or resource version, as no object of an API server does.
 */
export function metadataOf(object: Pick<KubeObject, 'metadata'>): ObjectMetadata | undefined {
  const metadata = mapping(object.metadata);
  const name = asString(metadata['name']);
  const uid = asString(metadata['uid']);
  const resourceVersion = asString(metadata['resourceVersion']);
  if (name === undefined || uid === undefined || resourceVersion === undefined) return undefined;
  const generation = metadata['generation'];
  return {
    namespace: asString(metadata['namespace']) ?? '',
    name,
    uid,
    resourceVersion,
    generation: typeof generation === 'number' ? generation : undefined,
    deleting: !isAbsent(metadata['deletionTimestamp']),
    labels: stringMap(asObject(metadata['labels'])),
    digest: metadataDigest(metadata),
  };
}

/**
 * A digest of labels and annotations, of 32 hex digits: what of its metadata an apply looks at. It moves when a person
 * edits them, not when a status or a finalizer does. Independent of the order of keys; absent and empty are one.
 */
export function metadataDigest(metadata: Readonly<Record<string, Json | undefined>>): string {
  const parts = ['labels', 'annotations'].map((field) => `${field}=${inOrder(metadata[field])}\n`);
  return hash('sha256', parts.join(''), 'hex').slice(0, 32);
}

function inOrder(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '' : `[${value.map(inOrder).join(',')}]`;
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return JSON.stringify(value) ?? '';
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  if (entries.length === 0) return '';
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${inOrder(child)}`).join(',')}}`;
}
