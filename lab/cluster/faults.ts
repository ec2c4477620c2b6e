// A proxy in front of one API server: counts and records what clients ask, holds requests, and shows faults on demand.
import {
  createServer as createPlain,
  type IncomingMessage,
  type Server as PlainServer,
  type ServerResponse,
} from 'node:http';
import { createServer as createSecure, type Server as SecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess } from './access.ts';
import { type ApiRequest, type Match, matches, readApiRequest, type Verb } from './api-request.ts';
import { Exchange } from './exchange.ts';
import { type Fault, type Rule, Rules, type Standing, type When } from './fault.ts';

export interface FaultsOptions {
  /** Serves with the API server's own certificate; plain HTTP when false. @defaultValue true */
  readonly tls?: boolean;
}

export interface Recorded extends ApiRequest {
  /** What the client was answered with; undefined while it was not, or never. */
  readonly status: number | undefined;
  readonly fault: Fault | undefined;
}

/** Called for each request; what it returns is waited for before the request goes on. */
export type Hook = (request: ApiRequest) => void | Promise<void>;

/** One request that is held. */
export interface Held {
  /** Resolves when a matching request has come and is held. */
  readonly reached: Promise<ApiRequest>;
  release(): void;
}

/** Starts a proxy in front of a cluster. It outlives restarts of the API server. Call `stop` in the end. */
export async function startFaults(cluster: ClusterAccess, options: FaultsOptions = {}): Promise<Faults> {
  const faults = new Faults(cluster, options.tls ?? true);
  await faults.listen();
  return faults;
}

export class Faults {
  readonly #cluster: ClusterAccess;
  readonly #tls: boolean;
  readonly #server: PlainServer | SecureServer;
  readonly #rules = new Rules();
  readonly #sockets = new Map<number, Socket>();
  readonly #exchanges = new Set<Exchange>();
  #hooks: { readonly hook: Hook; readonly when: When }[] = [];
  #requests: { request: ApiRequest; exchange: Exchange }[] = [];
  #count = 0;

  constructor(cluster: ClusterAccess, tls: boolean) {
    this.#cluster = cluster;
    this.#tls = tls;
    const take = (request: IncomingMessage, response: ServerResponse): void => void this.#take(request, response);
    this.#server = tls ? createSecure(cluster.serving, take) : createPlain(take);
    this.#server.keepAliveTimeout = 0;
    // The socket below TLS: only that one can be reset.
    this.#server.on('connection', (socket: Socket) => {
      const port = socket.remotePort ?? 0;
      this.#sockets.set(port, socket);
      socket.once('close', () => this.#sockets.delete(port));
    });
  }

  /** Instead of the cluster's: `https://127.0.0.1:<port>`, with the same CA. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#tls ? 'https' : 'http'}://127.0.0.1:${port}`;
  }

  /** Returns the text of a kubeconfig that goes through the proxy. */
  kubeconfig(token?: string): string {
    return this.#cluster.kubeconfig(token, this.url);
  }

  /** Adds a rule; the first rule that matches a request and is not spent strikes. */
  add(rule: Rule): Standing {
    return this.#rules.add(rule);
  }

  /** Removes all rules and hooks. */
  clear(): void {
    this.#rules.clear();
    this.#hooks = [];
  }

  /** What was asked so far, in the order of arrival. */
  get requests(): readonly Recorded[] {
    return this.#requests.map(({ request, exchange: { status, fault } }) => ({ ...request, status, fault }));
  }

  /** Returns how many requests came, by verb. */
  counts(match?: Match): Partial<Record<Verb, number>> {
    const counts: Partial<Record<Verb, number>> = {};
    for (const { request } of this.#requests) {
      if (matches(match, request)) counts[request.verb] = (counts[request.verb] ?? 0) + 1;
    }
    return counts;
  }

  /** Forgets what was asked so far. */
  forget(): void {
    this.#requests = [];
  }

  /**
   * Calls back for each request: `before` the API server sees it, or `after` it has answered and before the client knows.
   * @returns what takes the hook away
   */
  onRequest(hook: Hook, when: When = 'before'): () => void {
    const entry = { hook, when };
    this.#hooks.push(entry);
    return () => {
      this.#hooks = this.#hooks.filter((other) => other !== entry);
    };
  }

  /** Holds the next matching request. When its client is gone by the release, the API server never sees it (`before`). */
  hold(match?: Match, when: When = 'before'): Held {
    const reached = Promise.withResolvers<ApiRequest>();
    const released = Promise.withResolvers<void>();
    const remove = this.onRequest(async (request) => {
      if (!matches(match, request)) return;
      remove();
      reached.resolve(request);
      await released.promise;
    }, when);
    const release = (): void => {
      remove();
      released.resolve();
    };
    return { reached: reached.promise, release };
  }

  /** Resolves when so many matching requests have come since the start or the last `forget`. */
  async seen(match?: Match, count = 1): Promise<void> {
    while (this.#requests.filter(({ request }) => matches(match, request)).length < count) await sleep(10);
  }

  /** How many connections of clients are open. */
  get clients(): number {
    return this.#sockets.size;
  }

  /** How many watches are open. */
  get watches(): number {
    return [...this.#exchanges].filter(({ watching }) => watching).length;
  }

  /** Breaks all open watches off, by a reset, or by an orderly end. */
  dropWatches(clean = false): void {
    for (const exchange of this.#exchanges) {
      if (exchange.watching) exchange.drop(clean);
    }
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    for (const socket of this.#sockets.values()) socket.destroy();
    await closed;
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const socket = this.#sockets.get(incoming.socket.remotePort ?? 0);
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const request = readApiRequest((this.#count += 1), incoming, body.toString());
      const exchange = new Exchange(this.#cluster, incoming, response, socket);
      this.#requests.push({ request, exchange });
      this.#exchanges.add(exchange);
      response.once('close', () => this.#exchanges.delete(exchange));
      const hooks = async (when: When): Promise<void> => {
        const due = this.#hooks.filter((entry) => entry.when === when);
        await Promise.all(due.map(async ({ hook }) => await hook(request)));
      };
      await hooks('before');
      await exchange.run(request, body, this.#rules.take(request), async () => await hooks('after'));
    } catch {
      // The client went away, or the API server did: either is a connection that breaks.
      socket?.destroy();
    }
  }
}
