// What the merge of a pull request has come to on one cluster.
import { compareOutcomes, type DeployOutcome } from '../job/deployed.ts';
import type { DeployedJob, DeployedKustomization } from '../ports/queue.ts';

/** What a Kustomization says of why it is not what Git says: the reason and message of its Ready condition. */
export type Failure = Pick<DeployedKustomization, 'key' | 'reason' | 'message'>;

export interface Deploy extends DeployOutcome {
  /** The commit that brought the merge there: the merge itself, or a later one that holds it. */
  readonly commit: string;
  /** Of a failure: the Kustomizations that failed, at most three. */
  readonly failures: readonly Failure[];
  /** How many more there are. */
  readonly moreFailures: number;
  /** Keys of Kustomizations that are suspended there, at most three, sorted. */
  readonly suspended: readonly string[];
  /** Nothing there follows the branch but what is suspended: it keeps what it had, and nothing went live. */
  readonly paused: boolean;
}

const most = 3;

/** What a report says. */
export function deployOf(job: DeployedJob): Deploy {
  const { state, startedAt, endedAt, commit, kustomizations } = job;
  const keys = kustomizations.filter((one) => one.state === 'suspended').map(({ key }) => key);
  const failed = state === 'failure' ? kustomizations.filter((one) => one.state === 'failure') : [];
  return {
    state,
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    commit,
    failures: failed.slice(0, most).map(({ key, reason, message }) => ({ key, reason, message })),
    moreFailures: Math.max(0, failed.length - most),
    suspended: keys.toSorted().slice(0, most),
    paused: keys.length > 0 && keys.length === kustomizations.length,
  };
}

/** Positive where the first stands over the second, as `compareOutcomes` says; what is paused stands between under way and failed. */
export function compareDeploys(one: Deploy, other: Deploy): number {
  if (!one.paused && !other.paused) return compareOutcomes(one, other);
  if (one.paused && other.paused) return 0;
  if (one.paused) return other.state === 'in_progress' ? 1 : -1;
  return one.state === 'in_progress' ? -1 : 1;
}

/** The one that stands; of two that say the same the one that says it in more words. */
export function standing(one: Deploy, other: Deploy | undefined): Deploy;
export function standing(one: Deploy | undefined, other: Deploy): Deploy;
export function standing(one: Deploy | undefined, other: Deploy | undefined): Deploy | undefined;
export function standing(one: Deploy | undefined, other: Deploy | undefined): Deploy | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return (compareDeploys(one, other) || wordCount(one) - wordCount(other)) >= 0 ? one : other;
}

function wordCount({ failures, suspended }: Deploy): number {
  return failures.reduce((sum, { message }) => sum + message.length + 1, suspended.length);
}

/** Longer than this between merge and begin, and it was not this deploy that took so long. */
const longestWaitMs = 60 * 60_000;

/**
 * Whole seconds from the merge until it was live, at least 1; undefined for what is not live, and where the times do not
 * belong together: an agent that finds it live when it starts cannot say since when.
 */
export function secondsToLive(deploy: Deploy, mergedAt: Date): number | undefined {
  const { state, startedAt, endedAt, paused } = deploy;
  if (state !== 'success' || endedAt === undefined || paused) return undefined;
  const waited = Date.parse(startedAt) - mergedAt.getTime();
  if (waited > longestWaitMs || waited < -longestWaitMs) return undefined;
  return Math.max(1, Math.round((Date.parse(endedAt) - mergedAt.getTime()) / 1_000));
}

/** `38 s`, `2 min 5 s`, `1 h 3 min` */
export function duration(seconds: number): string {
  if (seconds < 100) return `${seconds} s`;
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
  if (minutes < 60) return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
