// A small client for tests and the demo: reads, applies and deletes anything as the cluster's administrator, or as
// somebody whom it impersonates. It shares no code with what Sluice itself uses, so that it can judge it.
import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../src/errors.ts';
import { Connection } from './connection.ts';
import { Discovery, rootOf } from './discovery.ts';
import { conditionOf, type KubeObject, type ObjectRef, refOf } from './object.ts';

const pollMs = 50;
const crdKind = 'CustomResourceDefinition';

/** What the API server answered, whatever its status. */
export interface AdminAnswer {
  readonly status: number;
  /** Parsed where it is JSON, the text otherwise. */
  readonly body: unknown;
}

export interface RequestOptions {
  /** A user to impersonate; `system:serviceaccount:<namespace>:<name>` gets a service account's groups by itself. */
  readonly as?: string;
  readonly asGroups?: readonly string[];
  /** Sent instead of the administrator's token. */
  readonly token?: string;
  /** @defaultValue `application/json` */
  readonly contentType?: string;
}

export interface ApplyOptions extends RequestOptions {
  /** @defaultValue `lab` */
  readonly manager?: string;
  /** Takes fields over from other managers. @defaultValue true */
  readonly force?: boolean;
  readonly dryRun?: boolean;
}

export interface ListOptions extends RequestOptions {
  /** All namespaces without. */
  readonly namespace?: string;
  readonly labelSelector?: string;
}

