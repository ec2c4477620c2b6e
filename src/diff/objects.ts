// The difference that a merge makes to the objects of one build, masked from the first step on.
import { isPrecious } from '../apply/immutable.ts';
import { switchesOf } from '../apply/switches.ts';
import { groupOf, namespaceOf, objectId, objectLabel } from '../object/id.ts';
import type { BuiltObject, FieldPath, Json, ObjectSource } from '../object/object.ts';
import type { Action } from '../report/report.ts';
import type { ObjectChange } from './change.ts';
import { changedFields } from './fields.ts';
import { maskPair } from './mask.ts';
import { isMap, type JsonMap } from './normalise.ts';
import { type ObjectPair, pairObjects, type Rename } from './pair.ts';
import { assess, type Difference, type Forced } from './risk.ts';
import { type SecretValues, secretValues } from './secret-values.ts';
import { summarise } from './summary.ts';
import { type DiffEffort, newEffort, unifiedDiff } from './unified.ts';
import { yamlLines } from './yaml.ts';

export interface DiffRequest {
  /** Objects of the base side; empty where nothing was built there. */
  readonly base: readonly BuiltObject[];
  readonly head: readonly BuiltObject[];
  /** A build of either side copies values out of a Secret. */
  readonly copiesSecrets: boolean;
  /** Values of Secrets that either build copied, whose Secrets may be in neither. */
  readonly copiedValues?: readonly string[];
  /** The Kustomization recreates what cannot be changed in place (`spec.force`). @defaultValue false */
  readonly force?: boolean;
  /** Files that the change touches, relative to the source's root. */
  readonly changedFiles: ReadonlySet<string>;
  /** Shared between the builds of one review, so that its diffs together stay within bounds. */
  readonly effort?: DiffEffort;
}

/** A change with the field whose line would be the better place, for `Renderer.locate`. */
export interface LocatedChange extends ObjectChange {
  /** Look the path up in the document of this source; `side` says in which tree. Absent where the line is exact. */
  readonly locate?: { readonly side: 'base' | 'head'; readonly source: ObjectSource; readonly path: FieldPath };
}

export interface ObjectsDiff {
  /** In the order of the head side's objects, deletions last. */
  readonly changes: readonly LocatedChange[];
  readonly unchanged: number;
}

/**
 * Compares two builds object by object. Secrets are masked before anything is compared and appear in no field of the
 * result; noise and generated names are paired away, so an object whose only difference is noise counts as unchanged.
 * `file` and `line` are the nearest source that the change touched, else the object's declaration.
 */
export function diffObjects(request: DiffRequest): ObjectsDiff {
  const { base, head, copiesSecrets, copiedValues = [] } = request;
  if (base === head) return { changes: [], unchanged: head.length };
  const values = secretValues([...base, ...head], { copiesSecrets, copiedValues });
  const { pairs, renames } = pairObjects(base, head);
  const effort = request.effort ?? newEffort();
  const changes: LocatedChange[] = [];
  let unchanged = 0;
  for (const pair of pairs) {
    const change = sameAsWritten(pair) ? undefined : diffPair(pair, renames, { values, effort, request });
    if (change === undefined) unchanged += 1;
    else changes.push(change);
  }
  return { changes, unchanged };
}

interface Review {
  readonly values: SecretValues;
  readonly effort: DiffEffort;
  readonly request: DiffRequest;
}

function sameAsWritten({ base, head }: ObjectPair): boolean {
  if (base === undefined || head === undefined) return false;
  return base.object === head.object || JSON.stringify(base.object) === JSON.stringify(head.object);
}

