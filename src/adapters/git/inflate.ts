// Inflating with a ceiling: what is compressed by strangers never decides how much memory or time it gets.
import { promisify } from 'node:util';
import { inflate, inflateSync } from 'node:zlib';

const inflateLater = promisify(inflate);

/** Below this the work takes well under a millisecond and is done in place; above, on zlib's own thread. */
const inPlace = 64 * 1024;

/**
 * Inflates a zlib stream that must give exactly `size` bytes; bytes after the stream's end are ignored. Stops at
 * `size`, whatever the stream would go on to give. The caller has held `size` against its limit.
 *
 * @throws an `Error` of zlib where the stream is broken or too short for `compressed`, or gives another length
 */
export async function inflateExactly(compressed: Uint8Array, size: number): Promise<Buffer> {
  // Room for one byte more than announced, so that the stream's end is seen without another buffer.
  const options = { maxOutputLength: Math.max(1, size), chunkSize: Math.max(64, Math.min(inPlace, size + 1)) };
  const bytes =
    size <= inPlace && compressed.length <= 4 * inPlace
      ? inflateSync(compressed, options)
      : await inflateLater(compressed, options);
  if (bytes.length !== size) throw new Error(`it has ${bytes.length} bytes where ${size} were announced`);
  return ofItsOwn(bytes);
}

/** Small buffers are cut out of larger ones, and a kept one would keep all of its neighbours. */
function ofItsOwn(bytes: Buffer): Buffer {
  return bytes.buffer.byteLength <= 2 * bytes.length ? bytes : Buffer.from(new Uint8Array(bytes).buffer);
}

/** The most bytes that a sound compressor makes of `size` bytes, with room to spare. */
export function deflatedBound(size: number): number {
  return size + Math.ceil(size / 7) + 128;
}
