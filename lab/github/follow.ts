// Pull requests follow their branches.
import type { Account } from './account.ts';
import { changedFiles, isAncestor, mergeCommit, readCommits, zero } from './git/bare.ts';
import { runGit } from './git/run.ts';
import { type Issue, isPull, type Pull } from './issue.ts';
import type { Repository } from './repository.ts';
import { pullShape } from './shape/pull.ts';
import type { World } from './world.ts';

const nothing = (): void => {};

/** The head branch moved or went away. @returns what tells the Apps, to be called when the push has been announced */
export async function followHead(world: World, issue: Issue, after: string, sender: Account): Promise<() => void> {
  if (!isPull(issue)) return nothing;
  if (after === zero) return closePull(world, issue, sender);
  const { head } = issue.pull;
  const before = head.sha;
  rememberFormer(issue);
  head.sha = after;
  issue.updatedAt = world.clock.stamp();
  await fetchHead(issue);
  issue.pull.base.sha = issue.repository.refs.get(`refs/heads/${issue.pull.base.ref}`) ?? issue.pull.base.sha;
  await testMerge(world, issue);
  return () => announcePull(world, issue, 'synchronize', sender, { before, after });
}

/** The base branch moved or went away. Moved so far that it holds the head, the pull request counts as merged. */
export async function followBase(world: World, issue: Issue, after: string, sender: Account): Promise<() => void> {
  if (!isPull(issue)) return nothing;
  if (after === zero) return closePull(world, issue, sender);
  if (await isAncestor(issue.repository.path, issue.pull.head.sha, after)) {
    return closePull(world, issue, sender, after);
  }
  rememberFormer(issue);
  await testMerge(world, issue);
  return nothing;
}

/** Closes, as merged where there is a merge commit. @returns what tells the Apps */
export function closePull(world: World, pull: Pull, sender: Account, merged?: string): () => void {
  const now = world.clock.stamp();
  Object.assign(pull, { state: 'closed', closedAt: now, updatedAt: now });
  if (merged !== undefined) Object.assign(pull.pull, { mergedAt: now, mergedBy: sender, mergeCommit: merged });
  return () => announcePull(world, pull, 'closed', sender);
}

export function announcePull(
  world: World,
  pull: Pull,
  action: string,
  sender: Account,
  more: Readonly<Record<string, unknown>> = {},
): void {
  const payload = { number: pull.number, ...more, pull_request: pullShape(world, pull) };
  world.announce({ event: 'pull_request', action, repository: pull.repository, sender, payload });
}

/** Puts the head's commit into the base's repository as `refs/pull/N/head`. */
export async function fetchHead(pull: Pull): Promise<void> {
  const { repository, number } = pull;
  const { head } = pull.pull;
  const ref = `refs/pull/${number}/head`;
  if (head.repository !== undefined && head.repository.id !== repository.id) {
    await runGit(repository.path, ['fetch', '--quiet', '--no-tags', head.repository.path, `+${head.sha}:${ref}`]);
  } else {
    await runGit(repository.path, ['update-ref', ref, head.sha]);
  }
}

/** Merges for trial and keeps the outcome as `refs/pull/N/merge`; on a conflict the reference stays as it was. */
export async function testMerge(world: World, pull: Pull): Promise<void> {
  const { repository, number } = pull;
  const { head, base } = pull.pull;
  const tip = repository.refs.get(`refs/heads/${base.ref}`);
  if (tip === undefined) return;
  const message = `Merge ${head.sha} into ${tip}`;
  const at = Math.floor(world.clock.now() / 1000);
  const merged = await mergeCommit(repository.path, tip, head.sha, message, { ...mergeIdentity, at });
  pull.pull.mergeable = merged !== undefined;
  if (merged !== undefined) {
    await runGit(repository.path, ['update-ref', `refs/pull/${number}/merge`, merged]);
    pull.pull.mergeCommit = merged;
  }
  pull.pull.size = await sizeOf(repository, tip, head.sha);
}

export const mergeIdentity = { name: 'GitHub', email: 'noreply@github.com' };

async function sizeOf(repository: Repository, base: string, head: string): Promise<Pull['pull']['size']> {
  const [files, commits] = await Promise.all([
    changedFiles(repository.path, base, head).catch(() => []),
    readCommits(repository.path, [`${base}..${head}`], 10_000),
  ]);
  const sum = (count: (file: (typeof files)[number]) => number): number =>
    files.reduce((all, file) => all + count(file), 0);
  return {
    commits: commits.length,
    files: files.length,
    additions: sum(({ additions }) => additions),
    deletions: sum(({ deletions }) => deletions),
  };
}

function rememberFormer({ pull }: Pull): void {
  pull.former = {
    head: pull.head.sha,
    base: pull.base.sha,
    mergeCommit: pull.mergeCommit,
    mergeable: pull.mergeable,
  };
}
