// Frames of renderer/PROTOCOL.md: a 4-byte big-endian length, then that many bytes of UTF-8 JSON.

/** Longest frame either side may send, in bytes, inclusive. */
export const maxFrameBytes = 64 * 1024 * 1024;

const headerBytes = 4;

/** A frame holds more bytes than the limit; nothing after it can be read. */
export class FrameTooLarge extends Error {
  override readonly name = 'FrameTooLarge';
}

/**
 * Returns the frame around one JSON text.
 * @throws FrameTooLarge when the text's UTF-8 form is over `limitBytes`
 */
export function encodeFrame(json: string, limitBytes: number = maxFrameBytes): Buffer {
  const length = Buffer.byteLength(json);
  if (length > limitBytes) throw new FrameTooLarge(`a frame of ${length} bytes is over the limit of ${limitBytes}`);
  const frame = Buffer.allocUnsafe(headerBytes + length);
  frame.writeUInt32BE(length, 0);
  frame.write(json, headerBytes);
  return frame;
}

/** Cuts a stream of chunks into frames. Holds at most one frame and one chunk in memory. */
export class FrameReader {
  readonly #limitBytes: number;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limitBytes: number = maxFrameBytes) {
    this.#limitBytes = limitBytes;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /**
   * Returns the text of the next whole frame, or undefined until more bytes come.
   * @throws FrameTooLarge as soon as a header announces too much
   */
  next(): string | undefined {
    if (this.#bytes < headerBytes) return undefined;
    const length = this.#header();
    if (length > this.#limitBytes) throw new FrameTooLarge(`a frame of ${length} bytes is over ${this.#limitBytes}`);
    const end = headerBytes + length;
    if (this.#bytes < end) return undefined;
    const joined = this.#joined();
    this.#chunks = joined.length > end ? [joined.subarray(end)] : [];
    this.#bytes -= end;
    return joined.toString('utf8', headerBytes, end);
  }

  #header(): number {
    const first = this.#chunks[0];
    if (first !== undefined && first.length >= headerBytes) return first.readUInt32BE(0);
    const joined = this.#joined();
    this.#chunks = [joined];
    return joined.readUInt32BE(0);
  }

  #joined(): Buffer {
    const first = this.#chunks[0];
    return this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#bytes);
  }
}
