// GitHub's webhook deliveries over HTTP: everything that is not one is refused before anything is done with it.
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { answer } from './answer.ts';
import { announcesMore, BodyBudget, readBody } from './body.ts';
import { signedBy } from './signature.ts';

export interface SignedDelivery {
  readonly event: string;
  readonly id: string;
  /** The App it was sent to, where GitHub says so. */
  readonly app: number | undefined;
  readonly payload: unknown;
}

export interface WebhookOptions {
  /** At least one. */
  readonly secrets: readonly string[];
  /** Of one body. @defaultValue 5 MiB */
  readonly maxBytes?: number;
  /** Of all bodies being read. @defaultValue 64 MiB */
  readonly maxTotalBytes?: number;
  /** Resolves to true when the delivery is safe with us; GitHub is told to count it as failed otherwise. */
  readonly take: (delivery: SignedDelivery) => Promise<boolean>;
  /** Hears of every refusal: the status, and why in our words alone. */
  readonly onRefusal: (status: number, why: string) => void;
  /** Hears of what should not happen; the sender is told 500. */
  readonly onError: (error: unknown) => void;
}

interface Refusal {
  readonly status: number;
  readonly why: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const path = '/webhook';

/** Answers 202 once a delivery has been taken, and 4xx or 503 with no more than the status' name. */
export function webhookListener(options: WebhookOptions): RequestListener {
  const { maxBytes = 5 * 1024 * 1024, maxTotalBytes = 64 * 1024 * 1024, onRefusal } = options;
  const budget = new BodyBudget(maxTotalBytes);
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<Refusal | undefined> => {
    const early = refusedByHead(request, maxBytes);
    if (early !== undefined) return early;
    if (request.headers.expect !== undefined) response.writeContinue();
    const body = await readBody(request, maxBytes, budget);
    if (body === 'tooLarge') return { status: 413, why: 'the body is too large' };
    if (body === 'busy') return { status: 503, why: 'too many bodies at once' };
    if (body === 'cut') return { status: 400, why: 'the body ended early' };
    if (!signedBy(options.secrets, body, header(request, 'x-hub-signature-256')))
      return { status: 401, why: 'the signature does not fit' };
    const delivery = read(request, body);
    if (delivery === undefined) return { status: 400, why: 'the signed body is no JSON' };
    return (await options.take(delivery)) ? undefined : { status: 503, why: 'the queue did not take it' };
  };
  return (request, response) => {
    handle(request, response).then(
      (refusal) => {
        if (refusal !== undefined) onRefusal(refusal.status, refusal.why);
        answer(request, response, refusal?.status ?? 202, refusal?.headers);
      },
      (error: unknown) => {
        options.onError(error);
        answer(request, response, 500);
      },
    );
  };
}

/** What the request line and the headers already rule out. */
function refusedByHead(request: IncomingMessage, maxBytes: number): Refusal | undefined {
  // The whole target, byte by byte: no query, no decoding, no `//`, no `..`.
  if (request.url !== path) return { status: 404, why: 'not the path of webhooks' };
  if (request.method !== 'POST') return { status: 405, why: 'not a POST', headers: { allow: 'POST' } };
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = request.headers;
  if (!/^application\/json(?:\s*;\s*charset=utf-8)?$/i.test(type))
    return { status: 415, why: "not JSON: choose application/json in the App's webhook settings" };
  if (encoding !== 'identity') return { status: 415, why: 'the body is compressed' };
  if (announcesMore(request, maxBytes)) return { status: 413, why: 'the body is too large' };
  if (!header(request, 'x-hub-signature-256').startsWith('sha256='))
    return { status: 401, why: 'there is no signature' };
  const named = /^[a-z_]{1,64}$/.test(header(request, 'x-github-event'));
  if (!named || !/^[0-9A-Za-z-]{1,64}$/.test(header(request, 'x-github-delivery')))
    return { status: 400, why: "GitHub's headers are missing" };
  return undefined;
}

function read(request: IncomingMessage, body: Uint8Array): SignedDelivery | undefined {
  let payload: unknown;
  try {
    payload = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
  const isApp = header(request, 'x-github-hook-installation-target-type') === 'integration';
  const target = header(request, 'x-github-hook-installation-target-id');
  return {
    event: header(request, 'x-github-event'),
    id: header(request, 'x-github-delivery'),
    app: isApp && /^\d{1,15}$/.test(target) ? Number(target) : undefined,
    payload,
  };
}

/** One header, or `''` when it is not there; Node joins repeated ones by commas, which then fit no pattern. */
function header(request: IncomingMessage, name: string): string {
  const value = request.headers[name];
  return typeof value === 'string' ? value : '';
}
