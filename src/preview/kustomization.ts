// What the change does through one Kustomization on one cluster.

import type { ObjectChange } from '../diff/change.ts';
import { secretValues } from '../diff/secret-values.ts';
import { asSluiceError, SluiceError } from '../errors.ts';
import type { ClusterFleet, FleetKustomization } from '../fleet/fleet.ts';
import { objectLabel } from '../object/id.ts';
import type { BuiltObject, KubeObject } from '../object/object.ts';
import type { Placed, PlaceQuestion } from '../object/place.ts';
import { applyWaivers } from '../policy/waiver.ts';
import type { KustomizationOutcome, Violation } from '../report/outcome.ts';
import { type Built, buildSide } from './built.ts';
import { type BuiltPair, byId, type Comparisons, copiesOf, objectsOf } from './comparison.ts';
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
  /** Shared by all pairs of the preview. */
  readonly comparisons: Comparisons;
}

export interface PairResult {
  readonly outcome: KustomizationOutcome;
  readonly errors: readonly { readonly error: SluiceError; readonly cluster: string; readonly kustomization: string }[];
  readonly unknownVariables: readonly string[];
  readonly baseObjects: readonly BuiltObject[];
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
  if (head.type === 'built' && headObjects.length === 0 && baseObjects.length > 0 && pair.head?.spec.prune === true)
    errors.push(emptyBuild(pair, baseObjects.length));
  // Guard and policy on the head; on the base as well, to tell what is new.
  const findings = await findingsOf(input, head, headObjects, baseObjects, tools).catch((thrown: unknown) => {
    errors.push(asSluiceError(thrown));
    return [];
  });
  const known = findings.length === 0 ? nothingKnown : await knownFindings(input, base, baseObjects, tools);
  // Pair and diff, masked.
  const built: BuiltPair = { pair, base, head, changed: input.changed };
  const unchanged = input.comparisons.unchanged(built);
  // Say where.
  const waivedNow = waivedKeys(findings, headObjects, input.head.waivers, input);
  const isIntroduced = (finding: Finding): boolean => {
    const key = findingKey(finding, headObjects);
    return !known.keys.has(key) || (known.waived.has(key) && !waivedNow.has(key));
  };
  const placed = await placeFindings(input, built, findings, isIntroduced);
  const { violations, notes } = applyWaivers(
    scrubbed(placed, [...baseObjects, ...headObjects], copiesOf(base, head)),
    { cluster: pair.cluster, kustomization: pair.key },
    input.head.waivers,
    input.today,
  );
  const changes = await placeChanges(input, built);
  const shown = pair.head ?? pair.base;
  return {
    outcome: {
      ...describe(pair, shown),
      unchanged,
      changes,
      violations: [...unbound(input), ...violations],
    },
    errors: errors.map((error) => ({ error: withPlace(error, pair), cluster: pair.cluster, kustomization: pair.key })),
    unknownVariables: head.type === 'built' ? head.build.unknownVariables : [],
    baseObjects,
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
  copied: ReturnType<typeof copiesOf>,
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
): Promise<Known> {
  const cluster = input.pair.baseCluster;
  if (base.type !== 'built' || cluster === undefined) return nothingKnown;
  // Rules that the base's objects crash are no reason to hide what the head introduces.
  const found = await evaluate(
    { ...evaluation(input.base, cluster, base.kustomization, objects, input.baseOwners), old: byId(objects) },
    tools,
  ).catch(() => []);
  const keys = new Set(found.map((finding) => findingKey(finding, objects)));
  return { keys, waived: waivedKeys(found, objects, input.base.waivers, input) };
}

/** Which findings were there before, and which of those a waiver let pass. */
interface Known {
  readonly keys: ReadonlySet<string>;
  readonly waived: ReadonlySet<string>;
}

const nothingKnown: Known = { keys: new Set(), waived: new Set() };

function waivedKeys(
  findings: readonly Finding[],
  objects: readonly BuiltObject[],
  waivers: Side['waivers'],
  { pair, today }: PairInput,
): ReadonlySet<string> {
  if (waivers.length === 0) return new Set();
  const said = findings.map((finding) => violationOf(finding, objects, { file: null, line: null }, true));
  const settled = applyWaivers(said, { cluster: pair.cluster, kustomization: pair.key }, waivers, today).violations;
  return new Set(
    findings.filter((_, index) => settled[index]?.waivedUntil !== null).map((one) => findingKey(one, objects)),
  );
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

async function placeFindings(
  input: PairInput,
  built: BuiltPair,
  findings: readonly Finding[],
  isIntroduced: (finding: Finding) => boolean,
): Promise<readonly Violation[]> {
  const { head } = built;
  if (head.type !== 'built' || head.kustomization.source.type !== 'tree') return [];
  const { objects } = head.build;
  const { tree } = head.kustomization.source;
  const marked = findings.map((finding) => ({ finding, introduced: isIntroduced(finding) }));
  const kept = input.introducedOnly ? marked.filter(({ introduced }) => introduced) : marked;
  const questions = kept.flatMap(({ finding }): PlaceQuestion[] => {
    const about = objects[finding.index];
    return [
      {
        tree,
        object: about?.object ?? nothing,
        sources: about?.sources ?? [],
        path: finding.path,
        changed: input.changed,
      },
    ];
  });
  const places = isReviewed(head.kustomization)
    ? await input.comparisons.places(built, questions)
    : kept.map(() => declaredPlace(input.pair));
  return kept.map(({ finding, introduced }, index) =>
    violationOf(finding, objects, places[index] ?? { file: null, line: null }, introduced),
  );
}

function violationOf(
  { rule, severity, index, message, remedy }: Finding,
  objects: readonly BuiltObject[],
  { file, line }: Placed,
  introduced: boolean,
): Violation {
  const object = objects[index]?.object;
  const label = object === undefined ? '' : objectLabel(object);
  return { rule, severity, object: label, file, line, message, remedy, introduced, waivedUntil: null };
}

const nothing: KubeObject = { apiVersion: '', kind: '', metadata: {} };

async function placeChanges(input: PairInput, built: BuiltPair): Promise<readonly ObjectChange[]> {
  const { pair, comparisons } = input;
  if (isReviewed(pair.head ?? pair.base)) return comparisons.located(built);
  const place = declaredPlace(pair);
  return comparisons.changes(built).map((change) => ({ ...change, ...place }));
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

/** Where the reviewed repository declares the Kustomization; nowhere when another repository does. */
export function declaredPlace({ head, headCluster }: Pair): Placed {
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
