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

/**
 * Returns the one of two jobs for one subject that is to be worked on. Of two reports that is the one whose attempt began
 * later; of one attempt the end state, however late word of its beginning arrives; of two end states the later one. Of any
 * other jobs it is the newcomer, since they say nothing that whoever takes them does not read again.
 */
export function laterOf(kept: Job | undefined, newcomer: Job): Job;
export function laterOf(kept: Job, newcomer: Job | undefined): Job;
export function laterOf(kept: Job | undefined, newcomer: Job | undefined): Job | undefined {
  if (kept === undefined || newcomer === undefined) return newcomer ?? kept;
  if (kept.kind !== 'deployed' || newcomer.kind !== 'deployed') return newcomer;
  return isLater(kept, newcomer) ? kept : newcomer;
}

/** True when `one` says something newer than `other`, and not merely as new. */
function isLater(one: DeployedJob, other: DeployedJob): boolean {
  const began = Date.parse(one.startedAt) - Date.parse(other.startedAt);
  if (began !== 0) return began > 0;
  return endOf(one) > endOf(other);
}

function endOf({ endedAt }: DeployedJob): number {
  return endedAt === undefined ? -Infinity : Date.parse(endedAt);
}
