// HTTP/1.1 to one API server over connections that are kept: no redirect, no proxy, a deadline and a limit for everything.
import http from 'node:http';
import https from 'node:https';
import type { ClusterAddress } from './address.ts';
import { type Body, readBody } from './body.ts';
import { assertIdentity, type Identity, identityHeaders } from './identity.ts';
import type { ApiPath } from './path.ts';
import { WireFailure } from './wire-failure.ts';

export interface WireRequest {
  readonly identity: Identity;
  readonly method: 'GET' | 'PATCH' | 'POST' | 'DELETE';
  readonly path: ApiPath;
  /** `?a=b` or `''`, as `queryOf` makes it. */
  readonly query: string;
  readonly accept: string;
  readonly body?: { readonly type: string; readonly text: string } | undefined;
  readonly ifNoneMatch?: string | undefined;
  readonly token: string | undefined;
  readonly deadlineMs: number;
  readonly maxBytes: number;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Body;
}

/** An answer whose body is still coming. */
export interface WireStream {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly chunks: AsyncIterable<Buffer>;
  /** Ends it with this error. */
  stop(error: Error): void;
}

export interface WireOptions {
  /** Connections for reads, and again as many for writes. @defaultValue 16 */
  readonly maxConnections?: number;
  /** Connections for watches, one each. @defaultValue 512 */
  readonly maxWatches?: number;
}

export interface Wire {
  /** Sends and reads the whole answer. @throws WireFailure */
  send(request: WireRequest): Promise<WireAnswer>;
  /** Sends and returns once the head of the answer is there; the deadline is for that. @throws WireFailure */
  open(request: WireRequest): Promise<WireStream>;
  /** Ends what is under way, and the connections. */
  close(): void;
}

/** Unused connections are closed before the API server does it (after 90 s), so that none dies as it is taken. */
const idleMs = 60_000;
/** How soon the kernel asks a silent peer whether it is still there. */
const probeMs = 15_000;

export function openWire(address: ClusterAddress, { maxConnections = 16, maxWatches = 512 }: WireOptions = {}): Wire {
  const url = new URL(address.server);
  const secure = url.protocol === 'https:';
  const defaultPort = secure ? 443 : 80;
  const prefix = url.pathname === '/' ? '' : url.pathname;
  const compressed = secure && !/^(?:localhost|127\.|\[::1\])/.test(url.hostname);
  const client = secure ? https : http;
  const agents = {
    own: agentFor(address, secure, maxConnections),
    // Apart, so that neither reads nor watches wait for a tenant's slow admission webhook.
    writer: agentFor(address, secure, maxConnections),
    watch: agentFor(address, secure, maxWatches),
  };
  const target = {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port === '' ? defaultPort : url.port),
    // Nothing of Node's environment may loosen the check of the server's certificate.
    ...(secure ? { rejectUnauthorized: true } : {}),
  };

  const live = new Set<Abort>();

  function start(request: WireRequest, agent: http.Agent, streams: boolean): http.ClientRequest {
    const { identity, method, path, query, body } = request;
    const headers = headersOf(request, compressed && !streams);
    const sent = client.request({ ...target, agent, method, path: `${prefix}${path}${query}`, headers });
    try {
      assertIdentity(sent, identity, prefix);
    } catch (error) {
      sent.on('error', () => undefined);
      sent.destroy();
      throw error;
    }
    if (body === undefined) sent.end();
    else sent.end(body.text);
    return sent;
  }

  return {
    send: async (request) => {
      const agent = typeof request.identity === 'symbol' ? agents.own : agents.writer;
      const { response, finish } = await answerTo(start(request, agent, false), request.deadlineMs, live);
      const body = await finish(readBody(response, request.maxBytes));
      return { status: response.statusCode ?? 0, headers: response.headers, body };
    },
    open: async (request) => {
      const { response, finish } = await answerTo(start(request, agents.watch, true), request.deadlineMs, live);
      void finish(Promise.resolve()).catch(() => undefined);
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        chunks: response,
        stop: (error) => void response.destroy(error),
      };
    },
    close: () => {
      for (const abort of live) abort();
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

function agentFor(address: ClusterAddress, secure: boolean, maxSockets: number): http.Agent {
  const options = { keepAlive: true, keepAliveMsecs: probeMs, maxSockets, maxFreeSockets: maxSockets, timeout: idleMs };
  if (!secure) return new http.Agent(options);
  const { caData, login } = address;
  return new https.Agent({
    ...options,
    minVersion: 'TLSv1.2',
    ...(caData === undefined ? {} : { ca: caData }),
    ...('certData' in login ? { cert: login.certData, key: login.keyData } : {}),
  });
}

function headersOf(request: WireRequest, compressed: boolean): http.OutgoingHttpHeaders {
  const { identity, accept, body, ifNoneMatch, token } = request;
  return {
    Accept: accept,
    'User-Agent': 'sluice',
    'Accept-Encoding': compressed ? 'gzip' : 'identity',
    ...(body === undefined
      ? {}
      : { 'Content-Type': body.type, 'Content-Length': String(Buffer.byteLength(body.text)) }),
    ...(ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch }),
    ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    ...identityHeaders(identity),
  };
}

interface Head {
  readonly response: http.IncomingMessage;
  /** Waits for the rest under the same deadline, then forgets the deadline. */
  readonly finish: <T>(rest: Promise<T>) => Promise<T>;
}

type Abort = () => void;

/** Waits for the head of an answer. The request is destroyed at the deadline, and by a close, whatever it is doing. */
function answerTo(sent: http.ClientRequest, deadlineMs: number, live: Set<Abort>): Promise<Head> {
  return new Promise((resolve, reject) => {
    let broken: WireFailure | undefined;
    const end = (failure: WireFailure): void => {
      broken ??= failure;
      sent.destroy(failure);
      reject(broken);
    };
    const timer = setTimeout(
      () => end(new WireFailure('timeout', `no answer within ${Math.round(deadlineMs / 100) / 10} s`)),
      deadlineMs,
    );
    const abort = (): void => end(new WireFailure('stopped', 'the connection to it is closed'));
    const forget = (): void => {
      clearTimeout(timer);
      live.delete(abort);
    };
    sent.on('error', (error) => {
      forget();
      reject(broken ?? WireFailure.from(error, sent));
    });
    sent.once('response', (response) => {
      // Whoever reads the body hears it there; a body nobody reads any more must not end the process.
      response.on('error', () => undefined);
      resolve({
        response,
        finish: async (rest) => {
          try {
            return await rest;
          } catch (error) {
            throw broken ?? WireFailure.from(error, sent);
          } finally {
            forget();
          }
        },
      });
    });
    live.add(abort);
  });
}
