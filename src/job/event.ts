// A GitHub event → jobs. An event is only a hint that something changed: what it says of commits and states is not
// believed, and whoever takes the job reads GitHub again. Where a branch is said to stand is passed on as a hint what to ask for.
import { z } from 'zod';
import type { Job, PushedJob, ReviewJob, SweepJob } from '../ports/queue.ts';
import { isJob } from './job.ts';

export interface Delivery {
  /** `X-GitHub-Event` */
  readonly event: string;
  /** `X-GitHub-Delivery`; the same when GitHub sends one again. */
  readonly id: string;
  /** The body, parsed. */
  readonly payload: unknown;
}

export interface EventContext {
  readonly appId: number;
  /** Where people find repositories: `https://github.com`; no slash at the end. */
  readonly web: string;
  /** `owner/name` of the platform repository; case does not matter. */
  readonly platform: string;
  /** The platform repository's tracked branch; its default branch where undefined. */
  readonly platformBranch?: string;
}

export interface Decision {
  /** Each subject once. */
  readonly jobs: readonly Job[];
  /** A branch or a tag moved: one `pushed` job for each cluster there is. */
  readonly pushed?: Omit<PushedJob, 'cluster'>;
  /** `owner/name` and number, for logs. */
  readonly repository?: string;
  readonly pull?: number;
  /** Why there is nothing to do. */
  readonly ignored?: string;
}

const id = z.number().int().positive().max(Number.MAX_SAFE_INTEGER);
const sha = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/);
const repository = z.object({
  id,
  full_name: z.string().regex(/^[\w.-]{1,100}\/[\w.-]{1,100}$/),
  default_branch: z.string().max(300).optional(),
});
const scope = z.object({ installation: z.object({ id }), repository });
const app = z.object({ id }).nullish();
const pulls = z
  .array(z.object({ number: id, base: z.object({ repo: z.object({ id }) }) }))
  .max(1000)
  .default([]);

const schemas = {
  pull_request: scope.extend({
    action: z.string(),
    pull_request: z.object({ number: id, merged: z.boolean().nullish() }),
    changes: z.object({ base: z.unknown().optional() }).optional(),
  }),
  push: scope.extend({
    ref: z.string().max(1000),
    deleted: z.boolean().default(false),
    after: z
      .string()
      .regex(/^[0-9a-f]{40}$/)
      .optional()
      .catch(undefined),
  }),
  merge_group: scope.extend({
    action: z.string(),
    merge_group: z.object({
      head_sha: sha,
      base_sha: sha,
      base_ref: z
        .string()
        .max(300)
        .regex(/^refs\/heads\/[^\s\p{Cc}]+$/u),
    }),
  }),
  check_run: scope.extend({
    action: z.string(),
    check_run: z.object({
      app,
      name: z.string(),
      head_sha: sha,
      external_id: z.string().max(1000).nullish(),
      pull_requests: pulls,
    }),
  }),
  check_suite: scope.extend({
    action: z.string(),
    check_suite: z.object({ app, pull_requests: pulls }),
  }),
  installation: z.object({ action: z.string(), installation: z.object({ id, app_id: id }) }),
};
type Payload<E extends keyof typeof schemas> = z.infer<(typeof schemas)[E]>;

/** Actions after which a review may say something else. `closed` too: work in flight then ends. */
const pullActions: ReadonlySet<string> = new Set([
  'opened',
  'reopened',
  'synchronize',
  'ready_for_review',
  'converted_to_draft',
  'closed',
]);
const installationActions: ReadonlySet<string> = new Set(['created', 'unsuspend', 'new_permissions_accepted', 'added']);

type Handler = (payload: unknown, cause: string, context: EventContext) => Decision;

function handler<E extends keyof typeof schemas>(
  event: E,
  decide: (payload: Payload<E>, cause: string, context: EventContext) => Decision,
): Handler {
  return (payload, cause, context) => {
    const read = schemas[event].safeParse(payload);
    if (read.success) return decide(read.data as Payload<E>, cause, context);
    const where = read.error.issues[0]?.path.map(String).join('.') ?? '';
    return ignored(`the ${event} event lacks what it should have (at ${where === '' ? 'its root' : where})`);
  };
}

const handlers: ReadonlyMap<string, Handler> = new Map([
  ['pull_request', handler('pull_request', ofPullRequest)],
  ['push', handler('push', ofPush)],
  ['merge_group', handler('merge_group', ofMergeGroup)],
  ['check_run', handler('check_run', ofCheckRun)],
  ['check_suite', handler('check_suite', ofCheckSuite)],
  ['installation', handler('installation', ofInstallation)],
  ['installation_repositories', handler('installation', ofInstallation)],
  ['issue_comment', () => ignored('comments carry no commands yet')],
  ['ping', () => ignored('a ping')],
]);

/** Returns the jobs that an event asks for, or why there is none. Never throws, whatever the payload. */
export function jobsOf({ event, id: cause, payload }: Delivery, context: EventContext): Decision {
  const decide = handlers.get(event);
  return decide === undefined ? ignored('an event of no interest') : decide(payload, cause, context);
}

function ofPullRequest(payload: Payload<'pull_request'>, cause: string): Decision {
  const { action, pull_request: pull, changes } = payload;
  const named = { ...place(payload), pull: pull.number };
  const retargeted = action === 'edited' && changes?.base !== undefined;
  if (!pullActions.has(action) && !retargeted) return ignored(`the action ${shown(action)} changes no review`, named);
  const jobs: Job[] = [review(payload, pull.number, cause)];
  // Its base has moved under every other pull request.
  if (action === 'closed' && pull.merged === true) jobs.push(sweepOf(payload, cause));
  return { jobs, ...named };
}

