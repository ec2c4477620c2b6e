// https://docs.github.com/rest/repos/contents
import { basename } from 'node:path/posix';
import { findCommit, readBlob } from '../git/bare.ts';
import { runGit } from '../git/run.ts';
import { commitChange } from '../git/write.ts';
import { announcePushes } from '../push.ts';
import { fullName } from '../repository.ts';
import type { Json } from '../shape/account.ts';
import { commitShape, gitUrl } from '../shape/commit.ts';
import { apiUrl, htmlUrl } from '../shape/repository.ts';
import { exclusive } from '../turn.ts';
import { notFound, Refusal } from './refusal.ts';
import { type Answer, found, ok, optionalText, type RepositoryCall, type RepositoryRoute, textOf } from './route.ts';

interface Entry {
  readonly mode: string;
  readonly type: string;
  readonly sha: string;
  readonly size: number;
  readonly path: string;
}

async function readEntries(path: string, commit: string, at: string): Promise<Entry[]> {
  const out = await runGit(path, ['ls-tree', '-z', '-l', commit, '--', at]);
  return out
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t');
      const [mode = '', type = '', sha = '', size = ''] = line.slice(0, tab).split(/ +/);
      return { mode, type, sha, size: Number(size) || 0, path: line.slice(tab + 1) };
    });
}

async function read(call: RepositoryCall): Promise<Answer> {
  const { repository } = call;
  const ref = call.query.get('ref') ?? repository.defaultBranch;
  const path = (call.params['path'] ?? '').replace(/\/+$/, '');
  const commit = found(await findCommit(repository.path, ref));
  const [entry] = path === '' ? [] : await readEntries(repository.path, commit.sha, path);
  if (path !== '' && entry === undefined) throw notFound();
  if (entry === undefined || entry.type === 'tree') {
    const entries = await readEntries(repository.path, commit.sha, path === '' ? '.' : `${path}/`);
    return ok(entries.map((one) => entryShape(call, one, ref)));
  }
  return ok(await contentOf(call, entry, ref));
}

async function contentOf(call: RepositoryCall, entry: Entry, ref: string): Promise<Json> {
  const content = found(await readBlob(call.repository.path, entry.sha)).toString('base64');
  return { ...entryShape(call, entry, ref), encoding: 'base64', content };
}

function entryShape({ world, repository }: RepositoryCall, entry: Entry, ref: string): Json {
  const path = encodeURI(entry.path);
  const url = `${apiUrl(world, repository)}/contents/${path}?ref=${ref}`;
  const html = `${htmlUrl(world, repository)}/blob/${ref}/${path}`;
  const git = gitUrl(world, repository, entry.type === 'tree' ? 'trees' : 'blobs', entry.sha);
  return {
    type: entry.type === 'tree' ? 'dir' : 'file',
    name: basename(entry.path),
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    url,
    html_url: html,
    git_url: git,
    download_url: entry.type === 'tree' ? null : `${htmlUrl(world, repository)}/raw/${ref}/${path}`,
    _links: { self: url, git, html },
  };
}

async function write(call: RepositoryCall): Promise<Answer> {
  const { world, repository } = call;
  const path = call.params['path'] ?? '';
  const branch = optionalText(call, 'branch') ?? repository.defaultBranch;
  const text = Buffer.from(textOf(call, 'content', 'Commit'), 'base64').toString();
  const message = textOf(call, 'message', 'Commit');
  const tip = repository.refs.get(`refs/heads/${branch}`);
  if (tip === undefined) throw new Refusal(404, `Branch ${branch} not found`);
  const [before] = await readEntries(repository.path, tip, path);
  const sha = optionalText(call, 'sha');
  if (before !== undefined && sha === undefined) throw new Refusal(422, `Invalid request.\n\n"sha" wasn't supplied.`);
  if (before !== undefined && sha !== before.sha) throw new Refusal(409, `${path} does not match ${sha}`);
  const { user } = world.writer(call.actor);
  const who = {
    name: user.login,
    email: `${user.login}@users.noreply.github.com`,
    at: Math.floor(world.clock.now() / 1000),
  };
  const change = { branch, files: { [path]: text }, message, from: tip };
  const { dir, commit } = await commitChange(repository, change, who);
  await exclusive(repository, async () => {
    await runGit(repository.path, ['fetch', '--quiet', dir, commit]);
    await runGit(repository.path, ['update-ref', `refs/heads/${branch}`, commit, tip]).catch(() => {
      throw new Refusal(409, `${fullName(repository)}: ${branch} moved meanwhile`);
    });
    await announcePushes(world, repository, user);
  });
  const [entry] = await readEntries(repository.path, commit, path);
  const facts = found(await findCommit(repository.path, commit));
  return {
    status: before === undefined ? 201 : 200,
    body: {
      content: entry === undefined ? null : entryShape(call, entry, branch),
      commit: {
        ...commitShape(world, repository, facts),
        ...(commitShape(world, repository, facts)['commit'] as Json),
      },
    },
  };
}

export const contentRoutes: readonly RepositoryRoute[] = [
  { route: 'GET /repos/{owner}/{repo}/contents/{path}', needs: 'contents:read', handle: read },
  { route: 'PUT /repos/{owner}/{repo}/contents/{path}', needs: 'contents:write', creates: true, handle: write },
];
