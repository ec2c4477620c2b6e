// How Git's smart HTTP leaves this process: no redirects, a deadline, a ceiling on what comes back.
import type { GitHttpRequest, GitHttpResponse, HttpClient } from 'isomorphic-git';

export interface GitHttpLimits {
  /** From the first byte sent to the last one read. @defaultValue 120_000 */
  readonly deadlineMs?: number;
  /** Bytes of one answer. @defaultValue 2 GiB */
  readonly maxBytes?: number;
}

/** Thrown for an answer that is larger than allowed. */
export class AnswerTooLarge extends Error {}

/** A client for isomorphic-git. Proxy variables of the environment are not read. */
export function gitHttp({ deadlineMs = 120_000, maxBytes = 2 ** 31 }: GitHttpLimits = {}): HttpClient {
  return {
    request: async ({ url, method = 'GET', headers = {}, body }: GitHttpRequest): Promise<GitHttpResponse> => {
      const signal = AbortSignal.timeout(deadlineMs);
      const sent = body === undefined ? undefined : await collect(body);
      const response = await fetch(url, {
        method,
        headers,
        signal,
        redirect: 'error',
        ...(sent === undefined ? {} : { body: sent }),
      });
      return {
        url,
        method,
        headers: Object.fromEntries(response.headers),
        body: bounded(response.body, maxBytes),
        statusCode: response.status,
        statusMessage: response.statusText,
      };
    },
  };
}

async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return Uint8Array.from(Buffer.concat(parts));
}

/** The parts of a body as they come. @throws AnswerTooLarge past that many bytes; whatever the connection throws */
export async function* bounded(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): AsyncIterableIterator<Uint8Array> {
  let total = 0;
  if (body === null) return;
  for await (const part of body) {
    total += part.length;
    if (total > maxBytes) throw new AnswerTooLarge(`more than ${maxBytes} bytes`);
    yield part;
  }
}