function ofPush(payload: Payload<'push'>, cause: string, context: EventContext): Decision {
  const { ref, deleted, after, repository: where } = payload;
  const named = place(payload);
  if (deleted) return ignored('a branch or tag was deleted', named);
  if (!/^refs\/(?:heads|tags)\//.test(ref)) return ignored('neither a branch nor a tag was pushed', named);
  // A fleet may follow any branch or tag of any repository; agents know which.
  const url = `${context.web}/${where.full_name}`;
  const hint = after === undefined ? {} : { commit: after };
  const pushed = { kind: 'pushed', version: 1, url, ref, ...hint, cause } as const;
  const jobs = reviewsAfter(payload, ref, cause, context);
  return isJob({ ...pushed, cluster: 'any' }) ? { jobs, pushed, ...named } : { jobs, ...named };
}

/** The reviews that a push makes stale. */
function reviewsAfter(
  payload: Payload<'push'>,
  ref: string,
  cause: string,
  { platform, platformBranch }: EventContext,
): readonly SweepJob[] {
  const { repository: where } = payload;
  const isPlatform = where.full_name.toLowerCase() === platform.toLowerCase();
  const tracked = (isPlatform ? platformBranch : undefined) ?? where.default_branch;
  if (tracked === undefined || ref !== `refs/heads/${tracked}`) return [];
  // The platform's branch says what every review is held against.
  return isPlatform ? [{ kind: 'sweep', version: 1, cause }] : [sweepOf(payload, cause)];
}

function ofMergeGroup(payload: Payload<'merge_group'>, cause: string): Decision {
  const { action, merge_group: group } = payload;
  const named = place(payload);
  if (action !== 'checks_requested') return ignored(`the action ${shown(action)} asks for no check`, named);
  return { jobs: [mergeGroup(payload, group.head_sha, group.base_sha, group.base_ref, cause)], ...named };
}

function ofCheckRun(payload: Payload<'check_run'>, cause: string, { appId }: EventContext): Decision {
  const { action, check_run: run } = payload;
  const named = place(payload);
  if (run.app?.id !== appId || run.name !== 'sluice') return ignored('a check that is not ours', named);
  if (action !== 'rerequested' && action !== 'requested_action') return ignored('our own check moved on', named);
  // The id is ours: only we can write a check run of ours.
  const pull = /^pull\/(\d{1,15})$/.exec(run.external_id ?? '')?.[1];
  if (pull !== undefined && Number(pull) > 0)
    return { jobs: [review(payload, Number(pull), cause)], ...named, pull: Number(pull) };
  const group = /^group\/([0-9a-f]{40,64})\/(refs\/heads\/[^\s\p{Cc}]{1,300})$/u.exec(run.external_id ?? '');
  if (group?.[1] !== undefined && group[2] !== undefined)
    return { jobs: [mergeGroup(payload, run.head_sha, group[1], group[2], cause)], ...named };
  return { jobs: ofPulls(payload, run.pull_requests, cause), ...named };
}

function ofCheckSuite(payload: Payload<'check_suite'>, cause: string, { appId }: EventContext): Decision {
  const { action, check_suite: suite } = payload;
  const named = place(payload);
  if (suite.app?.id !== appId) return ignored('a check suite that is not ours', named);
  if (action !== 'rerequested') return ignored(`the action ${shown(action)} asks for no check`, named);
  return { jobs: ofPulls(payload, suite.pull_requests, cause), ...named };
}

function ofInstallation(payload: Payload<'installation'>, cause: string, { appId }: EventContext): Decision {
  const { action, installation } = payload;
  if (installation.app_id !== appId) return ignored("another App's installation");
  if (!installationActions.has(action)) return ignored(`after ${shown(action)} there is nothing to look at`);
  return { jobs: [{ kind: 'sweep', version: 1, installation: installation.id, cause }] };
}

/** GitHub names no pull requests where the head is in a fork: then all open ones of the repository. */
function ofPulls(payload: Scope, named: z.infer<typeof pulls>, cause: string): readonly Job[] {
  const own = new Set(named.filter(({ base }) => base.repo.id === payload.repository.id).map(({ number }) => number));
  return own.size === 0 ? [sweepOf(payload, cause)] : [...own].map((number) => review(payload, number, cause));
}

type Scope = z.infer<typeof scope>;

function target({ installation, repository: { id: number, full_name } }: Scope) {
  return { version: 1, installation: installation.id, repository: number, fullName: full_name } as const;
}

function review(payload: Scope, pull: number, cause: string): ReviewJob {
  return { kind: 'review', ...target(payload), pull, cause };
}

function mergeGroup(payload: Scope, head: string, base: string, baseRef: string, cause: string): Job {
  return { kind: 'mergeGroup', ...target(payload), head, base, baseRef, cause };
}

function sweepOf({ installation, repository: { id: number } }: Scope, cause: string): SweepJob {
  return { kind: 'sweep', version: 1, installation: installation.id, repository: number, cause };
}

function place({ repository: { full_name } }: Scope): { readonly repository: string } {
  return { repository: full_name };
}

function ignored(why: string, named: { readonly repository?: string; readonly pull?: number } = {}): Decision {
  return { jobs: [], ...named, ignored: why };
}

function shown(action: string): string {
  return /^[a-z_]{1,40}$/.test(action) ? action : '(odd)';
}
