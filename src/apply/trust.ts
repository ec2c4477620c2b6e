// Which words on a live object are ours: those that our own apply put there.
import { isMapping } from '../object/json.ts';
import type { Json, KubeObject } from '../object/object.ts';
import { isOwn, managedFieldsOf, ownsField } from './managed-fields.ts';

/** The object with only the labels and annotations that came from Git. */
export function fromGit(live: KubeObject): KubeObject {
  const own = managedFieldsOf(live).filter(isOwn);
  const kept = (field: 'labels' | 'annotations'): Json => {
    const map = live.metadata[field];
    if (!isMapping(map)) return {};
    const entries = Object.entries(map).filter(([key]) =>
      own.some(({ fields }) => ownsField(fields, live as Json, ['metadata', field, key])),
    );
    return Object.fromEntries(entries) as Json;
  };
  return { ...live, metadata: { ...live.metadata, labels: kept('labels'), annotations: kept('annotations') } };
}
