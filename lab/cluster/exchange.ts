// One request on its way through the proxy: to the API server and back, with a fault or without.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as send } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterAccess } from './access.ts';
import type { ApiRequest } from './api-request.ts';
import { type Fault, htmlPage, statusObject, type When } from './fault.ts';

// Each request has a connection of its own to the API server, so that none breaks because of another.
const agent = new Agent({ keepAlive: false });
const hopByHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'host', 'content-length']);

type Headers = Record<string, string[]>;

export class Exchange {
  readonly #cluster: ClusterAccess;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #socket: Socket | undefined;
  /** What the client was answered with. */
  status: number | undefined;
  fault: Fault | undefined;
  watching = false;

  constructor(
    cluster: ClusterAccess,
    incoming: IncomingMessage,
    response: ServerResponse,
    /** The client's, below TLS. */
    socket: Socket | undefined,
  ) {
    this.#cluster = cluster;
    this.#incoming = incoming;
    this.#response = response;
    this.#socket = socket;
  }

  /** Resolves when the client has its answer, or will never have one. Rejects when the API server is not there. */
  async run(request: ApiRequest, body: Buffer, fault: Fault | undefined, handled: () => Promise<void>): Promise<void> {
    this.fault = fault;
    if (this.#gone) return;
    if (fault?.kind === 'html') return this.#answer(fault.status ?? 200, { 'content-type': ['text/html'] }, htmlPage);
    if (fault?.kind === 'redirect') return this.#answer(307, { location: [fault.to] }, '');
    if (fault?.kind === 'statusBody') {
      const text = JSON.stringify(statusObject(500, {}));
      return this.#answer(200, { 'content-type': ['application/json'] }, text);
    }
    if (await this.#strike(fault, 'before')) return;
    const answer = await this.#forward(request, body);
    if (request.verb === 'watch' || request.subresource === 'log') {
      await handled();
      if (this.#gone || (await this.#strike(fault, 'after'))) return void answer.destroy();
      return await this.#stream(answer, fault);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    const whole = Buffer.concat(chunks);
    await handled();
    if (this.#gone || (await this.#strike(fault, 'after'))) return;
    const headers = passed(answer.headersDistinct as Headers);
    if (fault?.kind !== 'truncate') return this.#answer(answer.statusCode ?? 502, headers, whole);
    this.#truncate(answer.statusCode ?? 502, headers, whole, fault.broken === true);
  }

  /** Ends a watch as if the connection broke, or in order. */
  drop(clean: boolean): void {
    if (clean) this.#response.end();
    else this.#reset();
  }

  get #gone(): boolean {
    return this.#response.destroyed || this.#incoming.socket.destroyed;
  }

  /** Shows the fault if this is its moment; true when the client gets nothing else. */
  async #strike(fault: Fault | undefined, moment: When): Promise<boolean> {
    switch (fault?.kind) {
      case 'delay':
        if ((fault.when ?? 'before') === moment) await sleep(fault.ms);
        return this.#gone;
      case 'timeout':
        return (fault.when ?? 'before') === moment;
      case 'reset':
        if ((fault.when ?? 'before') !== moment) return false;
        this.#reset();
        return true;
      case 'status': {
        if ((fault.when ?? 'before') !== moment) return false;
        const { status, retryAfterSeconds } = fault;
        const retry = retryAfterSeconds === undefined ? {} : { 'retry-after': [String(retryAfterSeconds)] };
        const text = JSON.stringify(statusObject(status, fault));
        this.#answer(status, { 'content-type': ['application/json'], ...retry }, text);
        return true;
      }
      default:
        return false;
    }
  }

  #forward({ method, path }: ApiRequest, body: Buffer): Promise<IncomingMessage> {
    const { hostname: host, port } = new URL(this.#cluster.url);
    const headers = passed(this.#incoming.headersDistinct as Headers);
    // Bodies are counted and cut here: they have to be plain.
    delete headers['accept-encoding'];
    if (body.length > 0) headers['content-length'] = [String(body.length)];
    return new Promise((resolve, reject) => {
      const sent = send({ agent, ca: this.#cluster.caData, host, port, method, path, headers }, resolve);
      sent.on('error', reject);
      this.#response.once('close', () => sent.destroy());
      sent.end(body.length > 0 ? body : undefined);
    });
  }

  #answer(status: number, headers: Headers, body: string | Buffer): void {
    this.status = status;
    this.#response.writeHead(status, headers).end(body);
  }

  #truncate(status: number, headers: Headers, whole: Buffer, broken: boolean): void {
    const half = whole.subarray(0, Math.floor(whole.length / 2));
    if (!broken) return this.#answer(status, headers, half);
    this.status = status;
    this.#response.writeHead(status, { ...headers, 'content-length': whole.length });
    this.#response.write(half, () => this.#socket?.destroy());
  }

  /** Passes a watch on as it comes, up to where the fault ends it. */
  async #stream(answer: IncomingMessage, fault: Fault | undefined): Promise<void> {
    const response = this.#response;
    this.status = answer.statusCode ?? 502;
    response.writeHead(this.status, passed(answer.headersDistinct as Headers)).flushHeaders();
    this.watching = true;
    response.once('close', () => {
      this.watching = false;
    });
    // What the server says on it is read and thrown away, as by a network that lost the way back.
    if (fault?.kind === 'silence') return void answer.resume();
    const cuts = fault?.kind === 'dropWatch' || fault?.kind === 'watchError';
    let left = cuts ? (fault.afterEvents ?? 0) : Number.POSITIVE_INFINITY;
    if (left === 0) return this.#cut(answer, fault);
    try {
      for await (const chunk of answer) {
        // Ended by `drop`, though the client has not taken all of it yet.
        if (response.writableEnded) return void answer.destroy();
        const [events, lines] = take(chunk as Buffer, left);
        left -= lines;
        const sent = Promise.withResolvers<void>();
        response.write(events, () => sent.resolve());
        if (left > 0) continue;
        await sent.promise;
        return this.#cut(answer, fault);
      }
      response.end();
    } catch (error) {
      // An orderly end by `drop` takes the API server's side down.
      if (!response.writableEnded) throw error;
    }
  }

  #cut(answer: IncomingMessage, fault: Fault | undefined): void {
    if (fault?.kind === 'watchError') {
      const object = statusObject(fault.status ?? 410, { message: 'injected: too old resource version' });
      this.#response.end(`${JSON.stringify({ type: 'ERROR', object })}\n`);
    } else if (fault?.kind === 'dropWatch') {
      // A reset would take events along that the client has not read yet.
      if (fault.clean === true) this.#response.end();
      else this.#socket?.destroy();
    }
    answer.destroy();
  }

  #reset(): void {
    this.#socket?.resetAndDestroy();
  }
}

/** Returns the part of a chunk with at most so many events, one a line, and how many lines end in it. */
function take(chunk: Buffer, most: number): [Buffer, number] {
  let [end, lines] = [0, 0];
  while (lines < most) {
    const next = chunk.indexOf(0x0a, end);
    if (next < 0) return [chunk, lines];
    end = next + 1;
    lines += 1;
  }
  return [chunk.subarray(0, end), lines];
}

function passed(headers: Headers): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !hopByHop.has(name)));
}
