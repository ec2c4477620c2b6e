// An API server that answers as it is told, byte by byte, and remembers who asked for what.
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecure } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { ClusterAddress } from '../../../src/adapters/kube/address.ts';
import { type ClusterOptions, connectCluster } from '../../../src/adapters/kube/cluster.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { KubeCluster, ObjectAddress, ServedKind } from '../../../src/ports/kube.ts';
import type { Log } from '../../../src/ports/log.ts';
import { certificate, key } from '../../unit/kube/certificate.ts';

export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As they came, name and value in turn: repeated headers show. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export type Script = (response: ServerResponse, asked: Asked) => void;

export interface Scripted {
  readonly address: ClusterAddress;
  readonly asked: Asked[];
  /** Connections that were ever made, and that are open now. */
  readonly connections: { made: number; open: number };
  /** For requests from now on: each takes the next one, and the last one stays. */
  answer(...scripts: Script[]): void;
  stop(): Promise<void>;
}

export const unlogged: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => unlogged,
  hide: () => undefined,
};

export async function startScripted({ tls = false } = {}): Promise<Scripted> {
  const asked: Asked[] = [];
  const connections = { made: 0, open: 0 };
  let scripts: Script[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = '', url: path = '', headers, rawHeaders } = request;
    const one = { method, path, headers, rawHeaders, body: Buffer.concat(parts).toString() };
    asked.push(one);
    const script = scripts.length > 1 ? scripts.shift() : scripts[0];
    if (script === undefined) response.destroy();
    else script(response, one);
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void take(request, response).catch(() => response.destroy());
  const server = tls ? createSecure({ cert: certificate, key }, listener) : createServer(listener);
  server.keepAliveTimeout = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.made += 1;
    connections.open += 1;
    sockets.add(socket);
    socket.once('close', () => {
      connections.open -= 1;
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const scheme = tls ? 'https' : 'http';
  return {
    address: {
      server: `${scheme}://127.0.0.1:${port}`,
      caData: tls ? certificate : undefined,
      login: { token: 't0ken' },
    },
    asked,
    connections,
    answer: (...next) => {
      scripts = next;
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

export function connect(scripted: Scripted, options: Partial<ClusterOptions> = {}): KubeCluster {
  return connectCluster(scripted.address, { log: unlogged, deadlineMs: 30_000, ...options });
}

export const configMaps: ServedKind = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  namespaced: true,
  verbs: [],
};
export const secrets: ServedKind = { ...configMaps, kind: 'Secret', plural: 'secrets' };
export const namespaces: ServedKind = { ...configMaps, kind: 'Namespace', plural: 'namespaces', namespaced: false };
export const kustomizations: ServedKind = {
  ...configMaps,
  group: 'kustomize.toolkit.fluxcd.io',
  kind: 'Kustomization',
  plural: 'kustomizations',
};

export const at = (name = 'web', namespace = 'a', kind = configMaps): ObjectAddress => ({ kind, namespace, name });

export function configMap(name = 'web', more: Record<string, unknown> = {}, metadata: object = {}): KubeObject {
  const meta = { name, namespace: 'a', uid: `uid-${name}`, resourceVersion: '7', ...metadata };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta, ...more } as KubeObject;
}

/** What one applies: without what only the server says. */
export const manifest: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'a' } };

// ---- scripts

export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Script =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };

export const status = (code: number, reason = '', more: object = {}, headers: Record<string, string> = {}): Script =>
  json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, ...more }, code, headers);

export const list = (items: readonly unknown[], metadata: object = {}): Script =>
  json({ kind: 'ConfigMapList', apiVersion: 'v1', metadata: { resourceVersion: '100', ...metadata }, items });

/** A watch that says these lines and then stays open, or ends in order, or breaks. */
export const watch =
  (lines: readonly (string | object)[], then: 'stay' | 'end' | 'break' = 'stay'): Script =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const texts = lines.map((line) => (typeof line === 'string' ? line : `${JSON.stringify(line)}\n`));
    response.write(texts.join(''), () => {
      if (then === 'end') response.end();
      if (then === 'break') response.destroy();
    });
    if (texts.length === 0 && then === 'end') response.end();
  };

export const event = (type: string, object: object): object => ({ type, object });
