// A file read in large steps that are kept for a while, as Git maps packs: objects of one commit stand close together.
import { readRange } from './range.ts';
import { Recent } from './recent.ts';

const step = 512 * 1024;
const keptBytes = 64 * 1024 * 1024;

interface Window {
  readonly bytes: Buffer;
  /** The size of the whole file. */
  readonly size: number;
}

/** Windows of all packs together share one budget. */
const windows = new Recent<Window | undefined>(keptBytes, (window) => window?.bytes.length ?? 1);

/**
 * `length` bytes from `at`, fewer at the file's end; undefined where there is no such file. The file must never change
 * under its name, as a pack's does not.
 *
 * @throws the error of `node:fs`
 */
export async function readWindow(path: string, at: number, length: number): Promise<Window | undefined> {
  const first = Math.floor(at / step);
  const last = Math.floor((at + length - 1) / step);
  if (last > first + 1) return readRange(path, at, length);
  const parts: Buffer[] = [];
  let size = 0;
  for (let number = first; number <= last; number++) {
    const window = await windows.get(`${number} ${path}`, () => readRange(path, number * step, step));
    if (window === undefined) return undefined;
    size = window.size;
    const from = Math.max(0, at - number * step);
    parts.push(window.bytes.subarray(from, Math.max(from, at + length - number * step)));
  }
  return { bytes: parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts), size };
}
