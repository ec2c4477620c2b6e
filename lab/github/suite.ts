import type { Account } from './account.ts';
import type { App } from './app.ts';
import type { CheckSuite } from './check.ts';
import { findCommit } from './git/bare.ts';
import { fullName, type Repository } from './repository.ts';
import { suiteShape } from './shape/check.ts';
import type { Json } from './shape/account.ts';
import type { World } from './world.ts';

export interface Checked {
  readonly head: string;
  readonly branch: string | null;
  readonly before: string | null;
}

/** The suite of an App on a commit, made where there is none. */
export function suiteOf(world: World, repository: Repository, app: App, at: Checked): CheckSuite {
  const known = [...repository.checkSuites.values()].find((suite) => suite.app.id === app.id && suite.head === at.head);
  if (known !== undefined) return known;
  const now = world.clock.stamp();
  const suite: CheckSuite = {
    id: world.nextId(),
    app,
    head: at.head,
    branch: at.branch,
    before: at.before,
    createdAt: now,
    updatedAt: now,
    status: 'queued',
    conclusion: null,
  };
  repository.checkSuites.set(suite.id, suite);
  return suite;
}

/** A pushed commit gets a suite of every App that may write checks, and the App is told. */
export async function requestSuites(world: World, repository: Repository, sender: Account, at: Checked): Promise<void> {
  for (const installation of world.installations.values()) {
    if (!world.covers(installation, repository) || installation.permissions['checks'] !== 'write') continue;
    const suite = suiteOf(world, repository, installation.app, at);
    if (installation.events.includes('check_suite')) {
      await announceSuite(world, repository, suite, 'requested', sender);
    }
  }
}

export async function announceSuite(
  world: World,
  repository: Repository,
  suite: CheckSuite,
  action: 'requested' | 'rerequested' | 'completed',
  sender: Account,
): Promise<void> {
  const check_suite = {
    ...suiteShape(world, repository, suite),
    head_commit: await headCommit(repository, suite.head),
  };
  world.announce({
    event: 'check_suite',
    action,
    repository,
    sender,
    payload: { check_suite },
    ...(action !== 'completed' && { only: suite.app }),
  });
}

/** `simple-commit` */
export async function headCommit(repository: Repository, sha: string): Promise<Json> {
  const commit = await findCommit(repository.path, sha);
  if (commit === undefined) throw new Error(`${fullName(repository)}: there is no commit ${sha}`);
  return {
    id: commit.sha,
    tree_id: commit.tree,
    message: commit.message,
    timestamp: commit.committer.date,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
  };
}
