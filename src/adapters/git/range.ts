// Reading a part of a file without keeping it open.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

/** Up to this the reading is done in place: it takes microseconds, where another thread's turn takes ten times that. */
const inPlace = 64 * 1024;

/**
 * `length` bytes from `at`, fewer where the file ends before; and the file's whole size. Undefined where there is no
 * such file.
 *
 * @throws the error of `node:fs`, `code` included
 */
export async function readRange(
  path: string,
  at: number,
  length: number,
): Promise<{ readonly bytes: Buffer; readonly size: number } | undefined> {
  try {
    return length <= inPlace ? readNow(path, at, length) : await readLater(path, at, length);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function readNow(path: string, at: number, length: number): { readonly bytes: Buffer; readonly size: number } {
  const file = openSync(path, 'r');
  try {
    const { size } = fstatSync(file);
    const bytes = ofItsOwn(length, size - at);
    return { bytes: bytes.subarray(0, readSync(file, bytes, 0, bytes.length, at)), size };
  } finally {
    closeSync(file);
  }
}

async function readLater(path: string, at: number, length: number): Promise<{ bytes: Buffer; size: number }> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const bytes = ofItsOwn(length, size - at);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    return { bytes: bytes.subarray(0, bytesRead), size };
  } finally {
    await file.close();
  }
}

/** Not cut out of what Node keeps for small ones: a kept one would keep 64 KiB of its neighbours. */
function ofItsOwn(length: number, left: number): Buffer {
  return Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, left)));
}
