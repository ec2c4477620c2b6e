// What the change does through one Kustomization on one cluster.

import type { ObjectChange } from '../diff/change.ts';
import { diffObjects, type LocatedChange, type ObjectsDiff } from '../diff/objects.ts';
import { secretValues } from '../diff/secret-values.ts';
import type { DiffEffort } from '../diff/unified.ts';
import { asSluiceError, SluiceError } from '../errors.ts';
import type { ClusterFleet, FleetKustomization } from '../fleet/fleet.ts';
import { objectId, objectLabel } from '../object/id.ts';
import type { BuiltObject, KubeObject } from '../object/object.ts';
import { findPlaces, type Placed, type PlaceQuestion } from '../object/place.ts';
import { applyWaivers } from '../policy/waiver.ts';
import type { KustomizationOutcome, Violation } from '../report/outcome.ts';
import { type Built, buildSide } from './built.ts';
import { evaluate, type Finding, findingKey } from './evaluate.ts';
import { type Owners, otherOwner } from './owners.ts';
import type { Pair } from './pair.ts';
import type { Side, Tools } from './side.ts';

export interface PairInput {
  readonly pair: Pair;
  readonly base: Side;
  readonly head: Side;
  /** Who owns what on this cluster, on each side. */
  readonly baseOwners: Owners;
  readonly headOwners: Owners;
  /** Files of the head's source that the change touches. */
  readonly changed: ReadonlySet<string>;
  /** Only what the change introduced is of interest: the inputs of this build did not change, the rules did. */
  readonly introducedOnly: boolean;
  readonly today: string;
  /** Shared by all diffs of the preview. */
  readonly effort: DiffEffort;
}

export interface PairResult {
  readonly outcome: KustomizationOutcome;
  readonly errors: readonly { readonly error: SluiceError; readonly cluster: string; readonly kustomization: string }[];
  readonly unknownVariables: readonly string[];
  readonly headObjects: readonly BuiltObject[];
  readonly notes: readonly string[];
}

export async function previewPair(input: PairInput, tools: Tools): Promise<PairResult> {
  const { pair } = input;
  const errors: SluiceError[] = [];
  // Build both sides.
  const [base, head] = await Promise.all([buildSide(pair.base, tools.renderer), buildSide(pair.head, tools.renderer)]);
  if (head.type === 'failed') errors.push(head.error);
  const baseObjects = objectsOf(base);
  const headObjects = objectsOf(head);
  if (head.type === 'built' && headObjects.length === 0 && baseObjects.length > 0)
    errors.push(emptyBuild(pair, baseObjects.length));
  // Guard and policy on the head; on the base as well, to tell what is new.
  const findings = await findingsOf(input, head, headObjects, baseObjects, tools).catch((thrown: unknown) => {
    errors.push(asSluiceError(thrown));
    return [];
  });
  const known = new Set(findings.length === 0 ? [] : await knownFindings(input, base, baseObjects, tools));
  // Pair and diff, masked.
  const copied = copies(base, head);
  const comparable =
    head.type !== 'failed' && head.type !== 'unknown' && base.type !== 'failed' && base.type !== 'unknown';
  const diff: ObjectsDiff = comparable
    ? diffObjects({
        base: baseObjects,
        head: headObjects,
        ...copied,
        changedFiles: input.changed,
        effort: input.effort,
      })
    : { changes: [], unchanged: 0 };
  // Say where.
  const placed = await placeFindings(input, head, findings, known, tools);
  const { violations, notes } = applyWaivers(
    scrubbed(placed, [...baseObjects, ...headObjects], copied),
    { cluster: pair.cluster, kustomization: pair.key },
    input.head.waivers,
    input.today,
  );
  const changes = await placeChanges(input, { base, head }, diff, tools);
  const shown = pair.head ?? pair.base;
  return {
    outcome: {
      ...describe(pair, shown),
      unchanged: diff.unchanged,
      changes,
      violations: [...unbound(input), ...deletions(input, changes), ...violations],
    },
    errors: errors.map((error) => ({ error: withPlace(error, pair), cluster: pair.cluster, kustomization: pair.key })),
    unknownVariables: head.type === 'built' ? head.build.unknownVariables : [],
    headObjects,
    notes,
  };
}

