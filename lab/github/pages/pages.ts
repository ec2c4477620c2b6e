// The lab's web pages.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isPull, type Pull } from '../issue.ts';
import { fullName, type Repository } from '../repository.ts';
import type { ApiParts } from '../rest/api.ts';
import { Refusal } from '../rest/refusal.ts';
import type { World } from '../world.ts';
import { checkPage, newestRuns } from './checks.ts';
import { commitPage, filePage, filesPage, treePage } from './code.ts';
import { page } from './frame.ts';
import { submit } from './forms.ts';
import { html, type Markup } from './html.ts';
import { pullsPage, repositoriesPage } from './lists.ts';
import { conversation, pullHead } from './pull.ts';

export async function servePages(
  { world }: ApiParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const parts = url.pathname
    .split('/')
    .filter((part) => part !== '')
    .map((part) => decodeURIComponent(part));
  if (parts[0] === 'avatars') {
    response.writeHead(200, { 'content-type': 'image/svg+xml' }).end(avatarSvg(world, Number(parts[1])));
    return;
  }
  if (request.method === 'POST') {
    await submit(world, request, response, parts);
    return;
  }
  const shown = await show(world, parts, url).catch((error: unknown) => {
    if (error instanceof Refusal) return undefined;
    throw error;
  });
  response.writeHead(shown === undefined ? 404 : 200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'self'",
  });
  // For a picture of everything.
  const opened = url.searchParams.has('open') ? shown?.replaceAll('<details>', '<details open>') : shown;
  response.end(opened ?? page({ title: 'Not found' }, html`<h1>This is not the page you are looking for</h1>`));
}

async function show(world: World, parts: readonly string[], url: URL): Promise<string | undefined> {
  if (parts.length === 0) return page({ title: 'Repositories' }, repositoriesPage(world));
  const [owner = '', name = '', what = 'pulls', id = '', more = ''] = parts;
  const repository = world.findRepository(`${owner}/${name}`);
  if (repository === undefined) return undefined;
  const title = fullName(repository);
  if (what === 'pulls') {
    const state = url.searchParams.get('state') ?? 'open';
    return page({ title: `Pull requests · ${title}`, repository, here: 'pulls' }, pullsPage(world, repository, state));
  }
  if (what === 'pull') {
    const pull = pullAt(repository, id);
    if (pull === undefined) return undefined;
    return page({ title: `${pull.title} · ${title}`, repository, here: 'pulls' }, await pullPage(world, pull, more));
  }
  const content = await codePage(world, repository, what, parts.slice(3));
  return content === undefined ? undefined : page({ title, repository, here: 'code' }, content);
}

export function pullAt(repository: Repository, number: string): Pull | undefined {
  const issue = repository.issues.get(Number(number));
  return isPull(issue) ? issue : undefined;
}

async function pullPage(world: World, pull: Pull, tab: string): Promise<Markup> {
  if (tab === 'files') return html`${pullHead(pull, 'files')}${await filesPage(pull)}`;
  if (tab === 'checks') {
    const runs = newestRuns(pull.repository, pull.pull.head.sha).map((run) => checkPage(world, pull.repository, run));
    return html`${pullHead(pull, 'checks')}${runs}`;
  }
  return html`${pullHead(pull, 'conversation')}${await conversation(world, pull)}`;
}

async function codePage(
  world: World,
  repository: Repository,
  what: string,
  rest: readonly string[],
): Promise<Markup | undefined> {
  const [first = '', ...path] = rest;
  if (what === 'blob') return filePage(repository, first, path.join('/'));
  if (what === 'tree') return treePage(repository, rest.join('/'));
  if (what === 'commit') return commitPage(repository, first);
  const run = what === 'runs' ? repository.checkRuns.get(Number(first)) : undefined;
  return run === undefined ? undefined : checkPage(world, repository, run);
}

function avatarSvg(world: World, id: number): string {
  const login = [...world.accounts.values()].find((account) => account.id === id)?.login ?? '?';
  const hue = (id * 137) % 360;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" fill="hsl(${hue},55%,45%)"/><text x="20" y="27" font-family="sans-serif" font-size="20" fill="#fff" text-anchor="middle">${login.charAt(0).toUpperCase().replace(/[<&]/, '?')}</text></svg>`;
}
