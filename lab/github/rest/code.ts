// https://docs.github.com/rest/commits, https://docs.github.com/rest/git/refs and https://docs.github.com/rest/branches
import { type CommitFacts, changedFiles, findCommit, isAncestor, readCommits, readRefs } from '../git/bare.ts';
import { tryGit } from '../git/run.ts';
import { isPull } from '../issue.ts';
import { announcePushes } from '../push.ts';
import { commitShape, refShape } from '../shape/commit.ts';
import { simplePullShape } from '../shape/pull.ts';
import { apiUrl, htmlUrl } from '../shape/repository.ts';
import { exclusive } from '../turn.ts';
import { notFound, Refusal } from './refusal.ts';
import { created, found, noContent, ok, paged, type RepositoryCall, type RepositoryRoute, textOf } from './route.ts';

const at = '/repos/{owner}/{repo}';

export async function commitOf(call: RepositoryCall, name: string): Promise<CommitFacts> {
  const wanted = call.params[name] ?? '';
  const commit = await findCommit(call.repository.path, wanted);
  if (commit === undefined) throw new Refusal(422, `No commit found for SHA: ${wanted}`);
  return commit;
}

/** `heads/main` and `pull/3/merge` are names of references here; what GitHub hides it hides. */
async function refsOf(call: RepositoryCall): Promise<Map<string, string>> {
  return readRefs(call.repository.path, ['refs']);
}

async function moveRef(call: RepositoryCall, ref: string, to: string, from: string): Promise<void> {
  const { world, repository, actor } = call;
  await exclusive(repository, async () => {
    const args = to === '' ? ['update-ref', '-d', ref] : ['update-ref', ref, to, from];
    const { code } = await tryGit(repository.path, args);
    if (code !== 0) throw new Refusal(422, 'Reference could not be updated');
    await announcePushes(world, repository, world.writer(actor).user);
  });
}

async function createRef(call: RepositoryCall): Promise<unknown> {
  const { world, repository } = call;
  const ref = textOf(call, 'ref', 'Reference');
  const sha = textOf(call, 'sha', 'Reference');
  if (!/^refs\/(heads|tags)\/[\w./-]+$/.test(ref)) throw new Refusal(422, 'Reference name must start with refs/');
  if (repository.refs.has(ref)) throw new Refusal(422, 'Reference already exists');
  if ((await findCommit(repository.path, sha)) === undefined) throw new Refusal(422, 'Object does not exist');
  await moveRef(call, ref, sha, '0'.repeat(40));
  return refShape(world, repository, ref, sha);
}

async function updateRef(call: RepositoryCall): Promise<unknown> {
  const { world, repository } = call;
  const ref = `refs/${call.params['ref']}`;
  const sha = textOf(call, 'sha', 'Reference');
  const from = repository.refs.get(ref);
  if (from === undefined) throw new Refusal(422, 'Reference does not exist');
  if ((await findCommit(repository.path, sha)) === undefined) throw new Refusal(422, 'Object does not exist');
  if (call.body['force'] !== true && !(await isAncestor(repository.path, from, sha))) {
    throw new Refusal(422, 'Update is not a fast forward');
  }
  await moveRef(call, ref, sha, from);
  return refShape(world, repository, ref, sha);
}

async function compare(call: RepositoryCall): Promise<unknown> {
  const { world, repository } = call;
  const [from = '', to = ''] = (call.params['basehead'] ?? '').split('...', 2);
  const base = await findCommit(repository.path, from);
  const head = await findCommit(repository.path, to);
  if (base === undefined || head === undefined) throw notFound();
  const [ahead, behind] = await Promise.all([
    readCommits(repository.path, [`${base.sha}..${head.sha}`], 10_000),
    readCommits(repository.path, [`${head.sha}..${base.sha}`], 10_000),
  ]);
  const merge = (await tryGit(repository.path, ['merge-base', base.sha, head.sha])).out.trim();
  const fork = found(await findCommit(repository.path, merge));
  const files = await changedFiles(repository.path, base.sha, head.sha);
  const html = `${htmlUrl(world, repository)}/compare/${from}...${to}`;
  const shape = (commit: CommitFacts): unknown => commitShape(world, repository, commit);
  const status = comparison(ahead.length, behind.length);
  return {
    url: `${apiUrl(world, repository)}/compare/${from}...${to}`,
    html_url: html,
    permalink_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    base_commit: shape(base),
    merge_base_commit: shape(fork),
    status,
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    // GitHub shows 250 commits and 300 files.
    commits: ahead.toReversed().slice(0, 250).map(shape),
    files: files.slice(0, 300).map((file) => fileShape(call, file, head.sha)),
  };
}

