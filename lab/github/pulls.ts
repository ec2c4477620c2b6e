// What people and Apps do to pull requests.
import type { Account } from './account.ts';
import type { App } from './app.ts';
import { findCommit, isAncestor, mergeCommit } from './git/bare.ts';
import { tryGit } from './git/run.ts';
import { announcePull, closePull, fetchHead, mergeIdentity, testMerge } from './follow.ts';
import type { Issue, Pull, PullPart } from './issue.ts';
import { announcePushes } from './push.ts';
import { unmet } from './protect.ts';
import { fullName, type Repository } from './repository.ts';
import { invalid, Refusal } from './rest/refusal.ts';
import { exclusive } from './turn.ts';
import type { World } from './world.ts';

export interface NewPull {
  readonly title: string;
  readonly body?: string | null;
  /** `branch`, or `owner:branch` for a fork's. */
  readonly head: string;
  readonly base: string;
  readonly draft?: boolean;
}

export function nextNumber(repository: Repository): number {
  return repository.issues.size + 1;
}

export function newIssue(
  world: World,
  repository: Repository,
  user: Account,
  text: { readonly title: string; readonly body: string | null },
  pull?: PullPart,
): Issue {
  const now = world.clock.stamp();
  const issue: Issue = {
    id: world.nextId(),
    number: nextNumber(repository),
    repository,
    ...text,
    user,
    state: 'open',
    locked: false,
    createdAt: now,
    updatedAt: now,
    closedAt: null,
    comments: new Map(),
    reactions: [],
    pull,
  };
  repository.issues.set(issue.number, issue);
  return issue;
}

export function openPull(world: World, repository: Repository, user: Account, asked: NewPull): Promise<Pull> {
  return exclusive(repository, async () => {
    const { head, owner, ref } = findHead(world, repository, asked.head);
    const sha = head?.refs.get(`refs/heads/${ref}`);
    if (head === undefined || sha === undefined) throw invalid('PullRequest', 'head', 'head is invalid', 'invalid');
    const base = repository.refs.get(`refs/heads/${asked.base}`);
    if (base === undefined) throw invalid('PullRequest', 'base', 'base is invalid', 'invalid');
    refuseTwice(repository, head, ref, asked);
    if (head.id === repository.id && (await isAncestor(repository.path, sha, base))) {
      const message = `No commits between ${asked.base} and ${ref}`;
      throw new Refusal(422, 'Validation Failed', { errors: [{ resource: 'PullRequest', code: 'custom', message }] });
    }
    const pull = newIssue(
      world,
      repository,
      user,
      { title: asked.title, body: asked.body ?? null },
      {
        draft: asked.draft ?? false,
        head: { repository: head, owner, ref, sha },
        base: { ref: asked.base, sha: base },
        crossRepository: head.id !== repository.id,
        mergeable: null,
        mergeCommit: null,
        mergedAt: null,
        mergedBy: undefined,
        maintainerCanModify: head.id !== repository.id,
        size: { commits: 0, additions: 0, deletions: 0, files: 0 },
        reviews: [],
        former: undefined,
      },
    ) as Pull;
    await fetchHead(pull);
    await testMerge(world, pull);
    announcePull(world, pull, 'opened', user);
    return pull;
  });
}

function findHead(
  world: World,
  repository: Repository,
  named: string,
): { readonly head: Repository | undefined; readonly owner: Account; readonly ref: string } {
  const colon = named.indexOf(':');
  if (colon < 0) return { head: repository, owner: repository.owner, ref: named };
  const login = named.slice(0, colon);
  const ref = named.slice(colon + 1);
  const same = (one: Repository): boolean => one.owner.login.toLowerCase() === login.toLowerCase();
  const family = [...world.repositories.values()].filter(
    (one) => one.id === repository.id || one.parent?.id === repository.id,
  );
  const head = family.find(same);
  return { head, owner: head?.owner ?? repository.owner, ref };
}

function refuseTwice(repository: Repository, head: Repository, ref: string, asked: NewPull): void {
  const same = [...repository.issues.values()].some(
    ({ state, pull }) =>
      state === 'open' &&
      pull?.head.repository?.id === head.id &&
      pull.head.ref === ref &&
      pull.base.ref === asked.base,
  );
  if (!same) return;
  const message = `A pull request already exists for ${head.owner.login}:${ref}.`;
  throw new Refusal(422, 'Validation Failed', { errors: [{ resource: 'PullRequest', code: 'custom', message }] });
}

export interface PullUpdate {
  readonly title?: string;
  readonly body?: string | null;
  readonly state?: 'open' | 'closed';
  readonly base?: string;
}