/** An answer that was not what was asked for. `reason` is Kubernetes' own: `Forbidden`, `Conflict`, `NotFound`, …. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: number;
  readonly reason: string | undefined;

  constructor(what: string, { status, body }: AdminAnswer) {
    const { reason, message } = (typeof body === 'object' ? body : {}) as { reason?: string; message?: string };
    super(`${what}: ${status} ${message ?? reason ?? String(body).slice(0, 200)}`);
    this.status = status;
    this.reason = reason;
  }
}

export class Admin {
  readonly #connection: Connection;
  readonly #discovery: Discovery;
  readonly #token: string;

  constructor(url: string, caData: string, token: string) {
    this.#connection = new Connection(url, caData);
    this.#token = token;
    this.#discovery = new Discovery(this.#connection, { authorization: `Bearer ${token}` });
  }

  /** Sends anything and returns the answer, whatever its status. */
  async request(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<AdminAnswer> {
    const headers: Record<string, string | string[]> = {
      authorization: `Bearer ${options.token ?? this.#token}`,
      accept: 'application/json',
    };
    if (body !== undefined) headers['content-type'] = options.contentType ?? 'application/json';
    if (options.as !== undefined) headers['impersonate-user'] = options.as;
    if (options.asGroups !== undefined) headers['impersonate-group'] = [...options.asGroups];
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await this.#connection.send({ method, path, headers, ...text });
    return { status: answer.status, body: parsed(answer.text) };
  }

  /** Returns an object, or undefined where there is none. */
  async get(ref: ObjectRef, options?: RequestOptions): Promise<KubeObject | undefined> {
    const answer = await this.request('GET', await this.path(ref), undefined, options);
    return answer.status === 404 ? undefined : (checked(`get ${say(ref)}`, answer) as KubeObject);
  }

  /** Returns all objects of a kind, each with its apiVersion and kind, in the server's order. */
  async list(apiVersion: string, kind: string, options: ListOptions = {}): Promise<KubeObject[]> {
    const { namespace, labelSelector, ...rest } = options;
    const collection = await this.#collection(apiVersion, kind, namespace);
    const query = labelSelector === undefined ? '' : `?labelSelector=${encodeURIComponent(labelSelector)}`;
    const body = checked(`list ${kind}`, await this.request('GET', collection + query, undefined, rest));
    return (body as { items: KubeObject[] }).items.map((item) => ({ ...item, apiVersion, kind }));
  }

  /**
   * Applies objects server-side and returns them as they are then, in the order given. Namespaces and CRDs go first, and
   * CRDs are waited for until they are served.
   */
  async apply(objects: KubeObject | readonly KubeObject[], options: ApplyOptions = {}): Promise<KubeObject[]> {
    const given = Array.isArray(objects) ? (objects as readonly KubeObject[]) : [objects as KubeObject];
    const applied = new Map<KubeObject, KubeObject>();
    const first = given.filter(({ kind }) => kind === 'Namespace' || kind === crdKind);
    for (const object of first) applied.set(object, await this.#applyOne(object, options));
    if (options.dryRun !== true) {
      for (const object of first.filter(({ kind }) => kind === crdKind)) await this.#established(object);
    }
    for (const object of given) {
      if (!applied.has(object)) applied.set(object, await this.#applyOne(object, options));
    }
    return given.map((object) => applied.get(object) as KubeObject);
  }

  /** @param body an object for `merge` (default) and `strategic`, a list of operations for `json` */
  async patch(
    ref: ObjectRef,
    body: unknown,
    { type = 'merge', subresource, ...options }: PatchOptions = {},
  ): Promise<KubeObject> {
    const path = `${await this.path(ref)}${subresource === undefined ? '' : `/${subresource}`}`;
    const contentType = patchTypes[type];
    const answer = await this.request('PATCH', path, body, { ...options, contentType });
    return checked(`patch ${say(ref)}`, answer) as KubeObject;
  }

  /** Deletes an object; nothing happens where there is none. Without controllers, finalizers of Kubernetes stay. */
  async delete(ref: ObjectRef, options?: RequestOptions): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    const answer = await this.request('DELETE', await this.path(ref), body, options);
    if (answer.status !== 404) checked(`delete ${say(ref)}`, answer);
  }

  /**
   * Reads an object again and again until it is as wanted, and returns it.
   * @throws SluiceError `internal`, not ready, when it is not within `timeoutMs` (a minute unless said)
   */
  async until(
    ref: ObjectRef,
    wanted: (object: KubeObject | undefined) => boolean,
    timeoutMs = 60_000,
  ): Promise<KubeObject | undefined> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const object = await this.get(ref);
      if (wanted(object)) return object;
      if (Date.now() > deadline) {
        const last = JSON.stringify(object?.['status'] ?? object?.metadata ?? null);
        throw new SluiceError('internal', `${say(ref)} is not as wanted: ${last}`, { kind: 'notReady' });
      }
      await sleep(pollMs);
    }
  }

  /** Returns the path of an object, as in `/apis/apps/v1/namespaces/web/deployments/app`. */
  async path({ apiVersion, kind, name, namespace }: ObjectRef): Promise<string> {
    return `${await this.#collection(apiVersion, kind, namespace)}/${encodeURIComponent(name)}`;
  }

  close(): void {
    this.#connection.close();
  }

  async #collection(apiVersion: string, kind: string, namespace?: string): Promise<string> {
    const resource = await this.#discovery.find(apiVersion, kind);
    if (resource === undefined) throw new SluiceError('usage', `the cluster serves no ${kind} of ${apiVersion}`);
    const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : '';
    return `${rootOf(apiVersion)}${scope}/${resource.name}`;
  }

  async #applyOne(object: KubeObject, options: ApplyOptions): Promise<KubeObject> {
    const { manager = 'lab', force = true, dryRun = false, ...rest } = options;
    const query = new URLSearchParams({ fieldManager: manager, force: String(force) });
    if (dryRun) query.set('dryRun', 'All');
    const ref = refOf(object);
    const contentType = 'application/apply-patch+yaml';
    const answer = await this.request('PATCH', `${await this.path(ref)}?${query.toString()}`, object, {
      ...rest,
      contentType,
    });
    return checked(`apply ${say(ref)}`, answer) as KubeObject;
  }

  async #established(object: KubeObject): Promise<void> {
    await this.until(refOf(object), (crd) => conditionOf(crd, 'Established')?.status === 'True');
    const { group, names, versions } = object['spec'] as CrdSpec;
    const deadline = Date.now() + 60_000;
    for (const version of versions.filter(({ served }) => served)) {
      // Established comes a moment before it is served.
      while ((await this.#discovery.find(`${group}/${version.name}`, names.kind)) === undefined) {
        if (Date.now() > deadline) {
          throw new SluiceError('internal', `${say(refOf(object))} is not served`, { kind: 'notReady' });
        }
        await sleep(pollMs);
      }
    }
  }
}

export interface PatchOptions extends Omit<RequestOptions, 'contentType'> {
  readonly type?: keyof typeof patchTypes;
  readonly subresource?: string;
}

interface CrdSpec {
  readonly group: string;
  readonly names: { readonly kind: string };
  readonly versions: readonly { readonly name: string; readonly served: boolean }[];
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

function checked(what: string, answer: AdminAnswer): unknown {
  if (answer.status < 200 || answer.status > 299) throw new StatusError(what, answer);
  return answer.body;
}

function say({ kind, namespace, name }: ObjectRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
