// The fields in which two objects differ.
import type { FieldPath, Json } from '../object/object.ts';
import { isMap, type JsonMap } from './normalise.ts';

/** A field that differs. `before` or `after` is undefined where the field is missing on that side. */
export interface FieldChange {
  /** In the head object, or in the base object for a field that went away. */
  readonly path: FieldPath;
  /** As `path`, with items of lists by their name where they have one: `['containers', 'web', 'image']`. */
  readonly names: readonly string[];
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

const most = 1000;

/**
 * Lists the deepest fields in which two objects differ, in the objects' key order, at most 1,000. Items of lists are
 * compared by `name` where all have a unique one, else by position. A field present on one side only is one change.
 */
export function changedFields(base: JsonMap, head: JsonMap): readonly FieldChange[] {
  const found: FieldChange[] = [];
  compare({ before: base, after: head, path: [], names: [] }, found);
  return found;
}

function compare(at: FieldChange, found: FieldChange[]): void {
  const { before, after } = at;
  if (found.length >= most || before === after) return;
  if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      const one = Object.hasOwn(before, key) ? before[key] : undefined;
      const other = Object.hasOwn(after, key) ? after[key] : undefined;
      compare({ before: one, after: other, path: [...at.path, key], names: [...at.names, key] }, found);
    }
  } else if (Array.isArray(before) && Array.isArray(after)) {
    compareLists(at, before, after, found);
  } else if (JSON.stringify(before) !== JSON.stringify(after)) {
    found.push(at);
  }
}

function compareLists(at: FieldChange, before: readonly Json[], after: readonly Json[], found: FieldChange[]): void {
  const beforeByName = positions(before);
  const afterByName = positions(after);
  if (beforeByName === undefined || afterByName === undefined) {
    for (let index = 0; index < Math.max(before.length, after.length); index += 1) {
      const inside = { path: [...at.path, index], names: [...at.names, String(index)] };
      compare({ before: before[index], after: after[index], ...inside }, found);
    }
    return;
  }
  for (const name of new Set([...beforeByName.keys(), ...afterByName.keys()])) {
    const from = beforeByName.get(name);
    const to = afterByName.get(name);
    compare(
      {
        before: from === undefined ? undefined : before[from],
        after: to === undefined ? undefined : after[to],
        path: [...at.path, to ?? from ?? 0],
        names: [...at.names, name],
      },
      found,
    );
  }
}

function positions(items: readonly Json[]): Map<string, number> | undefined {
  const result = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const name = isMap(item) ? item['name'] : undefined;
    if (typeof name !== 'string' || result.has(name)) return undefined;
    result.set(name, index);
  }
  return result;
}
