// Reads a request's body, never more than it may be.
import type { IncomingMessage } from 'node:http';

export type BodyProblem = 'tooLarge' | 'busy' | 'cut';

/** Bytes held for all requests together: many at once must not fill the memory either. */
export class BodyBudget {
  readonly #max: number;
  #held = 0;

  constructor(maxBytes: number) {
    this.#max = maxBytes;
  }

  take(bytes: number): boolean {
    if (this.#held + bytes > this.#max) return false;
    this.#held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.#held -= bytes;
  }
}

/** True when the sender says itself that the body is larger than `maxBytes`; then nothing needs to be read. */
export function announcesMore(request: IncomingMessage, maxBytes: number): boolean {
  return Number(request.headers['content-length'] ?? 0) > maxBytes;
}

/** Returns the whole body, or why there is none. Stops reading at `maxBytes` (inclusive), whatever was announced. */
export function readBody(
  request: IncomingMessage,
  maxBytes: number,
  budget: BodyBudget,
): Promise<Uint8Array | BodyProblem> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const finish = (result: Uint8Array | BodyProblem): void => {
      request.off('data', take);
      budget.give(size);
      size = 0;
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      if (size + chunk.byteLength > maxBytes) return finish('tooLarge');
      if (!budget.take(chunk.byteLength)) return finish('busy');
      size += chunk.byteLength;
      chunks.push(chunk);
    };
    request.on('data', take);
    request.once('end', () => finish(Buffer.concat(chunks, size)));
    request.once('error', () => finish('cut'));
    request.once('close', () => finish('cut'));
  });
}
