// A way to a Git server on which each question is seen, and can be held.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

type Match = (body: string) => boolean;

export class Posts {
  /** What was asked, in the order of arrival. */
  bodies: string[] = [];
  #answered: string[] = [];
  #holds: { readonly match: Match; readonly released: Promise<void> }[] = [];
  readonly #to: string;
  readonly #server = createServer((request, response) => void this.#pass(request, response));

  constructor(to: string) {
    this.#to = to;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  forget(): void {
    this.bodies = [];
    this.#answered = [];
  }

  /** Questions like this are not passed on until they are released. */
  hold(match: Match): { release(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const entry = { match, released: promise };
    this.#holds.push(entry);
    const release = (): void => {
      this.#holds = this.#holds.filter((one) => one !== entry);
      resolve();
    };
    return { release };
  }

  /** Resolves once so many questions like this have come. */
  async seen(match: Match, count = 1): Promise<void> {
    while (this.bodies.filter(match).length < count) await sleep(5);
  }

  /** Resolves once so many questions like this were answered, or broken off. */
  async answered(match: Match, count = 1): Promise<void> {
    while (this.#answered.filter(match).length < count) await sleep(5);
  }

  async #pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const raw = Buffer.concat(parts);
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw).toString();
    this.bodies.push(body);
    for (const { match, released } of this.#holds) if (match(body)) await released;
    const { host: _, connection: __, 'content-length': ___, ...headers } = request.headers;
    try {
      const answer = await fetch(`${this.#to}${request.url}`, { method: 'POST', headers: headers as never, body: raw });
      const bytes = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' });
      response.end(bytes);
    } catch {
      response.destroy();
    }
    this.#answered.push(body);
  }
}

export async function startPosts(to: string): Promise<Posts> {
  const posts = new Posts(to);
  await posts.listen();
  return posts;
}
