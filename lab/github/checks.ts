import type { Account } from './account.ts';
import type { App } from './app.ts';
import type { Annotation, CheckRun, CheckSuite, Conclusion } from './check.ts';
import type { Repository } from './repository.ts';
import { announcedRunShape } from './shape/check.ts';
import { announceSuite, suiteOf } from './suite.ts';
import type { World } from './world.ts';

export interface CheckFields {
  readonly name?: string;
  readonly externalId?: string;
  readonly detailsUrl?: string;
  readonly status?: CheckRun['status'];
  readonly conclusion?: Conclusion;
  readonly startedAt?: string;
  readonly completedAt?: string;
  readonly title?: string;
  readonly summary?: string;
  readonly text?: string;
  /** Added to those there are. */
  readonly annotations?: readonly Annotation[];
  readonly actions?: CheckRun['actions'];
}

export async function createCheck(
  world: World,
  repository: Repository,
  app: App,
  asked: CheckFields & { readonly name: string; readonly head: string },
): Promise<CheckRun> {
  const branch = [...repository.refs].find(([ref, sha]) => sha === asked.head && ref.startsWith('refs/heads/'))?.[0];
  const at = { head: asked.head, branch: branch?.slice('refs/heads/'.length) ?? null, before: null };
  const run: CheckRun = {
    id: world.nextId(),
    suite: suiteOf(world, repository, app, at),
    app,
    head: asked.head,
    name: asked.name,
    externalId: '',
    detailsUrl: undefined,
    status: 'queued',
    conclusion: null,
    startedAt: world.clock.stamp(),
    completedAt: null,
    title: null,
    summary: null,
    text: null,
    annotations: [],
    actions: [],
  };
  repository.checkRuns.set(run.id, run);
  apply(world, run, asked);
  announceRun(world, repository, run, 'created', app.bot);
  await settleSuite(world, repository, run.suite, app.bot);
  return run;
}

export async function updateCheck(
  world: World,
  repository: Repository,
  run: CheckRun,
  asked: CheckFields,
): Promise<void> {
  const before = run.status;
  apply(world, run, asked);
  if (run.status === 'completed' && before !== 'completed')
    announceRun(world, repository, run, 'completed', run.app.bot);
  await settleSuite(world, repository, run.suite, run.app.bot);
}

/** A conclusion completes; a status other than `completed` opens it again. */
function apply(world: World, run: CheckRun, asked: CheckFields): void {
  const { annotations = [], ...fields } = asked;
  const { head: _head, ...plain } = fields as CheckFields & { head?: string };
  Object.assign(run, plain);
  run.annotations = [...run.annotations, ...annotations];
  if (asked.conclusion !== undefined) {
    run.status = 'completed';
    run.completedAt = asked.completedAt ?? world.clock.stamp();
  } else if (asked.status !== undefined && asked.status !== 'completed') {
    Object.assign(run, { conclusion: null, completedAt: null });
  }
  run.suite.updatedAt = world.clock.stamp();
  world.changed();
}

export function announceRun(
  world: World,
  repository: Repository,
  run: CheckRun,
  action: 'created' | 'completed' | 'rerequested' | 'requested_action',
  sender: Account,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const payload = { ...more, check_run: announcedRunShape(world, repository, run) };
  const own = action === 'rerequested' || action === 'requested_action';
  world.announce({ event: 'check_run', action, repository, sender, payload, ...(own && { only: run.app }) });
}

const worst: readonly Conclusion[] = [
  'failure',
  'timed_out',
  'action_required',
  'cancelled',
  'success',
  'neutral',
  'skipped',
];

async function settleSuite(world: World, repository: Repository, suite: CheckSuite, sender: Account): Promise<void> {
  const runs = [...repository.checkRuns.values()].filter((run) => run.suite.id === suite.id);
  const before = suite.status;
  const done = runs.every(({ status }) => status === 'completed');
  suite.status = done ? 'completed' : 'in_progress';
  suite.conclusion = done ? (worst.find((one) => runs.some(({ conclusion }) => conclusion === one)) ?? null) : null;
  if (done && before !== 'completed') await announceSuite(world, repository, suite, 'completed', sender);
}
