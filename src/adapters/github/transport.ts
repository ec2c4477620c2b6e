// `fetch` with a time limit, a size limit and no redirects, for Octokit's request function.

/** Larger than any answer asked for here (100 pull requests are about 2 MiB). */
const maxBytes = 32 * 1024 * 1024;
const timeoutMs = 30_000;

export type Fetch = typeof globalThis.fetch;

/** Returns a `fetch` that fails rather than wait, read or go elsewhere without limit. */
export function limitedFetch(fetch: Fetch, limit: { timeoutMs?: number; maxBytes?: number } = {}): Fetch {
  return async (address, init) => {
    const signal = AbortSignal.timeout(limit.timeoutMs ?? timeoutMs);
    const response = await fetch(address, { ...init, redirect: 'manual', signal });
    const { status, statusText, headers } = response;
    const body = response.body === null ? null : await readUpTo(response.body, limit.maxBytes ?? maxBytes);
    return new Response(status === 204 || status === 205 || status === 304 ? null : body, {
      status,
      statusText,
      headers,
    });
  };
}

async function readUpTo(body: ReadableStream<Uint8Array>, max: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.byteLength;
    if (size > max) throw new Error(`the answer is larger than ${max} bytes`);
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts, size));
}
