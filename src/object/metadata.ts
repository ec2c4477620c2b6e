// Of an object, only what says whether somebody touched it.
import { hash } from 'node:crypto';
import { asObject, asString, stringMap } from '../flux/read.ts';
import { isAbsent, list, mapping } from './json.ts';
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
 * A digest, of 32 hex digits, of who manages which fields of an object, as far as an apply by Flux's field manager looks at
 * it: its own entries, and those of kubectl, whose fields it takes over. Whoever changes a field that we applied takes it out
 * of our entry, so this moves when somebody meddles, and stays when a controller writes a status, a scale, or fields and
 * annotations of its own. Independent of the order of keys.
 */
export function metadataDigest(metadata: Readonly<Record<string, Json | undefined>>): string {
  const entries = list(metadata['managedFields']).flatMap((entry) => {
    const { manager, operation, subresource, fieldsV1 } = mapping(entry);
    const counts =
      typeof manager === 'string' && isAbsent(subresource) && (ours.has(manager) || manager.startsWith('kubectl'));
    return counts ? [inOrder([manager, operation ?? null, fieldsV1 ?? null])] : [];
  });
  return hash('sha256', entries.toSorted().join('\n'), 'hex').slice(0, 32);
}

/** Flux's field manager, and the one that holds what was there before the first apply. */
const ours: ReadonlySet<string> = new Set(['kustomize-controller', 'before-first-apply']);

function inOrder(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '' : `[${value.map(inOrder).join(',')}]`;
  if (typeof value !== 'object' || value === null || JSON.isRawJSON(value)) return JSON.stringify(value) ?? '';
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  if (entries.length === 0) return '';
  return `{${entries.map(([key, child]) => `${JSON.stringify(key)}:${inOrder(child)}`).join(',')}}`;
}
