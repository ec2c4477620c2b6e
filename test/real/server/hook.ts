// A server with a queue that a test holds in its hands, and GitHub's side of a delivery.
import { createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { createLog } from '../../../src/adapters/log/log.ts';
import type { Job, Queue } from '../../../src/ports/queue.ts';
import { type Server, type ServerOptions, startServer } from '../../../src/server.ts';

export const secret = 'the-webhook-secret-in-force-now';
export const previous = 'the-webhook-secret-before-that-one';

export interface Hooked {
  readonly server: Server;
  readonly jobs: Job[];
  readonly lines: string[];
  /** What `add` does after it has noted the job. */
  add: () => Promise<void>;
  healthy: () => Promise<boolean>;
  /** The clusters that have an agent. */
  clusters: () => Promise<readonly string[]>;
}

const noClusters = (): Promise<readonly string[]> => Promise.resolve([]);

export async function hooked(more: Partial<ServerOptions> = {}): Promise<Hooked> {
  const jobs: Job[] = [];
  const lines: string[] = [];
  const hook = { jobs, lines, add: async () => {}, healthy: async () => true, clusters: noClusters };
  const queue: Queue = {
    add: async (job) => {
      await hook.add();
      jobs.push(job);
    },
    work: async () => {},
    counts: async () => ({ waiting: jobs.length, active: 0 }),
    healthy: () => hook.healthy(),
    close: async () => {},
  };
  const log = createLog({
    level: 'debug',
    secrets: [secret, previous],
    destination: { write: (line) => void lines.push(line) },
  });
  const server = await startServer(
    {
      appId: 99,
      github: { web: 'https://github.com', api: 'https://api.github.com' },
      platform: 'acme/fleet',
      webhookSecrets: [secret, previous],
      listen: { host: '127.0.0.1', port: 0 },
      admin: { host: '127.0.0.1', port: 0 },
      ...more,
    },
    {
      queue,
      queues: { open: async () => queue, clusters: () => hook.clusters() },
      log,
      elapsed: () => performance.now(),
    },
  );
  return Object.assign(hook, { server });
}

export const opened = {
  action: 'opened',
  installation: { id: 3 },
  repository: { id: 7, full_name: 'acme/shop', default_branch: 'main' },
  pull_request: { number: 12, title: 'ghs_16C7e42F292c6912E7710c838347Ae178B4a', head: { repo: null } },
};

export function sign(body: string | Uint8Array, key: string = secret): string {
  return `sha256=${createHmac('sha256', key).update(body).digest('hex')}`;
}

export function headersFor(body: string | Uint8Array, more: Record<string, string> = {}): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-github-event': 'pull_request',
    'x-github-delivery': '72d3162e-cc78-11e3-81ab-4c9367dc0958',
    'x-hub-signature-256': sign(body),
    ...more,
  };
}

export interface Response {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Sends one request; `path` goes out as it is. */
export async function send(
  server: Server,
  body: string | Uint8Array,
  more: { path?: string; method?: string; headers?: Record<string, string | undefined> } = {},
): Promise<Response> {
  const { port } = new URL(server.webhookUrl);
  const headers = Object.fromEntries(
    Object.entries({ ...headersFor(body), ...more.headers }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
  return new Promise((resolve, reject) => {
    const method = more.method ?? 'POST';
    const bodiless = method === 'GET' || method === 'HEAD';
    if (!bodiless) headers['content-length'] = String(Buffer.byteLength(body));
    const request = httpRequest(
      { host: '127.0.0.1', port, path: more.path ?? '/webhook', method, headers, agent: false },
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => {
          const received = Object.entries(response.headers).map(([name, value]): [string, string] => [
            name,
            String(value),
          ]);
          resolve({ status: response.statusCode ?? 0, text, headers: new Headers(received) });
        });
      },
    );
    request.on('error', reject);
    request.end(bodiless ? undefined : body);
  });
}

/** Bytes on a socket, and all that comes back until the server closes it. `feed` may go on writing. */
export function raw(
  server: Server,
  text: string,
  feed: (write: (more: string | Uint8Array) => void, closed: () => boolean) => void = () => {},
): Promise<{ readonly text: string; readonly ms: number }> {
  const begun = performance.now();
  return new Promise((resolve) => {
    let received = '';
    let over = false;
    const socket = connect(Number(new URL(server.webhookUrl).port), '127.0.0.1', () => {
      socket.write(text);
      feed(
        (more) => void socket.write(more),
        () => over,
      );
    });
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      over = true;
      resolve({ text: received, ms: performance.now() - begun });
    });
  });
}
