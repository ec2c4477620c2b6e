// From a request below the API's address to an answer.
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor } from '../app.ts';
import type { Contract } from '../contract.ts';
import type { ApiFault } from '../faults.ts';
import { type Meter, nameOf, secondary } from '../limits.ts';
import { fullName, type Repository } from '../repository.ts';
import type { Hooks } from '../webhook/hooks.ts';
import type { World } from '../world.ts';
import { authorise, whoCalls } from './access.ts';
import { notFound, Refusal } from './refusal.ts';
import type { Answer, Call, RepositoryRoute, Route } from './route.ts';
import { appRoutes } from './apps.ts';
import { checkRoutes } from './checks.ts';
import { issueRoutes } from './issues.ts';
import { pullRoutes } from './pulls.ts';
import { repositoryRoutes } from './repos.ts';
import { branchRoutes } from './branches.ts';
import { codeRoutes } from './code.ts';
import { contentRoutes } from './contents.ts';
import { otherRoutes } from './others.ts';
import { statusRoutes } from './statuses.ts';
import { collaboratorRoutes, teamRoutes } from './teams.ts';

type Any = { readonly plain: Route } | { readonly below: RepositoryRoute };

interface Known {
  readonly route: string;
  readonly method: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly target: Any;
}

interface Matched extends Known {
  readonly params: Record<string, string>;
}

const repositoryPrefix = '/repos/{owner}/{repo}';

function compile(route: string, target: Any): Known {
  const [method = '', path = ''] = route.split(' ');
  const names: string[] = [];
  // `ref`, `path`, `branch` and `basehead` may hold slashes.
  const source = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    names.push(name);
    if (name === 'path') return '(.*)';
    return ['ref', 'branch', 'basehead'].includes(name) ? '(.+)' : '([^/]+)';
  });
  return { route, method, pattern: new RegExp(`^${source}$`), names, target };
}

/** Longer ones first where one could be taken for another. */
const belowRepositories: readonly RepositoryRoute[] = [
  ...repositoryRoutes,
  ...pullRoutes,
  ...issueRoutes,
  ...checkRoutes,
  ...statusRoutes,
  ...codeRoutes,
  ...contentRoutes,
  ...branchRoutes,
  ...collaboratorRoutes,
];

/** Each route below a repository is also there by number, as GitHub has it. */
const known: readonly Known[] = [
  ...[...appRoutes, ...teamRoutes, ...otherRoutes].map((plain) => compile(plain.route, { plain })),
  ...belowRepositories.flatMap((below) => [
    compile(below.route, { below }),
    compile(below.route.replace(repositoryPrefix, '/repositories/{repository_id}'), { below }),
  ]),
];

