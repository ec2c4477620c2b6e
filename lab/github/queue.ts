// The merge queue: https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue
import type { Account } from './account.ts';
import { announcePull, closePull, mergeIdentity } from './follow.ts';
import { mergeCommit } from './git/bare.ts';
import { runGit } from './git/run.ts';
import type { Pull } from './issue.ts';
import { stateOf } from './protect.ts';
import { announcePushes } from './push.ts';
import type { Repository } from './repository.ts';
import { Refusal } from './rest/refusal.ts';
import { headCommit } from './suite.ts';
import { exclusive } from './turn.ts';
import type { World } from './world.ts';

/** Everything up to one pull request, merged for trial on what will be the base. */
export interface MergeGroup {
  readonly pull: Pull;
  /** `refs/heads/gh-readonly-queue/main/pr-7-<base>` */
  readonly ref: string;
  readonly head: string;
  readonly base: string;
  readonly sender: Account;
}

/** @throws Refusal 405 where its base has no merge queue, or it does not merge with those before it */
export function enqueue(world: World, pull: Pull, sender: Account): Promise<MergeGroup> {
  return exclusive(pull.repository, async () => {
    const protection = pull.repository.protection.get(pull.pull.base.ref);
    if (protection?.mergeQueue !== true) throw new Refusal(405, 'The base branch has no merge queue');
    if (pull.state === 'closed') throw new Refusal(405, 'Pull Request is not mergeable');
    announcePull(world, pull, 'enqueued', sender);
    return add(world, pull, sender);
  });
}

async function add(world: World, pull: Pull, sender: Account): Promise<MergeGroup> {
  const { repository } = pull;
  const { base, head } = pull.pull;
  const ahead = repository.queue.filter((group) => group.pull.pull.base.ref === base.ref);
  const on = ahead.at(-1)?.head ?? repository.refs.get(`refs/heads/${base.ref}`) ?? '';
  const message = `Merge pull request #${pull.number} from ${head.owner.login}/${head.ref}\n\n${pull.title}`;
  const at = Math.floor(world.clock.now() / 1000);
  const merged = await mergeCommit(repository.path, on, head.sha, message, { ...mergeIdentity, at });
  if (merged === undefined) throw new Refusal(405, 'Pull Request is not mergeable');
  const ref = `refs/heads/gh-readonly-queue/${base.ref}/pr-${pull.number}-${on}`;
  const group: MergeGroup = { pull, ref, head: merged, base: on, sender };
  await runGit(repository.path, ['update-ref', ref, merged]);
  repository.queue.push(group);
  await announcePushes(world, repository, sender);
  await announceGroup(world, group, 'checks_requested');
  return group;
}

/** Takes a pull request out; those behind it are tried again without it. */
export function dequeue(world: World, pull: Pull, sender: Account, reason = 'MANUAL'): Promise<void> {
  return exclusive(pull.repository, () => takeOut(world, pull, sender, reason));
}

async function takeOut(world: World, pull: Pull, sender: Account, reason: string): Promise<void> {
  const { repository } = pull;
  const at = repository.queue.findIndex((group) => group.pull.id === pull.id);
  const [mine, ...behind] = at < 0 ? [] : repository.queue.splice(at);
  if (mine === undefined) return;
  for (const group of [mine, ...behind]) {
    await announceGroup(world, group, 'destroyed', group === mine ? 'dequeued' : 'invalidated');
    await runGit(repository.path, ['update-ref', '-d', group.ref]);
  }
  await announcePushes(world, repository, sender);
  announcePull(world, pull, 'dequeued', sender, { reason });
  for (const group of behind) await add(world, group.pull, group.sender);
}

/** Merges groups from the front as long as what is required of them has passed; takes out what failed. */
export async function settleQueue(world: World, repository: Repository): Promise<void> {
  for (;;) {
    const [group] = repository.queue;
    if (group === undefined) return;
    if (repository.refs.get(`refs/heads/${group.pull.pull.base.ref}`) !== group.base) {
      await rebuild(world, repository);
      continue;
    }
    const checks = repository.protection.get(group.pull.pull.base.ref)?.checks ?? [];
    const states = checks.map((required) => stateOf(repository, group.head, required));
    if (states.includes('failed')) await takeOut(world, group.pull, group.sender, 'CI_FAILURE');
    else if (states.every((state) => state === 'passed')) await mergeFront(world, repository, group);
    else return;
  }
}

/** The base moved past the queue: every group is tried again on what is there now. */
async function rebuild(world: World, repository: Repository): Promise<void> {
  const groups = repository.queue.splice(0);
  for (const group of groups) {
    await announceGroup(world, group, 'destroyed', 'invalidated');
    await runGit(repository.path, ['update-ref', '-d', group.ref]);
  }
  for (const { pull, sender } of groups) {
    await add(world, pull, sender).catch(() =>
      announcePull(world, pull, 'dequeued', sender, { reason: 'MERGE_CONFLICT' }),
    );
  }
}

async function mergeFront(world: World, repository: Repository, group: MergeGroup): Promise<void> {
  const { pull, sender } = group;
  repository.queue.shift();
  await runGit(repository.path, ['update-ref', `refs/heads/${pull.pull.base.ref}`, group.head, group.base]);
  await announceGroup(world, group, 'destroyed', 'merged');
  const closed = closePull(world, pull, sender, group.head);
  await runGit(repository.path, ['update-ref', '-d', group.ref]);
  await announcePushes(world, repository, sender);
  closed();
}

async function announceGroup(
  world: World,
  group: MergeGroup,
  action: 'checks_requested' | 'destroyed',
  reason?: 'merged' | 'invalidated' | 'dequeued',
): Promise<void> {
  const { repository, pull } = group.pull;
  const merge_group = {
    head_sha: group.head,
    head_ref: group.ref,
    base_ref: `refs/heads/${pull.base.ref}`,
    base_sha: group.base,
    head_commit: await headCommit(repository, group.head),
  };
  const payload = { ...(reason !== undefined && { reason }), merge_group };
  world.announce({ event: 'merge_group', action, repository, sender: group.sender, payload });
}

/** Looks at the queues whenever a check may have ended. */
export function watchQueues(world: World): void {
  const settling = new Set<number>();
  world.onChange(() => {
    for (const repository of world.repositories.values()) {
      if (repository.queue.length === 0 || settling.has(repository.id)) continue;
      settling.add(repository.id);
      exclusive(repository, () => settleQueue(world, repository))
        .catch((error: unknown) => console.error(error))
        .finally(() => settling.delete(repository.id));
    }
  });
}
