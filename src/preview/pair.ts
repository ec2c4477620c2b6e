// The same Kustomization before and after, and whether anything it is built from differs.
import type { ClusterFleet, FleetKustomization } from '../fleet/fleet.ts';
import type { BuildRequest, Renderer } from '../ports.ts';
import type { Side } from './side.ts';

export interface Pair {
  readonly cluster: string;
  readonly key: string;
  readonly base: FleetKustomization | undefined;
  readonly head: FleetKustomization | undefined;
  readonly baseCluster: ClusterFleet | undefined;
  readonly headCluster: ClusterFleet | undefined;
}

/** Every Kustomization of both sides, by cluster and key, in the head's order. */
export function pairUp(base: Side, head: Side): Pair[] {
  const clusters = new Map(base.fleet.clusters.map((cluster) => [cluster.name, cluster]));
  const pairs: Pair[] = [];
  for (const headCluster of head.fleet.clusters) {
    const baseCluster = clusters.get(headCluster.name);
    clusters.delete(headCluster.name);
    const keys = new Set([...headCluster.kustomizations.keys(), ...(baseCluster?.kustomizations.keys() ?? [])]);
    for (const key of keys) {
      const sides = { base: baseCluster?.kustomizations.get(key), head: headCluster.kustomizations.get(key) };
      pairs.push({ cluster: headCluster.name, key, ...sides, baseCluster, headCluster });
    }
  }
  for (const baseCluster of clusters.values()) {
    for (const [key, kustomization] of baseCluster.kustomizations) {
      pairs.push({
        cluster: baseCluster.name,
        key,
        base: kustomization,
        head: undefined,
        baseCluster,
        headCluster: undefined,
      });
    }
  }
  return pairs;
}

/** On the base it had a parent (or a parent's parent) that cannot be built on the head: who knows if it is still defined. */
export function isHidden({ key, head, baseCluster, headCluster }: Pair): boolean {
  if (head !== undefined || headCluster === undefined) return false;
  let at = baseCluster?.kustomizations.get(key)?.parent;
  while (at !== undefined) {
    const parent = headCluster.kustomizations.get(at);
    if (parent !== undefined) return parent.error !== undefined || parent.source.type === 'unknown';
    at = baseCluster?.kustomizations.get(at)?.parent;
  }
  return false;
}

/** What the renderer needs to build a Kustomization; undefined where its source is not at hand. */
export function buildRequest(kustomization: FleetKustomization): BuildRequest | undefined {
  const { source, path, spec, substitution } = kustomization;
  if (source.type !== 'tree' || (kustomization.error !== undefined && kustomization.error.code.startsWith('fleet.')))
    return undefined;
  return { tree: source.tree, path, spec: spec.build, ...(substitution === undefined ? {} : { substitution }) };
}

/** True when a build of the one could differ from a build of the other. Reads, but does not render. */
export async function differs(pair: Pair, renderer: Renderer): Promise<boolean> {
  const { base, head } = pair;
  if (base === undefined || head === undefined) return true;
  if (sameInputs(base, head)) return false;
  if (!sameSpec(base, head)) return true;
  const [one, other] = await Promise.all([inputDigest(base, renderer), inputDigest(head, renderer)]);
  return one !== other;
}

/** The two are built from equal trees with equal words: nothing needs to be read. */
function sameInputs(base: FleetKustomization, head: FleetKustomization): boolean {
  const tree = (one: FleetKustomization): string =>
    one.source.type === 'tree' ? one.source.tree.id : `unknown ${one.source.what}`;
  return tree(base) === tree(head) && sameSpec(base, head);
}

function sameSpec(base: FleetKustomization, head: FleetKustomization): boolean {
  const words = (one: FleetKustomization): string =>
    JSON.stringify([one.path, one.spec, one.substitution ?? null, one.owner, one.error?.message ?? null]);
  return words(base) === words(head);
}

async function inputDigest(kustomization: FleetKustomization, renderer: Renderer): Promise<string> {
  const request = buildRequest(kustomization);
  if (request === undefined) return `no build ${kustomization.error?.message ?? ''}`;
  // A closure that cannot be read is an error of the build as well, which then says it.
  return renderer.closure(request).then(
    (closure) => closure.digest,
    () => `unreadable ${request.tree.id}`,
  );
}
