// Reports of what a commit has come to on a cluster: how one is made to fit, and which of two stands.
import type { DeployedJob, DeployedKustomization, Job } from '../ports/queue.ts';
import { deployedLimits } from './job.ts';

/** Failed ones are told first, then those under way. */
const order: readonly DeployedKustomization['state'][] = ['failure', 'in_progress', 'success', 'suspended'];

/**
 * Returns the job, its Kustomizations sorted by state (failed ones first) and key, and cut to what a job may hold: 100 of
 * them, messages of 2,000 characters that end in `…` where something is missing, without NUL and half characters.
 */
export function deployedJob(facts: Omit<DeployedJob, 'kind' | 'version'>): DeployedJob {
  const kustomizations = facts.kustomizations
    .toSorted((one, other) => order.indexOf(one.state) - order.indexOf(other.state) || (one.key < other.key ? -1 : 1))
    .slice(0, deployedLimits.kustomizations)
    .map(({ key, state, reason, message }) => ({
      key,
      state,
      reason: fitting(reason, deployedLimits.reason),
      message: fitting(message, deployedLimits.message),
    }));
  return { kind: 'deployed', version: 1, ...facts, kustomizations };
}

function fitting(text: string, most: number): string {
  // Half a character at the cut is one that toWellFormed would replace.
  const cut = text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
  return cut.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** What a commit has come to on a cluster, and when. Times in ISO 8601, UTC. */
export type DeployOutcome = Pick<DeployedJob, 'state' | 'startedAt' | 'endedAt'>;

const states: readonly DeployedJob['state'][] = ['in_progress', 'failure', 'success'];

/**
 * Tells which of two reports of one commit on one cluster stands: positive where the first does, 0 where they say the same.
 * They only ever move forward, so that order and repetition do not matter: an end stands over what is under way; what went
 * live stays, since later trouble of the cluster is not the change's; a failure goes once it is live. Of two that went live
 * the first counts, of two failures or beginnings the later one.
 */
export function compareOutcomes(one: DeployOutcome, other: DeployOutcome): number {
  const rank = states.indexOf(one.state) - states.indexOf(other.state);
  if (rank !== 0) return rank;
  if (one.state === 'success') return endOf(other) - endOf(one);
  return Date.parse(one.startedAt) - Date.parse(other.startedAt) || endOf(one) - endOf(other);
}

function endOf({ startedAt, endedAt }: DeployOutcome): number {
  return Date.parse(endedAt ?? startedAt);
}

/**
 * Returns the one of two jobs for one subject that is to be worked on: of two reports the one that stands, of any others the
 * newcomer, since they say nothing that whoever takes them does not read again.
 */
export function laterOf(kept: Job | undefined, newcomer: Job): Job;
export function laterOf(kept: Job, newcomer: Job | undefined): Job;
export function laterOf(kept: Job | undefined, newcomer: Job | undefined): Job | undefined {
  if (kept === undefined || newcomer === undefined) return newcomer ?? kept;
  if (kept.kind !== 'deployed' || newcomer.kind !== 'deployed') return newcomer;
  return compareOutcomes(kept, newcomer) > 0 ? kept : newcomer;
}
