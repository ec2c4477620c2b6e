import type { Actor } from '../app.ts';
import type { Meter } from '../limits.ts';
import type { Repository } from '../repository.ts';
import type { Hooks } from '../webhook/hooks.ts';
import type { World } from '../world.ts';
import { invalid, notFound } from './refusal.ts';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Call {
  readonly world: World;
  readonly hooks: Hooks;
  readonly meter: Meter;
  readonly actor: Actor;
  /** What the braces of the route stand for, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
  /** As asked for: `/repos/acme/web/pulls?page=2`. */
  readonly path: string;
}

export interface RepositoryCall extends Call {
  readonly repository: Repository;
}

/** One of GitHub's routes. */
export interface Route {
  /** Method and path in the words of GitHub's description: `GET /repos/{owner}/{repo}`. */
  readonly route: string;
  /** `app`: a JSON web token; `installation`: an installation's token; `any`: whoever is somebody; `public`: all. */
  readonly who: 'app' | 'installation' | 'any' | 'public';
  /** Counts as creating content for the secondary limits. */
  readonly creates?: boolean;
  handle(call: Call): Answer | Promise<Answer>;
}

/** A route below `/repos/{owner}/{repo}`. */
export interface RepositoryRoute {
  readonly route: string;
  /** `checks:write`; one of several: `issues:write|pull_requests:write`. */
  readonly needs: string;
  /** What a person needs instead; `read` for reads and `write` for writes unless said. */
  readonly person?: 'read' | 'write' | 'admin';
  /** For Apps only: people cannot write check runs. */
  readonly apps?: boolean;
  readonly creates?: boolean;
  handle(call: RepositoryCall): Answer | Promise<Answer>;
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

export function created(body: unknown): Answer {
  return { status: 201, body };
}

export const noContent: Answer = { status: 204 };

/** A number of the path. @throws Refusal 404 */
export function idOf(call: Call, name: string): number {
  const text = call.params[name] ?? '';
  if (!/^\d{1,15}$/.test(text)) throw notFound();
  return Number(text);
}

export function found<Value>(value: Value | undefined): Value {
  if (value === undefined) throw notFound();
  return value;
}

/** One page of a list with GitHub's `Link` header; 30 a page unless asked, at most 100. */
export function paged<Item>(call: Call, items: readonly Item[], shape: (item: Item) => unknown): Answer {
  const { slice, headers } = pageOf(call, items);
  return { status: 200, body: slice.map(shape), headers };
}

/** The same, wrapped with a total. */
export function pagedIn<Item>(
  call: Call,
  name: string,
  items: readonly Item[],
  shape: (item: Item) => unknown,
): Answer {
  const { slice, headers } = pageOf(call, items);
  return { status: 200, body: { total_count: items.length, [name]: slice.map(shape) }, headers };
}

function pageOf<Item>(call: Call, items: readonly Item[]): { slice: readonly Item[]; headers: Record<string, string> } {
  const size = Math.min(Math.max(Number(call.query.get('per_page') ?? 30) || 30, 1), 100);
  const page = Math.max(Number(call.query.get('page') ?? 1) || 1, 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, rel: string): string => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(to));
    return `<${call.world.addresses.api}${call.path.split('?', 1)[0]}?${query.toString()}>; rel="${rel}"`;
  };
  const links = [
    ...(page > 1 ? [link(page - 1, 'prev')] : []),
    ...(page < last ? [link(page + 1, 'next'), link(last, 'last')] : []),
    ...(page > 1 ? [link(1, 'first')] : []),
  ];
  const headers: Record<string, string> = links.length > 0 ? { link: links.join(', ') } : {};
  return { slice: items.slice((page - 1) * size, page * size), headers };
}

/** A text of the body. @throws Refusal 422 where it is missing or no text */
export function textOf(call: Call, name: string, resource: string): string {
  const value = call.body[name];
  if (typeof value !== 'string') throw invalid(resource, name, `${name} is missing or no string`, 'missing_field');
  return value;
}

export function optionalText(call: Call, name: string): string | undefined {
  const value = call.body[name];
  return typeof value === 'string' ? value : undefined;
}

/** A value of a closed list. @throws Refusal 422 where it is another */
export function oneOf<Value extends string>(
  value: unknown,
  allowed: readonly Value[],
  resource: string,
  field: string,
): Value {
  const known = allowed.find((one) => one === value);
  if (known === undefined) throw invalid(resource, field, `${field} is not included in the list`, 'invalid');
  return known;
}
