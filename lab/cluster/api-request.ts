// Tells from method, path and headers what a request asks of an API server.
import type { IncomingMessage } from 'node:http';

/** `apply` is a server-side apply, `apply-dry-run` one with `dryRun=All`; `discovery` reads what the server serves. */
export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'apply'
  | 'apply-dry-run'
  | 'patch'
  | 'delete'
  | 'delete-collection'
  | 'discovery'
  | 'other';

export interface ApiRequest {
  /** Counts from 1 in the order of arrival. */
  readonly id: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly verb: Verb;
  /** `v1`, `apps/v1`. */
  readonly apiVersion?: string;
  /** Plural, as in `deployments`. */
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
  readonly dryRun: boolean;
  readonly fieldManager?: string;
  /** The `impersonate-user` header. */
  readonly as?: string;
  readonly userAgent?: string;
  readonly body: string;
}

/** Which requests: all fields given must be equal, or a function of one's own. All requests without. */
export type Match = ((request: ApiRequest) => boolean) | Partial<Omit<ApiRequest, 'body'>>;

export function matches(match: Match | undefined, request: ApiRequest): boolean {
  if (match === undefined) return true;
  if (typeof match === 'function') return match(request);
  return Object.entries(match).every(([field, value]) => request[field as keyof ApiRequest] === value);
}

export function readApiRequest(
  id: number,
  { method = 'GET', url = '/', headers }: IncomingMessage,
  body: string,
): ApiRequest {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const place = readPath(pathname);
  const dryRun = searchParams.getAll('dryRun').includes('All');
  const fieldManager = searchParams.get('fieldManager');
  const as = headers['impersonate-user'];
  const agent = headers['user-agent'];
  const watch = /^(1|true)$/i.test(searchParams.get('watch') ?? '');
  const apply = headers['content-type']?.startsWith('application/apply-patch') === true;
  return {
    id,
    method,
    path: url,
    verb:
      place.resource === undefined
        ? outside(pathname)
        : verbOf(method, place.name !== undefined, { watch, apply, dryRun }),
    ...place,
    dryRun,
    ...(fieldManager !== null && { fieldManager }),
    ...(typeof as === 'string' && { as }),
    ...(agent !== undefined && { userAgent: agent }),
    body,
  };
}

type Path = Pick<ApiRequest, 'apiVersion' | 'resource' | 'namespace' | 'name' | 'subresource'>;

/** Same reading as k8s.io/apiserver's RequestInfoFactory, without the old `watch/` prefix. */
function readPath(pathname: string): Path {
  const [root, ...parts] = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  if (root !== 'api' && root !== 'apis') return {};
  const apiVersion = parts.splice(0, root === 'api' ? 1 : 2).join('/');
  if (parts.length === 0) return {};
  const inside = parts[0] === 'namespaces' && parts.length > 2 && parts[2] !== 'status' && parts[2] !== 'finalize';
  const namespace = inside ? parts.splice(0, 2)[1] : undefined;
  const [resource, name, ...rest] = parts;
  return {
    apiVersion,
    ...(resource !== undefined && { resource }),
    ...(namespace !== undefined && { namespace }),
    ...(name !== undefined && { name }),
    ...(rest.length > 0 && { subresource: rest.join('/') }),
  };
}

function outside(pathname: string): Verb {
  return /^\/(api|apis|openapi|version)(\/|$)/.test(pathname) ? 'discovery' : 'other';
}

function verbOf(method: string, named: boolean, how: { watch: boolean; apply: boolean; dryRun: boolean }): Verb {
  if (method === 'GET') {
    if (how.watch) return 'watch';
    return named ? 'get' : 'list';
  }
  if (method === 'PATCH') {
    if (!how.apply) return 'patch';
    return how.dryRun ? 'apply-dry-run' : 'apply';
  }
  if (method === 'DELETE') return named ? 'delete' : 'delete-collection';
  if (method === 'POST') return 'create';
  return method === 'PUT' ? 'update' : 'other';
}
