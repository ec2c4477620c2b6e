// Two builds compared: what differs, and on which line. Once for all clusters on which the builds are the same.
import type { ObjectChange } from '../diff/change.ts';
import { diffObjects, type LocatedChange, type ObjectsDiff } from '../diff/objects.ts';
import { newEffort } from '../diff/unified.ts';
import type { FleetKustomization } from '../fleet/fleet.ts';
import { objectId } from '../object/id.ts';
import type { BuiltObject, KubeObject } from '../object/object.ts';
import { findPlaces, type Placed, type PlaceQuestion } from '../object/place.ts';
import type { Renderer } from '../ports.ts';
import type { Built } from './built.ts';
import type { Pair } from './pair.ts';

/** Both sides of a pair, built. */
export interface BuiltPair {
  readonly pair: Pair;
  readonly base: Built;
  readonly head: Built;
  /** Files of the head's source that the change touches. */
  readonly changed: ReadonlySet<string>;
}

const nothing: KubeObject = { apiVersion: '', kind: '', metadata: {} };

/** Belongs to one preview: what it keeps is bounded by that preview's builds. */
export class Comparisons {
  readonly #renderer: Renderer;
  readonly #effort = newEffort();
  readonly #diffs = new Map<string, ObjectsDiff>();
  readonly #lines = new Map<string, Promise<readonly ObjectChange[]>>();
  readonly #places = new Map<string, Promise<readonly Placed[]>>();

  constructor(renderer: Renderer) {
    this.#renderer = renderer;
  }

  /** How many objects are the same on both sides. */
  unchanged(built: BuiltPair): number {
    return this.#diff(built).unchanged;
  }

  /** What differs, at the lines that the builds know; nothing where a side could not be built. */
  changes(built: BuiltPair): readonly ObjectChange[] {
    return this.#diff(built).changes.map((change) => withLine(change, change.line));
  }

  /** As `changes`, at the line of the field that decides, where the builds' own files tell. */
  located(built: BuiltPair): Promise<readonly ObjectChange[]> {
    return once(this.#lines, identityOf(built), () => this.#locate(built, this.#diff(built).changes));
  }

  /** Answers questions about the head build. */
  places(built: BuiltPair, questions: readonly PlaceQuestion[]): Promise<readonly Placed[]> {
    const asked = questions.map(({ object, sources, path }) => [objectId(object), sources, path ?? null]);
    const key = JSON.stringify([identityOf(built), asked]);
    return once(this.#places, key, () => findPlaces(questions, this.#renderer));
  }

  #diff(built: BuiltPair): ObjectsDiff {
    const { base, head, changed } = built;
    if (!isKnown(base) || !isKnown(head)) return { changes: [], unchanged: 0 };
    return once(this.#diffs, identityOf(built), () =>
      diffObjects({
        base: objectsOf(base),
        head: objectsOf(head),
        ...copiesOf(base, head),
        force: built.pair.head?.spec.force ?? false,
        changedFiles: changed,
        effort: this.#effort,
      }),
    );
  }

  async #locate(built: BuiltPair, changes: readonly LocatedChange[]): Promise<readonly ObjectChange[]> {
    const objects = { base: byId(objectsOf(built.base)), head: byId(objectsOf(built.head)) };
    const asked = changes.flatMap(({ locate, id }, index): { index: number; question: PlaceQuestion }[] => {
      const source = locate === undefined ? undefined : built.pair[locate.side]?.source;
      if (locate === undefined || source?.type !== 'tree') return [];
      const object = objects[locate.side].get(id) ?? nothing;
      const { tree } = source;
      const question = { tree, object, sources: [locate.source], path: locate.path, changed: built.changed };
      return [{ index, question }];
    });
    const questions = asked.map(({ question }) => question);
    const places = await findPlaces(questions, this.#renderer);
    const lines = new Map(asked.map(({ index }, at) => [index, places[at]?.line]));
    return changes.map((change, index) => withLine(change, lines.get(index) ?? change.line));
  }
}

export function objectsOf(built: Built): readonly BuiltObject[] {
  return built.type === 'built' ? built.build.objects : [];
}

/** Whether the builds copy values out of Secrets, and which. */
export function copiesOf(...sides: readonly Built[]): {
  readonly copiesSecrets: boolean;
  readonly copiedValues: readonly string[];
} {
  const builds = sides.flatMap((side) => (side.type === 'built' ? [side.build] : []));
  return {
    copiesSecrets: builds.some(({ copiesSecrets }) => copiesSecrets),
    copiedValues: builds.flatMap(({ copiedValues = [] }) => copiedValues),
  };
}

export function byId(objects: readonly BuiltObject[]): ReadonlyMap<string, KubeObject> {
  return new Map(objects.map(({ object }) => [objectId(object), object]));
}

function isKnown({ type }: Built): boolean {
  return type === 'built' || type === 'absent';
}

/** Equal for pairs whose builds, sources and touched files are the same. */
function identityOf({ pair, base, head }: BuiltPair): string {
  const side = (built: Built, one: FleetKustomization | undefined): readonly (string | null)[] => [
    built.type === 'built' ? built.build.digest : built.type,
    one?.source.type === 'tree' ? one.source.tree.id : null,
  ];
  return JSON.stringify([side(base, pair.base), side(head, pair.head), pair.head?.spec.force ?? false]);
}

function withLine(change: LocatedChange, line: number | null): ObjectChange {
  const { action, id, object, risk, summary, diff, file } = change;
  return { action, id, object, risk, summary, diff, file, line };
}

function once<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const known = kept.get(key);
  if (known !== undefined) return known;
  const made = make();
  kept.set(key, made);
  return made;
}
