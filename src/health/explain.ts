// Why workloads are not healthy: what ails their Pods, asked as whoever applies. Worth the questions only when the answer
// is about to be told to somebody.
import type { Json, KubeObject } from '../object/object.ts';
import type { KubeWriter, ServedKinds } from '../ports/kube.ts';
import type { Health, HealthTarget, Unhealthy } from './check.ts';
import { podSelector, podTrouble } from './pod.ts';
import { brief } from './words.ts';

const mostAsked = 5;
const mostTroubles = 2;

/**
 * The same health with more words: `2 of 3 replicas available; image "reg/web:v2" cannot be pulled (ImagePullBackOff)`.
 * Asks for the Pods of the first five workloads that failed or are waited for. Never throws: where Pods may not be read,
 * the words stay as they are.
 */
export async function explained(
  health: Health,
  live: ReadonlyMap<string, KubeObject | null>,
  kinds: ServedKinds,
  reader: Pick<KubeWriter, 'list'>,
): Promise<Health> {
  const podKind = kinds.find('', 'Pod');
  const asked = [...health.failed, ...health.waiting].flatMap(({ target }) => {
    const selector = selectorFor(target, live);
    return selector === undefined ? [] : [{ target, selector }];
  });
  if (podKind === undefined || asked.length === 0) return health;
  const troubles = new Map<string, readonly string[]>();
  await Promise.all(
    asked.slice(0, mostAsked).map(async ({ target: { id, namespace }, selector }) => {
      const pods = await reader.list(podKind, { namespace, labels: selector }).catch(() => []);
      troubles.set(id, troublesOf(pods));
    }),
  );
  const told = (one: Unhealthy): Unhealthy => withTroubles(one, troubles.get(one.target.id) ?? []);
  return { ...health, failed: health.failed.map(told), waiting: health.waiting.map(told) };
}

function selectorFor(
  { id, namespace }: HealthTarget,
  live: ReadonlyMap<string, KubeObject | null>,
): string | undefined {
  const object = live.get(id);
  return object === undefined || object === null || namespace === '' ? undefined : podSelector(object);
}

/** What ails Pods, each ailment once, those of the newest Pods first; two at most. */
export function troublesOf(pods: readonly KubeObject[]): readonly string[] {
  const newest = pods.toSorted((one, other) => compare(created(other), created(one)));
  return [...new Set(newest.map((pod) => podTrouble(pod)).filter((one) => one !== undefined))].slice(0, mostTroubles);
}

function withTroubles(one: Unhealthy, troubles: readonly string[]): Unhealthy {
  const parts = [one.message, ...troubles.filter((trouble) => trouble !== one.message)].filter((part) => part !== '');
  return { ...one, message: brief(parts.join('; '), 600) };
}

function created(pod: KubeObject): string {
  const at: Json | undefined = pod.metadata['creationTimestamp'];
  return typeof at === 'string' ? at : '';
}

function compare(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