function comparison(ahead: number, behind: number): string {
  if (ahead > 0 && behind > 0) return 'diverged';
  if (ahead > 0) return 'ahead';
  return behind > 0 ? 'behind' : 'identical';
}

/** `diff-entry` */
export function fileShape(
  { world, repository }: RepositoryCall,
  file: Awaited<ReturnType<typeof changedFiles>>[number],
  head: string,
): unknown {
  const path = encodeURI(file.path);
  return {
    sha: file.sha,
    filename: file.path,
    status: file.status,
    additions: file.additions,
    deletions: file.deletions,
    changes: file.additions + file.deletions,
    blob_url: `${htmlUrl(world, repository)}/blob/${head}/${path}`,
    raw_url: `${htmlUrl(world, repository)}/raw/${head}/${path}`,
    contents_url: `${apiUrl(world, repository)}/contents/${path}?ref=${head}`,
    ...(file.previous !== undefined && { previous_filename: file.previous }),
  };
}

export const codeRoutes: readonly RepositoryRoute[] = [
  {
    route: `GET ${at}/commits/{commit_sha}/pulls`,
    needs: 'pull_requests:read',
    handle: async (call) => {
      const commit = await commitOf(call, 'commit_sha');
      const { path, defaultBranch, refs, issues } = call.repository;
      const tip = refs.get(`refs/heads/${defaultBranch}`);
      // What is on the default branch was brought by those that were merged; the rest is in open ones.
      const landed = tip !== undefined && (await isAncestor(path, commit.sha, tip));
      const pulls = [...issues.values()].filter(isPull);
      const held = await Promise.all(
        pulls.map(async ({ state, pull: { head, base, mergeCommit, mergedAt } }) => {
          if (landed ? mergedAt === null : state !== 'open') return false;
          if (landed && mergeCommit === commit.sha) return true;
          return (await isAncestor(path, commit.sha, head.sha)) && !(await isAncestor(path, commit.sha, base.sha));
        }),
      );
      return paged(
        call,
        pulls.filter((_, index) => held[index]),
        (pull) => simplePullShape(call.world, pull),
      );
    },
  },
  {
    route: `GET ${at}/commits/{ref}`,
    needs: 'contents:read',
    handle: async (call) => ok(commitShape(call.world, call.repository, await commitOf(call, 'ref'))),
  },
  {
    route: `GET ${at}/commits`,
    needs: 'contents:read',
    handle: async (call) => {
      const from = call.query.get('sha') ?? call.repository.defaultBranch;
      const start = found(await findCommit(call.repository.path, from));
      const commits = await readCommits(call.repository.path, [start.sha], 10_000);
      return paged(call, commits, (commit) => commitShape(call.world, call.repository, commit));
    },
  },
  { route: `GET ${at}/compare/{basehead}`, needs: 'contents:read', handle: async (call) => ok(await compare(call)) },
  {
    route: `GET ${at}/git/ref/{ref}`,
    needs: 'contents:read',
    handle: async (call) => {
      const ref = `refs/${call.params['ref']}`;
      return ok(refShape(call.world, call.repository, ref, found((await refsOf(call)).get(ref))));
    },
  },
  {
    route: `GET ${at}/git/matching-refs/{ref}`,
    needs: 'contents:read',
    handle: async (call) => {
      const start = `refs/${call.params['ref']}`;
      const refs = [...(await refsOf(call))].filter(([ref]) => ref.startsWith(start));
      return paged(call, refs, ([ref, sha]) => refShape(call.world, call.repository, ref, sha));
    },
  },
  {
    route: `POST ${at}/git/refs`,
    needs: 'contents:write',
    creates: true,
    handle: async (call) => created(await createRef(call)),
  },
  { route: `PATCH ${at}/git/refs/{ref}`, needs: 'contents:write', handle: async (call) => ok(await updateRef(call)) },
  {
    route: `DELETE ${at}/git/refs/{ref}`,
    needs: 'contents:write',
    handle: async (call) => {
      const ref = `refs/${call.params['ref']}`;
      if (!call.repository.refs.has(ref)) throw new Refusal(422, 'Reference does not exist');
      await moveRef(call, ref, '', '');
      return noContent;
    },
  },
];