function matchRoute(method: string, path: string): Matched | undefined {
  for (const one of known) {
    if (one.method !== method) continue;
    const match = one.pattern.exec(path);
    if (match === null) continue;
    const params = Object.fromEntries(one.names.map((name, at) => [name, safeDecode(match[at + 1] ?? '')]));
    return { ...one, params };
  }
  return undefined;
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export interface ApiParts {
  readonly world: World;
  readonly hooks: Hooks;
  readonly meter: Meter;
  readonly contract: Contract | undefined;
}

/** Answers a request; `path` is what follows the API's address, with its query. */
export async function serveApi(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  parts: ApiParts,
): Promise<void> {
  const method = request.method ?? 'GET';
  const [plain = '', query = ''] = path.split('?', 2);
  const matched = matchRoute(method, plain);
  const route = matched?.route ?? `${method} (unknown)`;
  const text = await readBody(request);
  const outcome = await answer({ request, matched, route, path, query, text, parts });
  log(parts.world, route, path, outcome);
  if (outcome.lost || response.destroyed) {
    response.destroy();
    return;
  }
  write(response, method, request.headers['if-none-match'], outcome, parts);
}

interface Asked {
  readonly request: IncomingMessage;
  readonly matched: Matched | undefined;
  readonly route: string;
  readonly path: string;
  readonly query: string;
  readonly text: string;
  readonly parts: ApiParts;
}

interface Outcome {
  readonly answer: Answer;
  readonly actor: Actor;
  readonly repository: Repository | undefined;
  /** The connection breaks instead of an answer. */
  readonly lost: boolean;
}

async function answer(asked: Asked): Promise<Outcome> {
  const { request, matched, route, parts } = asked;
  let actor: Actor = { kind: 'nobody' };
  let repository: Repository | undefined;
  let begun = false;
  try {
    actor = whoCalls(parts.world, request.headers.authorization);
    if (matched === undefined) throw notFound();
    const place = 'below' in matched.target ? locate(parts.world, matched, asked) : undefined;
    if (place !== undefined && 'answer' in place) return { answer: place.answer, actor, repository, lost: false };
    repository = place;
    const fault = takeFault(parts.world, route, repository);
    if (fault !== undefined && fault.kind !== 'slow' && fault.afterEffect !== true)
      return struck(parts, fault, { actor, repository });
    begun = true;
    parts.meter.begin(actor, route, isCreating(matched.target));
    const done = await handle(asked, matched, actor, repository);
    parts.contract?.checkAnswer(matched.route, done.status, done.body);
    if (fault?.kind === 'slow') await sleep(fault.ms ?? 1000);
    else if (fault !== undefined) return struck(parts, fault, { actor, repository });
    return { answer: done, actor, repository, lost: false };
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(error);
    const refusal = error instanceof Refusal ? error : new Refusal(500, 'Server Error');
    return { answer: refused(refusal), actor, repository, lost: false };
  } finally {
    if (begun) parts.meter.end(actor);
  }
}

function isCreating(target: Any): boolean {
  return ('plain' in target ? target.plain.creates : target.below.creates) === true;
}

function refused({ status, message, errors, headers }: Refusal): Answer {
  const body = {
    message,
    ...(errors !== undefined && { errors }),
    documentation_url: 'https://docs.github.com/rest',
    status: String(status),
  };
  return { status, body, headers };
}

/** The repository of a path; by an old name, the redirect to its number. */
function locate(world: World, matched: Matched, asked: Asked): Repository | { readonly answer: Answer } {
  const id = matched.params['repository_id'];
  if (id !== undefined) {
    const byId = world.repositories.get(Number(id));
    if (byId === undefined) throw notFound();
    return byId;
  }
  const name = `${matched.params['owner']}/${matched.params['repo']}`;
  const byName = world.findRepository(name);
  if (byName !== undefined) return byName;
  const former = world.formerNames.get(name.toLowerCase());
  if (former === undefined || !world.repositories.has(former)) throw notFound();
  const rest = asked.path.split('/').slice(4).join('/');
  const url = `${world.addresses.api}/repositories/${former}${rest === '' ? '' : `/${rest}`}`;
  const status = matched.method === 'GET' ? 301 : 307;
  const body = { message: 'Moved Permanently', url, documentation_url: 'https://docs.github.com/rest' };
  return { answer: { status, body, headers: { location: url } } };
}

async function handle(
  asked: Asked,
  matched: Matched,
  actor: Actor,
  repository: Repository | undefined,
): Promise<Answer> {
  const { parts } = asked;
  const call: Call = {
    world: parts.world,
    hooks: parts.hooks,
    meter: parts.meter,
    actor,
    params: matched.params,
    query: new URLSearchParams(asked.query),
    body: parseBody(asked.text),
    path: asked.path,
  };
  if ('plain' in matched.target) {
    const { who } = matched.target.plain;
    if (who === 'app' && actor.kind !== 'app') throw new Refusal(401, 'A JSON web token could not be decoded');
    if (who === 'installation' && actor.kind !== 'installation') {
      throw new Refusal(
        403,
        'You must authenticate with an installation access token in order to list repositories for an installation.',
      );
    }
    if (who === 'any' && actor.kind === 'nobody') throw new Refusal(401, 'Requires authentication');
    parts.contract?.checkRequest(matched.route, call.body);
    return matched.target.plain.handle(call);
  }
  if (repository === undefined) throw notFound();
  const { needs, person, apps } = matched.target.below;
  authorise(parts.world, actor, repository, needs, {
    reads: matched.method === 'GET',
    ...(person !== undefined && { person }),
    ...(apps !== undefined && { apps }),
  });
  parts.contract?.checkRequest(matched.route, call.body);
  return matched.target.below.handle({ ...call, repository });
}

function parseBody(text: string): Record<string, unknown> {
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {}
  throw new Refusal(400, 'Problems parsing JSON');
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function takeFault(world: World, route: string, repository: Repository | undefined): ApiFault | undefined {
  const byName = route.replace('/repositories/{repository_id}', repositoryPrefix);
  const name = repository === undefined ? undefined : fullName(repository);
  return world.faults.take(
    'api',
    name,
    (fault) => fault.route === undefined || byName.includes(fault.route) || route.includes(fault.route),
  );
}

function struck(parts: ApiParts, fault: ApiFault, at: { actor: Actor; repository: Repository | undefined }): Outcome {
  const { actor } = at;
  if (fault.kind === 'reset') return { answer: { status: 0 }, ...at, lost: true };
  if (fault.kind === 'secondary')
    return { answer: refused(secondary(fault.retryAfter, fault.status)), ...at, lost: false };
  if (fault.kind === 'expired') {
    if (actor.kind === 'installation') actor.token.expiresAt = 0;
    return { answer: refused(new Refusal(401, 'Bad credentials')), ...at, lost: false };
  }
  if (fault.kind === 'primary') {
    parts.meter.exhaust(actor);
    return {
      answer: refused(new Refusal(403, `API rate limit exceeded for installation ID ${nameOf(actor)}.`)),
      ...at,
      lost: false,
    };
  }
  const status = fault.status ?? 502;
  const headers: Record<string, string> =
    fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
  return {
    answer: refused(new Refusal(status, status >= 500 ? 'Server Error' : 'Refused', { headers })),
    ...at,
    lost: false,
  };
}

function log(world: World, route: string, path: string, { answer: { status }, actor, repository }: Outcome): void {
  const name = repository === undefined ? undefined : fullName(repository);
  const at = world.clock.now();
  world.counters.log.push({ route, path, status, at, actor: nameOf(actor), repository: name });
  world.changed();
}

function write(
  response: ServerResponse,
  method: string,
  known: string | undefined,
  { answer: done, actor }: Outcome,
  parts: ApiParts,
): void {
  const text = done.body === undefined ? '' : JSON.stringify(done.body);
  const etag = `W/"${createHash('sha256').update(text).digest('hex')}"`;
  const same = method === 'GET' && done.status === 200 && known === etag;
  // Unchanged answers are free.
  if (same) parts.meter.refund(actor);
  response.writeHead(same ? 304 : done.status, {
    date: new Date(parts.world.clock.now()).toUTCString(),
    'x-github-media-type': 'github.v3; format=json',
    'x-github-api-version-selected': '2022-11-28',
    ...(text !== '' && !same && { 'content-type': 'application/json; charset=utf-8' }),
    ...(method === 'GET' && done.status === 200 && { etag, 'cache-control': 'private, max-age=60, s-maxage=60' }),
    ...parts.meter.headers(actor),
    ...done.headers,
  });
  response.end(same ? '' : text);
}
