// Sends requests to one API server over TLS. Knows HTTP, nothing of Kubernetes' objects.
import type { IncomingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import { SluiceError } from '../../src/errors.ts';

const timeoutMs = 30_000;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Sending {
  readonly method: string;
  /** With its query, as in `/api/v1/namespaces?limit=1`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly body?: string;
}

/** Connections to one API server, kept open between requests. */
export class Connection {
  readonly #url: URL;
  readonly #agent: Agent;

  constructor(url: string, caData: string) {
    this.#url = new URL(url);
    this.#agent = new Agent({ ca: caData, keepAlive: true });
  }

  /** @throws SluiceError `internal`, transient, when the connection fails or no answer comes within 30 seconds */
  send({ method, path, headers, body }: Sending): Promise<Answer> {
    // Node leaves the length of a DELETE's body out; the server would take the body for another request.
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    return new Promise((resolve, reject) => {
      const fail = (cause: Error): void => {
        const what = `${method} ${path}: ${cause.message || 'no connection'}`;
        reject(new SluiceError('internal', what, { kind: 'transient', cause }));
      };
      const { hostname: host, port } = this.#url;
      const sent = request(
        { agent: this.#agent, host, port, method, path, headers: { ...headers, ...length }, timeout: timeoutMs },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk: string) => (text += chunk));
          response.on('error', fail);
          response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
        },
      );
      sent.on('error', fail);
      sent.on('timeout', () => sent.destroy(new Error('no answer within 30 s')));
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