/** An error about the Kustomization itself is where that is declared. */
function withPlace(error: SluiceError, pair: Pair): SluiceError {
  const { file, line } = declaredPlace(pair);
  if (error.place !== undefined || file === null) return error;
  const { code, message, kind, remedy } = error;
  return new SluiceError(code, message, {
    kind,
    remedy,
    place: line === null ? { file } : { file, line },
    cause: error,
  });
}

/** A rule's words may quote a field that repeats a Secret's value. */
function scrubbed(
  violations: readonly Violation[],
  objects: readonly BuiltObject[],
  copied: ReturnType<typeof copies>,
): Violation[] {
  if (violations.length === 0) return [];
  const secrets = secretValues(objects, copied);
  const scrub = (text: string): string => secrets.scrub(text);
  return violations.map((one) => ({
    ...one,
    message: scrub(one.message),
    remedy: one.remedy === null ? null : scrub(one.remedy),
  }));
}

function objectsOf(built: Built): readonly BuiltObject[] {
  return built.type === 'built' ? built.build.objects : [];
}

function copies(...sides: readonly Built[]) {
  const builds = sides.flatMap((side) => (side.type === 'built' ? [side.build] : []));
  return {
    copiesSecrets: builds.some(({ copiesSecrets }) => copiesSecrets),
    copiedValues: builds.flatMap(({ copiedValues = [] }) => copiedValues),
  };
}

function describe(
  pair: Pair,
  shown: FleetKustomization | undefined,
): Omit<KustomizationOutcome, 'unchanged' | 'changes' | 'violations'> {
  const owner = shown?.owner;
  const account = owner?.type === 'tenant' ? owner.tenant.serviceAccount.name : null;
  return {
    cluster: pair.cluster,
    namespace: shown?.namespace ?? '',
    name: shown?.name ?? '',
    path: shown?.path ?? '',
    serviceAccount: account,
    clusterBound: owner?.type === 'tenant' && owner.tenant.clusterBound,
  };
}

function emptyBuild(pair: Pair, count: number): SluiceError {
  return new SluiceError(
    'build.empty',
    `Kustomization ${pair.key} would build to nothing, which deletes all of its ${count} objects`,
    {
      remedy:
        'correct the path or the resources; to remove everything, remove the Kustomization from the platform repository',
      place: pair.head === undefined ? undefined : { file: pair.head.path === '' ? '.' : pair.head.path },
    },
  );
}

async function findingsOf(
  input: PairInput,
  head: Built,
  objects: readonly BuiltObject[],
  old: readonly BuiltObject[],
  tools: Tools,
): Promise<readonly Finding[]> {
  const cluster = input.pair.headCluster;
  if (head.type !== 'built' || cluster === undefined) return [];
  return evaluate(
    { ...evaluation(input.head, cluster, head.kustomization, objects, input.headOwners), old: byId(old) },
    tools,
  );
}

async function knownFindings(
  input: PairInput,
  base: Built,
  objects: readonly BuiltObject[],
  tools: Tools,
): Promise<readonly string[]> {
  const cluster = input.pair.baseCluster;
  if (base.type !== 'built' || cluster === undefined) return [];
  // Rules that the base's objects crash are no reason to hide what the head introduces.
  const found = await evaluate(
    { ...evaluation(input.base, cluster, base.kustomization, objects, input.baseOwners), old: byId(objects) },
    tools,
  ).catch(() => []);
  return found.map((finding) => findingKey(finding, objects));
}

function evaluation(
  side: Side,
  cluster: ClusterFleet,
  kustomization: FleetKustomization,
  objects: readonly BuiltObject[],
  owners: Owners,
) {
  return { side, cluster, kustomization, objects, owner: otherOwner(owners, cluster, kustomization) };
}

function byId(objects: readonly BuiltObject[]): ReadonlyMap<string, KubeObject> {
  return new Map(objects.map(({ object }) => [objectId(object), object]));
}

