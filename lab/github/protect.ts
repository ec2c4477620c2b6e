// Branch protection: what must be true before a merge.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conclusion } from './check.ts';
import { isAncestor } from './git/bare.ts';
import type { Pull } from './issue.ts';
import type { Protection, Repository, RequiredCheck } from './repository.ts';

const passing: readonly (Conclusion | null)[] = ['success', 'neutral', 'skipped'];

export type RequiredState = 'expected' | 'pending' | 'passed' | 'failed';

/** How a required check stands on a commit: the newest run of that name, and only its App's where one is named. */
export function stateOf(repository: Repository, head: string, required: RequiredCheck): RequiredState {
  const runs = [...repository.checkRuns.values()].filter(
    (run) =>
      run.head === head &&
      run.name === required.context &&
      (required.app === undefined || run.app.id === required.app.id),
  );
  const statuses = repository.statuses.filter(
    ({ sha, context }) => required.app === undefined && sha === head && context === required.context,
  );
  const states: RequiredState[] = [];
  const run = runs.at(-1);
  if (run !== undefined) states.push(runState(run.status, run.conclusion));
  const status = statuses.at(-1);
  if (status !== undefined) states.push(statusState(status.state));
  // A check and a status of one name are both required.
  const order: readonly RequiredState[] = ['failed', 'pending', 'passed'];
  return order.find((state) => states.includes(state)) ?? 'expected';
}

function runState(status: string, conclusion: Conclusion | null): RequiredState {
  if (status !== 'completed') return 'pending';
  return passing.includes(conclusion) ? 'passed' : 'failed';
}

function statusState(state: string): RequiredState {
  if (state === 'pending') return 'pending';
  return state === 'success' ? 'passed' : 'failed';
}

/** Reasons why a pull request may not be merged, in GitHub's words; empty when it may. */
export async function unmet(pull: Pull): Promise<string[]> {
  const { repository } = pull;
  const { head, base } = pull.pull;
  const protection = repository.protection.get(base.ref);
  if (protection === undefined) return [];
  if (protection.mergeQueue) return ['Changes must be made through the merge queue'];
  const reasons = requirements(repository, head.sha, protection);
  const tip = repository.refs.get(`refs/heads/${base.ref}`) ?? '';
  if (protection.strict && !(await isAncestor(repository.path, tip, head.sha))) {
    reasons.push('Head branch is out of date');
  }
  const approvals = new Set(pull.pull.reviews.filter(({ state }) => state === 'APPROVED').map(({ user }) => user.id));
  if (approvals.size < protection.reviews) {
    reasons.push(`At least ${protection.reviews} approving review is required by reviewers with write access.`);
  }
  return reasons;
}

export function requirements(repository: Repository, head: string, protection: Protection): string[] {
  return protection.checks.flatMap((required) => {
    const state = stateOf(repository, head, required);
    if (state === 'passed') return [];
    if (state === 'expected' || state === 'pending')
      return [`Required status check "${required.context}" is ${state}.`];
    return [`Required status check "${required.context}" is failing.`];
  });
}

/** Writes what the hook that guards pushes reads. */
export async function writeProtection(repository: Repository): Promise<void> {
  const lines = [...repository.protection].flatMap(([branch, rule]) => [
    ...(rule.reviews > 0 || rule.checks.length > 0 ? [`refs/heads/${branch} closed`] : []),
    ...(rule.allowForcePushes ? [] : [`refs/heads/${branch} forward`]),
  ]);
  await writeFile(join(repository.path, 'protected'), lines.map((line) => `${line}\n`).join(''));
}
