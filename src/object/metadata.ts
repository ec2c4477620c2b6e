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
    digest: digestOf(metadata),
  };
}

/** Labels, annotations, finalizers and owners, as the server orders them: maps by key, lists as they were written. */
function digestOf(metadata: Readonly<Record<string, Json | undefined>>): string {
  const parts = ['labels', 'annotations', 'finalizers', 'ownerReferences'].map((field) => metadata[field] ?? null);
  return hash('sha256', JSON.stringify(parts), 'base64url').slice(0, 22);
}
