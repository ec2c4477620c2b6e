// Reading a file of the working tree without following a link.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';

const inPlace = 256 * 1024;

/**
 * A regular file's bytes; undefined where it is gone, is no regular file, is a link, or is larger than `limit`.
 *
 * @throws the error of `node:fs` for anything else
 */
export async function readDiskFile(path: string, limit: number): Promise<Buffer | undefined> {
  let file: number;
  try {
    // Without O_NONBLOCK a pipe that took the file's place would hold the process.
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ENXIO') return undefined;
    throw error;
  }
  let size: number;
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > limit) return undefined;
    size = stats.size;
    if (size <= inPlace) {
      const bytes = Buffer.allocUnsafe(size);
      return bytes.subarray(0, readSync(file, bytes, 0, size, 0));
    }
  } finally {
    closeSync(file);
  }
  return readLarge(path, size);
}

async function readLarge(path: string, size: number): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.allocUnsafe(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
