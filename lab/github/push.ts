// What follows from a push: everything about code is read back from the references.
import type { Account } from './account.ts';
import { fullName, type Repository } from './repository.ts';
import { type CommitFacts, findCommit, isAncestor, readCommits, readRefs, zero } from './git/bare.ts';
import { requestSuites } from './suite.ts';
import { followBase, followHead } from './follow.ts';
import { runGit } from './git/run.ts';
import type { Json } from './shape/account.ts';
import { htmlUrl } from './shape/repository.ts';
import type { World } from './world.ts';

interface Moved {
  readonly ref: string;
  readonly before: string;
  readonly after: string;
}

/**
 * Reads a repository's references and announces what moved since the last look: `push`, then what pull requests make
 * of it. Callers hold the repository's turn.
 */
export async function announcePushes(world: World, repository: Repository, pusher: Account): Promise<void> {
  const refs = await readRefs(repository.path);
  const names = new Set([...repository.refs.keys(), ...refs.keys()]);
  const moved: Moved[] = [...names]
    .map((ref) => ({ ref, before: repository.refs.get(ref) ?? zero, after: refs.get(ref) ?? zero }))
    .filter(({ before, after }) => before !== after);
  repository.refs = refs;
  if (moved.length === 0) return;
  repository.pushedAt = world.clock.stamp();
  for (const one of moved) await announceOne(world, repository, pusher, one);
}

async function announceOne(world: World, repository: Repository, pusher: Account, moved: Moved): Promise<void> {
  world.counters.pushes += 1;
  const payload = await pushPayload(world, repository, pusher, moved);
  const branch = /^refs\/heads\/(.*)$/s.exec(moved.ref)?.[1];
  const [created, deleted, forced] = [payload['created'], payload['deleted'], payload['forced']];
  if (branch !== undefined) {
    const ordinary = forced === true ? 'force_push' : 'push';
    const kept = deleted === true ? 'branch_deletion' : ordinary;
    const type = created === true ? 'branch_creation' : kept;
    repository.activity.push({ ...moved, id: world.nextId(), at: world.clock.stamp(), type, actor: pusher });
  }
  // Pull requests first: who is told of the push can already read them.
  const announceFollowers = branch === undefined ? [] : await follow(world, repository, branch, moved, pusher);
  world.announce({ event: 'push', action: undefined, repository, sender: pusher, payload });
  if (branch !== undefined && moved.after !== zero) {
    await requestSuites(world, repository, pusher, { head: moved.after, branch, before: moved.before });
  }
  for (const announce of announceFollowers) announce();
}

async function follow(
  world: World,
  repository: Repository,
  branch: string,
  moved: Moved,
  pusher: Account,
): Promise<(() => void)[]> {
  const found: (() => void)[] = [];
  for (const base of world.repositories.values()) {
    for (const issue of base.issues.values()) {
      const { pull } = issue;
      if (pull === undefined || issue.state === 'closed') continue;
      if (pull.head.repository?.id === repository.id && pull.head.ref === branch) {
        found.push(await followHead(world, issue, moved.after, pusher));
      }
      if (base.id === repository.id && pull.base.ref === branch) {
        found.push(await followBase(world, issue, moved.after, pusher));
      }
    }
  }
  return found;
}

async function pushPayload(world: World, repository: Repository, pusher: Account, moved: Moved): Promise<Json> {
  const { before, after, ref } = moved;
  const created = before === zero;
  const deleted = after === zero;
  const forced = !created && !deleted && !(await isAncestor(repository.path, before, after));
  const range = created ? [after, '--not', ...others(repository, ref)] : [after, `^${before}`];
  const commits = deleted ? [] : await readCommits(repository.path, range, 20);
  const head = deleted ? undefined : await findCommit(repository.path, after);
  const shape = (commit: CommitFacts): Promise<Json> => pushedCommit(world, repository, commit);
  return {
    ref,
    before,
    after,
    created,
    deleted,
    forced,
    base_ref: null,
    compare: `${htmlUrl(world, repository)}/compare/${before.slice(0, 12)}...${after.slice(0, 12)}`,
    commits: await Promise.all(commits.toReversed().map(shape)),
    head_commit: head === undefined ? null : await shape(head),
    pusher: { name: pusher.login, email: `${pusher.login}@users.noreply.github.com` },
  };
}

function others(repository: Repository, ref: string): string[] {
  return [...new Set([...repository.refs].filter(([name]) => name !== ref).map(([, sha]) => sha))];
}

async function pushedCommit(world: World, repository: Repository, commit: CommitFacts): Promise<Json> {
  const out = await runGit(repository.path, [
    'diff-tree',
    '--root',
    '-r',
    '-z',
    '--no-commit-id',
    '--name-status',
    '--no-renames',
    commit.sha,
  ]);
  const fields = out.split('\0');
  const paths = (letter: string): string[] => fields.filter((_, at) => at % 2 === 1 && fields[at - 1] === letter);
  return {
    id: commit.sha,
    tree_id: commit.tree,
    distinct: true,
    message: commit.message,
    timestamp: commit.committer.date,
    url: `${world.addresses.html}/${fullName(repository)}/commit/${commit.sha}`,
    author: { name: commit.author.name, email: commit.author.email },
    committer: { name: commit.committer.name, email: commit.committer.email },
    added: paths('A'),
    removed: paths('D'),
    modified: [...paths('M'), ...paths('T')],
  };
}
