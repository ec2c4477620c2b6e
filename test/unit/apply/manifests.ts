// Manifests and contexts for the tests of this folder.
import { type ApplyContext } from '../../../src/apply/context.ts';
import { ignoreNothing } from '../../../src/apply/ignore.ts';
import { type Stage, stagesOf } from '../../../src/apply/order.ts';
import { prepare, type Prepared } from '../../../src/apply/prepare.ts';
import type { PruneContext } from '../../../src/apply/prune.ts';
import { applyStage } from '../../../src/apply/stage.ts';
import { secretValues } from '../../../src/diff/secret-values.ts';
import type { BuiltObject, Json, KubeObject } from '../../../src/object/object.ts';
import { MemoryCluster, type MemoryRequest, refusal } from '../../kube-memory/cluster.ts';

export const owner = { namespace: 'a', name: 'apps' };
/** What the labels and annotations of Flux begin with. */
export const key = 'kustomize.toolkit.fluxcd.io/';
export const ours = { [`${key}name`]: 'apps', [`${key}namespace`]: 'a' };
/** Somebody else's Kustomization. */
export const other = { [`${key}name`]: 'other', [`${key}namespace`]: 'b' };
/** The ID of what `deployment` returns. */
export const web = 'a_web_apps_Deployment';

export function configMap(
  name: string,
  data: Record<string, Json> = { key: 'value' },
  metadata: Record<string, Json> = {},
): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'a', ...metadata }, data };
}

export function deployment(
  spec: Record<string, Json> = { replicas: 2 },
  metadata: Record<string, Json> = {},
): KubeObject {
  const template = { spec: { containers: [{ name: 'web', image: 'web:1' }] } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'a', ...metadata },
    spec: { template, ...spec },
  };
}

export function labelled(object: KubeObject, labels: Record<string, string> = ours): KubeObject {
  const { metadata } = object;
  return { ...object, metadata: { ...metadata, labels: { ...(metadata.labels as object | undefined), ...labels } } };
}

export function annotated(object: KubeObject, annotations: Record<string, string>): KubeObject {
  return { ...object, metadata: { ...object.metadata, annotations } };
}

export function built(object: KubeObject, line = 1): BuiltObject {
  return { object, sources: [{ file: 'apps/all.yaml', line, document: 0, by: 'declared' }] };
}

export function prepared(...objects: KubeObject[]): readonly Prepared[] {
  return prepare(
    objects.map((object, at) => built(object, at + 1)),
    { owner },
  );
}

/** The objects as one stage, in order. */
export function stage(...objects: KubeObject[]): Stage<Prepared> {
  const stages = stagesOf(prepared(...objects));
  return { name: 'rest', waits: false, items: stages.flatMap(({ items }) => items) };
}

export function applyContext(cluster: MemoryCluster, more: Partial<ApplyContext> = {}): ApplyContext {
  let clock = 0;
  return {
    owner,
    writer: cluster.writer(),
    kinds: cluster.kinds(),
    force: false,
    ignore: ignoreNothing,
    values: secretValues([], { copiesSecrets: false }),
    authorise: () => undefined,
    ownerStands: async () => true,
    stillMine: async () => true,
    elapsed: () => clock,
    pause: async (milliseconds) => {
      clock += milliseconds;
    },
    ...more,
  };
}

export function pruneContext(cluster: MemoryCluster, more: Partial<PruneContext> = {}): PruneContext {
  return { ...applyContext(cluster), freshKinds: async () => cluster.kinds(), ...more };
}

/** What was asked for, in order. */
export function verbs(cluster: MemoryCluster, from = 0): string[] {
  return cluster.requests.slice(from).map(({ verb }) => verb);
}

/** What was not only looked at. */
export function writes(cluster: MemoryCluster): readonly MemoryRequest[] {
  return cluster.requests.filter(({ verb }) => verb !== 'get' && verb !== 'dryRun');
}

/** A cluster on which these were applied, and nothing asked for since. */
export async function settled(...objects: KubeObject[]): Promise<MemoryCluster> {
  const cluster = new MemoryCluster();
  const { failure } = await applyStage(stage(...objects), applyContext(cluster));
  if (failure !== undefined) throw failure;
  cluster.requests.length = 0;
  return cluster;
}

/** Selectors, as the API server keeps them. */
export function immutable(cluster: MemoryCluster, path: string): void {
  cluster.validators.push((next, live) => {
    const of = (object: KubeObject): unknown => (object['spec'] as Record<string, Json> | undefined)?.[path];
    if (live === undefined || JSON.stringify(of(live)) === JSON.stringify(of(next))) return;
    const causes = [{ reason: 'FieldValueInvalid', field: `spec.${path}` }];
    throw refusal('kube.invalid', 422, `spec.${path}: Invalid value: field is immutable`, causes);
  });
}
