// A GitHub of a few lines: answers what a test says, and keeps what it was asked.
import { generateKeyPairSync } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  /** `GET /repositories/1/pulls/2` */
  readonly line: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, unknown>;
}

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Cut the connection instead of answering. */
  readonly cut?: boolean;
}

export interface Answering {
  readonly url: string;
  readonly asked: Asked[];
  /** Requests other than for tokens. */
  lines(): readonly string[];
  close(): Promise<void>;
}

const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const privateKey = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
export const publicKey = keys.publicKey;

export async function answering(reply: (asked: Asked, count: number) => Reply): Promise<Answering> {
  const asked: Asked[] = [];
  let tokens = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '', 'http://local');
      const text = Buffer.concat(chunks).toString();
      const one: Asked = {
        line: `${request.method} ${url.pathname}`,
        query: url.searchParams,
        headers: request.headers,
        body: text === '' ? {} : JSON.parse(text),
      };
      asked.push(one);
      let answer = reply(one, asked.filter(({ line }) => line === one.line).length);
      if (answer.status === undefined && answer.body === undefined && one.line.endsWith('/access_tokens')) {
        tokens += 1;
        const expires_at = new Date(Date.now() + 3_600_000).toISOString();
        answer = { ...answer, status: 201, body: { token: `ghs_token${tokens}`, expires_at } };
      }
      if (answer.cut === true) {
        request.socket.destroy();
        return;
      }
      // Tests have clocks of their own; one that is about clocks sends a date.
      response.sendDate = false;
      response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
      response.end(answer.body === undefined ? '' : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    lines: () => asked.map(({ line }) => line).filter((line) => !line.endsWith('/access_tokens')),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const sha = 'a'.repeat(40);

export function pull(number: number, more: object = {}): object {
  return {
    number,
    state: 'open',
    draft: false,
    locked: false,
    head: { sha, ref: 'topic', repo: { id: 7 } },
    base: {
      sha: 'b'.repeat(40),
      ref: 'main',
      repo: { id: 7, full_name: 'acme/shop', clone_url: 'https://github.com/acme/shop.git', archived: false },
    },
    mergeable: true,
    html_url: `https://github.com/acme/shop/pull/${number}`,
    ...more,
  };
}
