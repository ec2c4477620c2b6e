// The body of an answer: whole or not at all, never more than was allowed for.
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { WireFailure } from './wire-failure.ts';

export type Body = Buffer;

const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);

/** Reads to the end and unpacks. @throws WireFailure `broken` for half a body, `tooLarge` beyond `maxBytes`, packed or not */
export async function readBody(response: IncomingMessage, maxBytes: number): Promise<Body> {
  const packed = await collect(response, maxBytes);
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity' || packed.length === 0) return packed;
  if (encoding !== 'gzip') throw new WireFailure('broken', 'the answer is packed in a way that was not asked for');
  try {
    return await gunzip(packed, { maxOutputLength: maxBytes });
  } catch (cause) {
    throw isTooLarge(cause) ? tooLarge(maxBytes) : new WireFailure('broken', 'the answer cannot be unpacked', cause);
  }
}

function collect(response: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    response.on('data', (part: Buffer) => {
      size += part.length;
      if (size > maxBytes) {
        reject(tooLarge(maxBytes));
        response.destroy();
      } else parts.push(part);
    });
    response.on('error', reject);
    response.on('close', () => reject(new WireFailure('broken', 'the answer ended too early')));
    response.on('end', () => {
      if (!response.complete) reject(new WireFailure('broken', 'the answer ended too early'));
      else resolve(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts, size));
    });
  });
}

function tooLarge(maxBytes: number): WireFailure {
  return new WireFailure('tooLarge', `the answer is larger than ${Math.round(maxBytes / 1024 / 1024)} MiB`);
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
}