export function updatePull(world: World, pull: Pull, user: Account, asked: PullUpdate): Promise<void> {
  return exclusive(pull.repository, async () => {
    const changes: Record<string, unknown> = {};
    if (asked.title !== undefined && asked.title !== pull.title) changes['title'] = { from: pull.title };
    if (asked.body !== undefined && asked.body !== pull.body) changes['body'] = { from: pull.body ?? '' };
    if (asked.title !== undefined) pull.title = asked.title;
    if (asked.body !== undefined) pull.body = asked.body;
    if (asked.base !== undefined && asked.base !== pull.pull.base.ref)
      changes['base'] = await retarget(world, pull, asked.base);
    pull.updatedAt = world.clock.stamp();
    if (Object.keys(changes).length > 0) announcePull(world, pull, 'edited', user, { changes });
    if (asked.state === 'closed' && pull.state === 'open') closePull(world, pull, user)();
    if (asked.state === 'open' && pull.state === 'closed') await reopen(world, pull, user);
    world.changed();
  });
}

async function retarget(world: World, pull: Pull, base: string): Promise<unknown> {
  const tip = pull.repository.refs.get(`refs/heads/${base}`);
  if (tip === undefined) throw invalid('PullRequest', 'base', 'base is invalid', 'invalid');
  const from = { ref: { from: pull.pull.base.ref }, sha: { from: pull.pull.base.sha } };
  Object.assign(pull.pull.base, { ref: base, sha: tip });
  await testMerge(world, pull);
  return from;
}

async function reopen(world: World, pull: Pull, user: Account): Promise<void> {
  const { head, base } = pull.pull;
  const sha = head.repository?.refs.get(`refs/heads/${head.ref}`);
  if (pull.pull.mergedAt !== null || sha === undefined || !pull.repository.refs.has(`refs/heads/${base.ref}`)) {
    throw invalid('PullRequest', 'state', 'state cannot be changed. The head or base branch is gone or was merged.');
  }
  const moved = sha !== head.sha;
  head.sha = sha;
  Object.assign(pull, { state: 'open', closedAt: null });
  await fetchHead(pull);
  if (moved || pull.pull.mergeable === null) await testMerge(world, pull);
  announcePull(world, pull, 'reopened', user);
}

/** GitHub offers this through GraphQL and its page only. */
export function setDraft(world: World, pull: Pull, draft: boolean, user: Account): void {
  if (pull.pull.draft === draft) return;
  pull.pull.draft = draft;
  pull.updatedAt = world.clock.stamp();
  announcePull(world, pull, draft ? 'converted_to_draft' : 'ready_for_review', user);
}

export interface MergeRequest {
  readonly title?: string;
  readonly message?: string;
  readonly sha?: string;
  readonly method?: 'merge' | 'squash' | 'rebase';
  /** An administrator's right to merge past what is required. */
  readonly bypass?: boolean;
}

/**
 * Merges into the base branch (a rebase of several commits is done as a squash).
 * @returns the commit on the base branch
 * @throws Refusal 405 or 409 as GitHub does
 */
export function mergePull(
  world: World,
  pull: Pull,
  who: { user: Account; app: App | undefined },
  asked: MergeRequest,
): Promise<string> {
  return exclusive(pull.repository, async () => {
    const { head, base } = pull.pull;
    if (pull.state === 'closed') throw new Refusal(405, 'Pull Request is not mergeable');
    if (asked.sha !== undefined && asked.sha !== head.sha) {
      throw new Refusal(409, 'Head branch was modified. Review and try the merge again.');
    }
    if (pull.pull.draft) throw new Refusal(405, 'Pull Request is still a draft');
    const missing = asked.bypass === true ? [] : await unmet(pull);
    if (missing.length > 0) throw new Refusal(405, missing.join(' '));
    const tip = pull.repository.refs.get(`refs/heads/${base.ref}`) ?? '';
    const commit = await commitOf(world, pull, tip, asked);
    if (commit === undefined) throw new Refusal(405, 'Pull Request is not mergeable');
    const { code } = await tryGit(pull.repository.path, ['update-ref', `refs/heads/${base.ref}`, commit, tip]);
    if (code !== 0) throw new Refusal(409, 'Base branch was modified. Review and try the merge again.');
    const closed = closePull(world, pull, who.user, commit);
    await announcePushes(world, pull.repository, who.user);
    closed();
    return commit;
  });
}

async function commitOf(world: World, pull: Pull, tip: string, asked: MergeRequest): Promise<string | undefined> {
  const { repository, number } = pull;
  const { head } = pull.pull;
  const who = { ...mergeIdentity, at: Math.floor(world.clock.now() / 1000) };
  const subject = `Merge pull request #${number} from ${head.owner.login}/${head.ref}`;
  const message = `${asked.title ?? subject}\n\n${asked.message ?? pull.title}`;
  const merged = await mergeCommit(repository.path, tip, head.sha, message, who);
  if (merged === undefined || asked.method === undefined || asked.method === 'merge') return merged;
  const facts = await findCommit(repository.path, merged);
  const text = `${asked.title ?? `${pull.title} (#${number})`}\n\n${asked.message ?? ''}`.trimEnd();
  const squashed = await tryGit(repository.path, ['commit-tree', facts?.tree ?? '', '-p', tip, '-m', text], { who });
  if (squashed.code !== 0) throw new Error(`${fullName(repository)}#${number}: ${squashed.err}`);
  return squashed.out.trim();
}
