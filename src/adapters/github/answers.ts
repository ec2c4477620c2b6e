// The parts of GitHub's answers that are used. Everything else is dropped at the door.
import { z } from 'zod';
import type {
  CheckRun,
  Deployment,
  DeploymentStatus,
  HostedRepository,
  MergedPull,
  PullRequest,
  RepositoryId,
} from '../../ports/github.ts';

const id = z.number().int().nonnegative();
const sha = z.string().regex(/^[0-9a-f]{40}$/);

export const repositoryAnswer = z.object({
  id,
  full_name: z.string(),
  clone_url: z.string(),
  archived: z.boolean().default(false),
});

/** Of a repository that is there, or of where a former name leads. */
export const movedAnswer = z.object({ id });

export const pullRequestAnswer = z.object({
  number: id,
  state: z.enum(['open', 'closed']),
  draft: z.boolean().default(false),
  locked: z.boolean().default(false),
  head: z.object({ sha, ref: z.string(), repo: z.object({ id }).nullable() }),
  base: z.object({ sha, ref: z.string(), repo: repositoryAnswer }),
  // Lists leave it out.
  mergeable: z.boolean().nullable().default(null),
  html_url: z.string(),
});

export const checkRunAnswer = z.object({
  id,
  name: z.string(),
  head_sha: sha,
  status: z.string(),
  conclusion: z.string().nullish(),
  app: z.object({ id }).nullish(),
});

export const checkRunsAnswer = z.object({ check_runs: z.array(checkRunAnswer) });

export const commentAnswer = z.object({
  id,
  body: z.string().nullish(),
  user: z.object({ type: z.string() }).nullish(),
  performed_via_github_app: z.object({ id }).nullish(),
});

/** A branch that was made stood at 40 zeros before. */
export const activityAnswer = z.object({ id, before: sha, timestamp: z.iso.datetime({ offset: true }) });

/** Of closed pull requests, those that were merged are of interest. */
export const mergedPullAnswer = z.object({
  number: id,
  merged_at: z.iso.datetime({ offset: true }).nullish(),
  updated_at: z.iso.datetime({ offset: true }),
  merge_commit_sha: sha.nullish(),
  base: z.object({ ref: z.string() }),
  html_url: z.string(),
});

/** Who made it. */
export const byApp = z.object({
  creator: z.object({ type: z.string() }).nullish(),
  performed_via_github_app: z.object({ id }).nullish(),
});

export const deploymentAnswer = byApp.extend({
  id,
  environment: z.string(),
  updated_at: z.iso.datetime({ offset: true }),
});

export const deploymentStatusAnswer = byApp.extend({
  state: z.string(),
  description: z.string().nullish(),
  log_url: z.string().nullish(),
});

export const tokenAnswer = z.object({ token: z.string().min(1), expires_at: z.iso.datetime({ offset: true }) });

export const installationsAnswer = z.array(z.object({ id, app_id: id, suspended_at: z.string().nullish() }));

export const installationRepositoriesAnswer = z.object({ repositories: z.array(repositoryAnswer) });

export const deliveriesAnswer = z.array(
  z.object({
    // 64 bits: a large one arrives as a bigint.
    id: z.union([z.number().int(), z.bigint()]).transform(String),
    guid: z.string(),
    delivered_at: z.iso.datetime({ offset: true }),
    status_code: z.number().int(),
  }),
);

export const anything = z.unknown();

export function hostedRepository(installation: number, answer: z.infer<typeof repositoryAnswer>): HostedRepository {
  const { id: repository, full_name: fullName, clone_url: cloneUrl, archived } = answer;
  return { installation, repository, fullName, cloneUrl, archived };
}

export function pullRequest(at: RepositoryId, answer: z.infer<typeof pullRequestAnswer>): PullRequest {
  const { head, base } = answer;
  return {
    repository: hostedRepository(at.installation, base.repo),
    number: answer.number,
    state: answer.state,
    draft: answer.draft,
    locked: answer.locked,
    head: { sha: head.sha, ref: head.ref, fork: head.repo?.id !== base.repo.id },
    base: { sha: base.sha, ref: base.ref },
    mergeable: answer.mergeable,
    htmlUrl: answer.html_url,
  };
}

export function checkRun(answer: z.infer<typeof checkRunAnswer>): CheckRun {
  const completed = answer.status === 'completed';
  const cancelled = completed && answer.conclusion === 'cancelled';
  return { id: answer.id, head: answer.head_sha, completed, ...(cancelled && { cancelled }) };
}

/** The last merged first. */
export function mergedPulls(list: readonly z.infer<typeof mergedPullAnswer>[]): readonly MergedPull[] {
  const merged = list.flatMap(({ number, merged_at, merge_commit_sha, base, html_url }): MergedPull[] => {
    if (typeof merged_at !== 'string' || typeof merge_commit_sha !== 'string') return [];
    const mergedAt = new Date(merged_at);
    return [{ number, commit: merge_commit_sha, base: base.ref, mergedAt, htmlUrl: html_url }];
  });
  return merged.sort((one, other) => other.mergedAt.getTime() - one.mergedAt.getTime() || other.number - one.number);
}

export function deployment(answer: z.infer<typeof deploymentAnswer>): Deployment {
  return { id: answer.id, environment: answer.environment, updatedAt: new Date(answer.updated_at) };
}

const states: readonly string[] = [
  'in_progress',
  'success',
  'failure',
  'inactive',
] satisfies DeploymentStatus['state'][];

/** None for a state that is never ours. */
export function deploymentStatus(answer: z.infer<typeof deploymentStatusAnswer>): DeploymentStatus[] {
  const { state, description, log_url } = answer;
  if (!states.includes(state)) return [];
  return [{ state: state as DeploymentStatus['state'], description: description ?? '', logUrl: log_url ?? '' }];
}
