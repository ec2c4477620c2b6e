// From what was built to what is sent. Policy and diff saw the build; nothing but the steps below stands between them.
import { createHash } from 'node:crypto';
import { type Place, SluiceError } from '../errors.ts';
import type { InventoryEntry } from '../inventory/entry.ts';
import { groupOf, objectId, objectLabel, versionOf } from '../object/id.ts';
import { isAbsent, isMapping, mapping } from '../object/json.ts';
import type { BuiltObject, FieldPath, Json, KubeObject } from '../object/object.ts';
import { showIdentifier } from '../object/show.ts';
import { failureOf, type ObjectFailure } from './failure.ts';
import { normalised, notTexts } from './normalise.ts';
import { type Switches, switchesOf } from './switches.ts';

/** The Kustomization that owns what it applies. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
}

/** An object ready to be sent, and what is known of it without a cluster. */
export interface Prepared {
  /** As in the inventory. */
  readonly id: string;
  /** `Deployment/a-dev/web` */
  readonly label: string;
  /** What is sent, but for a served version and rules to ignore. */
  readonly object: KubeObject;
  readonly built: BuiltObject;
  readonly switches: Switches;
  /** `sha256` in hex of the bytes of `object`. */
  readonly digest: string;
}

/** Finds the file and line of an object, or of one of its fields. */
export type PlaceOf = (built: BuiltObject, path?: FieldPath) => Place | undefined;

/** Where the object is declared. */
export const declaredPlace: PlaceOf = ({ sources }) => {
  const source = sources[0];
  return source === undefined ? undefined : { file: source.file, line: source.line };
};

/** The labels by which an owner knows its objects, as Flux writes them. */
export function ownerLabels({ namespace, name }: Owner): Readonly<Record<string, string>> {
  return { 'kustomize.toolkit.fluxcd.io/name': name, 'kustomize.toolkit.fluxcd.io/namespace': namespace };
}

/**
 * Prepares a build for its cluster, in the build's order: server fields and status dropped, `stringData` turned into
 * `data`, protocols of ports written out, owner labels laid over everything (the build has laid `commonMetadata` before,
 * and refuses keys that mark ownership).
 *
 * @throws SluiceError `deploy.apply`, terminal, naming every object that cannot be sent: encrypted ones, those that are
 *   there twice in whatever version, metadata that is no map
 */
export function prepare(
  objects: readonly BuiltObject[],
  { owner, placeOf = declaredPlace }: { readonly owner: Owner; readonly placeOf?: PlaceOf },
): readonly Prepared[] {
  const labels = ownerLabels(owner);
  const seen = new Set<string>();
  const failures: ObjectFailure[] = [];
  const prepared = objects.map((built): Prepared => {
    const id = objectId(built.object);
    const label = objectLabel(built.object);
    const error = problemOf(built.object) ?? (seen.has(id) ? twice() : undefined);
    seen.add(id);
    if (error !== undefined) failures.push({ id, label, place: error.place ?? placeOf(built), error });
    const object = withLabels(normalised(built.object), labels);
    const digest = createHash('sha256').update(JSON.stringify(object)).digest('hex');
    return { id, label, object, built, switches: switchesOf(object), digest };
  });
  const [first, ...others] = failures;
  if (first !== undefined) {
    throw failureOf(
      'deploy.apply',
      [first, ...others],
      `${failures.length} of ${objects.length} objects cannot be applied`,
    );
  }
  return prepared;
}

/** What the inventory says of prepared objects, in their order. The version is the one in Git. */
export function entriesOf(prepared: readonly Prepared[]): readonly InventoryEntry[] {
  return prepared.map(({ id, object }) => ({ id, v: versionOf(object.apiVersion) }));
}

function withLabels(object: KubeObject, labels: Readonly<Record<string, string>>): KubeObject {
  const written = mapping(object.metadata.labels);
  return { ...object, metadata: { ...object.metadata, labels: { ...written, ...labels } as Json } };
}

function problemOf(object: KubeObject): SluiceError | undefined {
  for (const field of ['labels', 'annotations'] as const) {
    if (isAbsent(object.metadata[field]) || isMapping(object.metadata[field])) continue;
    return refusal(`metadata.${field} is no mapping`, 'write it as key: value lines');
  }
  if (isEncrypted(object)) {
    return new SluiceError('deploy.unsupported', 'the object is encrypted with SOPS, and nothing decrypts it here', {
      remedy: 'decrypt it, or keep it out of this Kustomization',
    });
  }
  if (groupOf(object.apiVersion) === '' && object.kind === 'Secret') return secretProblem(object);
  return undefined;
}

// Flux refuses Secrets alone; a document of any other kind that was encrypted as a whole is no less useless in a cluster.
function isEncrypted(object: KubeObject): boolean {
  const { sops } = object;
  return isMapping(sops) && (object.kind === 'Secret' || !isAbsent(sops['mac']));
}

function secretProblem(secret: KubeObject): SluiceError | undefined {
  const { stringData } = secret;
  if (!isAbsent(stringData) && !isMapping(stringData)) {
    return refusal('stringData is no mapping', 'write it as key: value lines');
  }
  const keys = notTexts(secret);
  if (keys.length === 0) return undefined;
  const named = keys.slice(0, 10).map((key) => `stringData.${showIdentifier(key)}`);
  return refusal(`${named.join(', ')} ${keys.length === 1 ? 'is' : 'are'} not a text`, 'put the value in quotes');
}

function twice(): SluiceError {
  return refusal('the object is twice in this build', 'keep one of them');
}

function refusal(message: string, remedy: string): SluiceError {
  return new SluiceError('kube.invalid', message, { remedy });
}