async function placeFindings(
  input: PairInput,
  head: Built,
  findings: readonly Finding[],
  known: ReadonlySet<string>,
  tools: Tools,
): Promise<readonly Violation[]> {
  if (head.type !== 'built' || head.kustomization.source.type !== 'tree') return [];
  const { objects } = head.build;
  const { tree } = head.kustomization.source;
  const marked = findings.map((finding) => ({ finding, introduced: !known.has(findingKey(finding, objects)) }));
  const kept = input.introducedOnly ? marked.filter(({ introduced }) => introduced) : marked;
  const questions = kept.flatMap(({ finding }): PlaceQuestion[] => {
    const built = objects[finding.index];
    return [
      {
        tree,
        object: built?.object ?? nothing,
        sources: built?.sources ?? [],
        path: finding.path,
        changed: input.changed,
      },
    ];
  });
  const places = isReviewed(head.kustomization)
    ? await findPlaces(questions, tools.renderer)
    : kept.map(() => declaredPlace(input.pair));
  return kept.map(({ finding, introduced }, index) => {
    const object = objects[finding.index]?.object;
    const label = object === undefined ? '' : objectLabel(object);
    return {
      rule: finding.rule,
      severity: finding.severity,
      object: label,
      file: places[index]?.file ?? null,
      line: places[index]?.line ?? null,
      message: finding.message,
      remedy: finding.remedy,
      introduced,
      waivedUntil: null,
    };
  });
}

const nothing: KubeObject = { apiVersion: '', kind: '', metadata: {} };

async function placeChanges(
  input: PairInput,
  built: Record<'base' | 'head', Built>,
  diff: ObjectsDiff,
  tools: Tools,
): Promise<readonly ObjectChange[]> {
  const plain = diff.changes.map(withoutQuestion);
  if (!isReviewed(input.pair.head ?? input.pair.base))
    return plain.map((change) => ({ ...change, ...declaredPlace(input.pair) }));
  const objects = { base: byId(objectsOf(built.base)), head: byId(objectsOf(built.head)) };
  const asked = diff.changes.flatMap(({ locate, id }, index): { index: number; question: PlaceQuestion }[] => {
    const source = locate === undefined ? undefined : input.pair[locate.side]?.source;
    if (locate === undefined || source?.type !== 'tree') return [];
    const object = objects[locate.side].get(id) ?? nothing;
    return [
      {
        index,
        question: { tree: source.tree, object, sources: [locate.source], path: locate.path, changed: input.changed },
      },
    ];
  });
  const places = await findPlaces(
    asked.map(({ question }) => question),
    tools.renderer,
  );
  const lines = new Map(asked.map(({ index }, at) => [index, places[at]?.line]));
  return plain.map((change, index) => ({ ...change, line: lines.get(index) ?? change.line }));
}

function withoutQuestion({ action, id, object, risk, summary, diff, file, line }: LocatedChange): ObjectChange {
  return { action, id, object, risk, summary, diff, file, line };
}

/** A Kustomization of another repository that names no service account would run with the controller's own rights. */
function unbound({ pair }: PairInput): Violation[] {
  if (pair.head?.owner.type !== 'unbound') return [];
  return [
    {
      rule: 'tenant/identity',
      severity: 'deny',
      object: `Kustomization/${pair.key}`,
      ...declaredPlace(pair),
      message: `Kustomization ${pair.key} names no service account, so it would be applied with the controller's own rights`,
      remedy:
        'the platform team sets spec.serviceAccountName, or lists the repository under trustedSources in sluice.yaml',
      introduced: pair.base?.owner.type !== 'unbound',
      waivedUntil: null,
    },
  ];
}

/** More deletions than the deploy lets pass without an acknowledgement (`deploy.maxDeletions`). */
function deletions({ pair, head }: PairInput, changes: readonly ObjectChange[]): Violation[] {
  const count = changes.filter(({ action }) => action === 'deleted').length;
  const limit = head.fleet.config.maxDeletions;
  if (count <= limit) return [];
  return [
    {
      rule: 'deploy/deletions',
      severity: 'warn',
      object: `Kustomization/${pair.key}`,
      ...declaredPlace(pair),
      message: `merging deletes ${count} objects of Kustomization ${pair.key}, more than the ${limit} that pass without a word`,
      remedy: 'make sure that this is meant; the deploy stops and asks for an acknowledgement',
      introduced: true,
      waivedUntil: null,
    },
  ];
}

/** Where the reviewed repository declares the Kustomization; nowhere when another repository does. */
function declaredPlace({ head, headCluster }: Pair): Placed {
  const parent = head?.parent === undefined ? undefined : headCluster?.kustomizations.get(head.parent);
  const here = parent?.source.type === 'tree' && parent.source.follows;
  return {
    file: (here ? head?.declared?.file : undefined) ?? null,
    line: (here ? head?.declared?.line : undefined) ?? null,
  };
}

/** The build's own files are in the reviewed repository, so lines in them mean something to the author. */
function isReviewed(kustomization: FleetKustomization | undefined): boolean {
  return kustomization?.source.type === 'tree' && kustomization.source.follows;
}