function diffPair(pair: ObjectPair, renames: readonly Rename[], review: Review): LocatedChange | undefined {
  const masked = maskPair(pair.base?.object, pair.head?.object, review.values);
  const built = pair.head ?? pair.base;
  if (built === undefined) return undefined;
  const plain = differenceOf(built, masked.base, masked.head);
  if (plain === undefined) return undefined;
  const own = renamesFor(built, renames);
  const muted =
    own.size === 0 ? plain : differenceOf(built, withShownNames(masked.base, own), withShownNames(masked.head, own));
  // Nothing but a generated name: show that, and that the pods restart for what it names.
  const shown = muted ?? plain;
  const assessment = assess(plain, forcedOf(built, review.request));
  const renamed = muted === undefined ? [...new Set(own.values())].filter((name) => mentions(plain, name, own)) : [];
  const summary = summarise(shown, assessment);
  return {
    action: shown.action,
    id: objectId(built.object),
    object: labelOf(built, review.values),
    risk: assessment.risk,
    summary: renamed.length === 0 ? summary : [`${renamed.join(', ')} changed`, ...assessment.reasons].join('; '),
    diff: unifiedDiff(printed(shown.base), printed(shown.head), review.effort),
    ...placeOf(pair, shown, review.request.changedFiles),
  };
}

function differenceOf(
  { object }: BuiltObject,
  base: JsonMap | undefined,
  head: JsonMap | undefined,
): Difference | undefined {
  const of = { kind: object.kind, group: groupOf(object.apiVersion), base, head };
  if (base === undefined || head === undefined) {
    const action: Action = base === undefined ? 'created' : 'deleted';
    return { ...of, action, fields: changedFields(base ?? {}, head ?? {}) };
  }
  const fields = changedFields(base, head);
  return fields.length === 0 ? undefined : { ...of, action: 'configured', fields };
}

function forcedOf({ object }: BuiltObject, { force = false }: DiffRequest): Forced {
  if (isPrecious(object)) return 'never';
  return force || switchesOf(object).force ? 'yes' : 'no';
}

function printed(object: JsonMap | undefined): ReturnType<typeof yamlLines> {
  return object === undefined ? [] : yamlLines(object);
}

function labelOf({ object }: BuiltObject, values: SecretValues): string {
  const label = objectLabel(object);
  return values.copied
    ? label
        .split('/')
        .map((part, index) => (index === 0 ? part : values.scrub(part)))
        .join('/')
    : label;
}

function renamesFor({ object }: BuiltObject, renames: readonly Rename[]): ReadonlyMap<string, string> {
  const namespace = namespaceOf(object);
  const result = new Map<string, string>();
  for (const rename of renames) {
    if (rename.namespace !== namespace) continue;
    result.set(rename.from, rename.shown);
    result.set(rename.to, rename.shown);
  }
  return result;
}

function withShownNames(object: JsonMap | undefined, names: ReadonlyMap<string, string>): JsonMap | undefined {
  return object === undefined ? undefined : (replaceNames(object, names) as JsonMap);
}

function replaceNames(value: Json, names: ReadonlyMap<string, string>): Json {
  if (typeof value === 'string') return names.get(value) ?? value;
  if (Array.isArray(value)) return value.map((item: Json) => replaceNames(item, names));
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replaceNames(child, names)]));
}

function mentions({ fields }: Difference, shown: string, names: ReadonlyMap<string, string>): boolean {
  return fields.some(({ after }) => typeof after === 'string' && names.get(after) === shown);
}

/** The last source that the change touched, else the declaration; for a deletion, where the base side declared it. */
function placeOf(
  { base, head }: ObjectPair,
  { action, fields }: Difference,
  changedFiles: ReadonlySet<string>,
): Pick<LocatedChange, 'file' | 'line' | 'locate'> {
  const side = head === undefined ? 'base' : 'head';
  const sources = (head ?? base)?.sources ?? [];
  const touched = side === 'head' ? sources.findLast(({ file }) => changedFiles.has(file)) : undefined;
  const source = touched ?? sources[0];
  if (source === undefined) return { file: null, line: null };
  const place = { file: source.file, line: source.line };
  // A field that went away has no line on the head side; its parent has.
  const field = fields.find(({ path }) => path[0] !== 'apiVersion' && path[0] !== 'kind');
  if (action !== 'configured' || field === undefined || source.by === 'generated') return place;
  const path = field.after === undefined ? field.path.slice(0, -1) : field.path;
  return { ...place, locate: { side, source, path } };
}
