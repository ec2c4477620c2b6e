// What the steps of a deploy are given. Everything that touches a cluster, a clock or another Kustomization comes in here.
import { SluiceError } from '../errors.ts';
import type { SecretValues } from '../diff/secret-values.ts';
import type { KubeWriter, ObjectAddress, ServedKinds } from '../ports/kube.ts';
import type { Ignoring } from './ignore.ts';
import type { LiveOwner } from './ownership.ts';
import type { Owner, PlaceOf } from './prepare.ts';

/** For whom, as whom, and until when. */
export interface DeployContext {
  readonly owner: Owner;
  /** Acts as the service account; nothing here writes in any other way. */
  readonly writer: KubeWriter;
  /** What the cluster serves now; asked anew after a stage that brought definitions. */
  readonly kinds: ServedKinds;
  /** Why this Kustomization may not write or delete there, in words fit for its tenant; undefined where it may. */
  authorise(address: ObjectAddress): string | undefined;
  /**
   * Whether switches count that stand on the live object alone, so that whoever can edit it can stop it from being written or
   * deleted. Always, where absent, as in Flux; say no for the platform's objects in tenants' namespaces.
   */
  trustsLive?(address: ObjectAddress): boolean;
  /** Looks whether this attempt is still the one that counts. */
  stillMine(): Promise<boolean>;
  /** Once it is aborted, nothing more is written. */
  readonly signal?: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  elapsed(): number;
  /** Requests at a time. @defaultValue 8 */
  readonly concurrency?: number;
}

export interface ApplyContext extends DeployContext {
  /** `spec.force` */
  readonly force: boolean;
  /** `compileIgnore(spec.ignore)` */
  readonly ignore: Ignoring;
  /** Manager prefixes taken over beside kubectl's, as `--override-manager`. */
  readonly overrideManagers?: readonly string[];
  /** Of the whole build: `secretValues(build.objects, build)`. */
  readonly values: SecretValues;
  readonly placeOf?: PlaceOf;
  /** Whether the owner that an object names exists and still has this id in its inventory. */
  ownerStands(owner: LiveOwner, id: string): Promise<boolean>;
  /** Resolves after so many milliseconds; for waits on finalizers alone. */
  pause(milliseconds: number): Promise<void>;
  /** How long a recreated object may take to vanish. @defaultValue 60,000 */
  readonly recreateTimeoutMs?: number;
}

/** Looks again before writes. */
export interface Fence {
  /**
   * Resolves while this attempt counts; asks where nobody has for five seconds.
   *
   * @throws SluiceError `deploy.superseded`; the signal's reason once it is aborted
   */
  hold(): Promise<void>;
}

const longestUnseenMs = 5000;

/** A fence that asks at its first use, then at most every five seconds, once for all who wait. */
export function fenceOf({
  stillMine,
  elapsed,
  signal,
}: Pick<DeployContext, 'stillMine' | 'elapsed' | 'signal'>): Fence {
  let seenAt: number | undefined;
  let looking: Promise<void> | undefined;
  let lost = false;
  const look = async (): Promise<void> => {
    lost = !(await stillMine());
    seenAt = elapsed();
  };
  return {
    hold: async () => {
      signal?.throwIfAborted();
      if (!lost && (seenAt === undefined || elapsed() - seenAt > longestUnseenMs)) {
        looking ??= look().finally(() => {
          looking = undefined;
        });
        await looking;
      }
      if (lost) throw superseded();
    },
  };
}

function superseded(): SluiceError {
  return new SluiceError('deploy.superseded', 'another attempt has taken over, so this one stopped', {
    kind: 'notReady',
  });
}

/** Results in the order of the items, `limit` of them at a time. Rejects with the first rejection, when all have ended. */
export async function eachOf<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const rejections: unknown[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && rejections.length === 0) {
      const index = next;
      next += 1;
      try {
        results[index] = await work(items[index] as Item, index);
      } catch (error) {
        rejections.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (rejections.length > 0) throw rejections[0];
  return results;
}

/** @defaultValue of `DeployContext.concurrency` */
export const usualConcurrency = 8;
