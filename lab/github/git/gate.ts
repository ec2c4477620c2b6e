// Who may fetch and push, before Git itself is asked.
import { gunzipSync } from 'node:zlib';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { atLeast } from '../account.ts';
import type { Actor } from '../app.ts';
import { announcePushes } from '../push.ts';
import { fullName, type Repository } from '../repository.ts';
import { grants, seesRepository, whoCalls } from '../rest/access.ts';
import { Refusal } from '../rest/refusal.ts';
import { exclusive } from '../turn.ts';
import type { World } from '../world.ts';
import { readBody, serveGit } from './http.ts';

const route = /^\/([^/]+)\/([^/]+?)(?:\.git)?(\/info\/refs|\/git-upload-pack|\/git-receive-pack)$/;

export function isGit(path: string): boolean {
  return route.test(path);
}

/** Answers a Git client: 401, 403 or 404 as GitHub, 301 for who fetches by a former name, else what `git http-backend` says. */
export async function admitGit(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const [, owner = '', name = '', rest = ''] = route.exec(url.pathname) ?? [];
  const pushing = rest === '/git-receive-pack' || url.searchParams.get('service') === 'git-receive-pack';
  const service = pushing ? 'receive-pack' : 'upload-pack';
  try {
    const actor = whoCalls(world, request.headers.authorization);
    const full = `${owner}/${name}`;
    const former = world.repositories.get(world.formerNames.get(full.toLowerCase()) ?? 0);
    const named = world.findRepository(full);
    const repository = named ?? former;
    admit(world, actor, repository, pushing);
    if (named === undefined && !pushing) {
      const location = `${world.addresses.html}/${fullName(repository)}.git${rest}${url.search}`;
      response.writeHead(301, { location }).end();
      return;
    }
    const body = rest === '/git-upload-pack' ? await readBody(request) : undefined;
    const pack = rest === '/git-receive-pack' || (body !== undefined && !asksForRefs(request, body));
    const fault = world.faults.take(
      'git',
      fullName(repository),
      (one) => (one.service === undefined || one.service === service) && (one.packOnly !== true || pack),
    );
    if (fault?.kind === 'refuse') throw new Refusal(503, 'Service Unavailable');
    if (fault?.kind === 'unauthorized') throw new Refusal(401, 'Bad credentials');
    const account = actor.kind === 'nobody' || actor.kind === 'app' ? undefined : world.writer(actor).user;
    const bypass = actor.kind === 'user' && mayBypass(world, actor, repository);
    const serve = (done: () => Promise<void>): Promise<void> =>
      serveGit(request, response, {
        path: repository.path,
        rest,
        query: url.search.slice(1),
        user: account?.login ?? 'nobody',
        bypass,
        body,
        fault,
        done,
      });
    if (rest === '/git-upload-pack') world.counters.fetches += 1;
    if (rest === '/git-receive-pack' && account !== undefined) {
      await exclusive(repository, () => serve(() => announcePushes(world, repository, account)));
    } else await serve(() => Promise.resolve());
    world.changed();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const headers = error.status === 401 ? { 'www-authenticate': 'Basic realm="GitHub"' } : {};
    response.writeHead(error.status, { 'content-type': 'text/plain', ...headers }).end(`${error.message}\n`);
  }
}

/** @throws Refusal 401 where credentials may help, 404 where they do not, 403 where they are too weak */
function admit(
  world: World,
  actor: Actor,
  repository: Repository | undefined,
  pushing: boolean,
): asserts repository is Repository {
  if (repository === undefined || !seesRepository(world, actor, repository)) {
    throw actor.kind === 'nobody'
      ? new Refusal(401, 'Repository not found.')
      : new Refusal(404, 'Repository not found.');
  }
  if (actor.kind === 'nobody' && pushing) throw new Refusal(401, 'No anonymous write access.');
  if (actor.kind === 'installation') {
    const { permissions } = actor.token;
    const granted = grants(permissions, actor.installation.permissions, pushing ? 'contents:write' : 'contents:read');
    if (!granted || (pushing && !world.covers(actor.installation, repository))) {
      throw new Refusal(403, 'Write access to repository not granted.');
    }
  }
  if (actor.kind === 'user' && pushing && !atLeast(world.levelOf(actor.user, repository), 'write')) {
    throw new Refusal(403, `Permission to ${fullName(repository)}.git denied to ${actor.user.login}.`);
  }
  if (actor.kind === 'app') throw new Refusal(401, 'Bad credentials');
  if (pushing && repository.archived) throw new Refusal(403, 'This repository was archived so it is read-only.');
}

/** In the second version of Git's protocol the list of references is asked for at the same address as the pack. */
function asksForRefs(request: IncomingMessage, body: Buffer): boolean {
  const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  return plain.includes('command=ls-refs');
}

/** Administrators push past a protection that does not bind them. */
function mayBypass(world: World, actor: Actor & { kind: 'user' }, repository: Repository): boolean {
  const bound = [...repository.protection.values()].some(({ enforceAdmins }) => enforceAdmins);
  return !bound && world.levelOf(actor.user, repository) === 'admin';
}
