// A proxy in front of the Git server that holds requests: before Git sees them, or after it has answered and nobody knows.
import { createServer, type IncomingMessage, request as send, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface GitRequest {
  /** `info/refs`, `git-upload-pack` */
  readonly service: string;
}

export type GitHook = (request: GitRequest) => Promise<void>;
/** `told`: the client has all of the answer, and is about to write it to its disk. */
export type GitMoment = 'before' | 'after' | 'told';

export class GitGate {
  readonly #target: URL;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #hooks: { readonly hook: GitHook; readonly when: GitMoment }[] = [];

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(address: string): Promise<GitGate> {
    const gate = new GitGate(new URL(address));
    await new Promise<void>((resolve) => gate.#server.listen(0, '127.0.0.1', resolve));
    return gate;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections of clients that are open. */
  get clients(): number {
    return this.#sockets.size;
  }

  onRequest(hook: GitHook, when: GitMoment): () => void {
    const entry = { hook, when };
    this.#hooks.push(entry);
    return () => {
      this.#hooks = this.#hooks.filter((other) => other !== entry);
    };
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const body = await whole(incoming);
      const service = /\.git\/([^?]*)/.exec(incoming.url ?? '')?.[1] ?? '';
      const hooks = async (when: GitMoment): Promise<void> => {
        for (const entry of this.#hooks) if (entry.when === when) await entry.hook({ service });
      };
      await hooks('before');
      if (incoming.socket.destroyed) return;
      const answer = await this.#forward(incoming, body);
      const text = await whole(answer);
      await hooks('after');
      if (incoming.socket.destroyed) return;
      const headers = { ...answer.headers, 'content-length': String(text.length) };
      delete headers['transfer-encoding'];
      response.writeHead(answer.statusCode ?? 502, headers);
      await new Promise<void>((resolve) => response.end(text, resolve));
      await hooks('told');
    } catch {
      incoming.socket.destroy();
    }
  }

  #forward({ method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const { hostname: host, port } = this.#target;
    return new Promise((resolve, reject) => {
      const sent = send({ agent: false, host, port, method, path: url, headers }, resolve);
      sent.on('error', reject);
      sent.end(body.length > 0 ? body : undefined);
    });
  }
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
