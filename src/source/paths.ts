// Paths inside a source: relative to its root, `/`-separated.
import { SluiceError } from '../errors.ts';
import { escapePath } from './name.ts';

/**
 * The clean relative form of a path that somebody wrote: `./clusters/x/` → `clusters/x`; `.`, `./` and `''` → `''`
 * (the root). A leading slash means the root, as in Flux. `..` is resolved as long as it stays inside.
 *
 * @throws SluiceError `source.name` where the path leaves the root or holds a backslash or a control character
 */
export function normalizePath(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') {
      if (segments.pop() === undefined) throw refuse(path, 'leaves the root of its repository');
      continue;
    }
    // eslint-disable-next-line no-control-regex
    if (/[\\\u0000-\u001f\u007f]/.test(segment)) throw refuse(path, 'holds a backslash or a control character');
    segments.push(segment);
  }
  return segments.join('/');
}

function refuse(path: string, why: string): SluiceError {
  return new SluiceError('source.name', `the path "${escapePath(path)}" ${why}`, {
    remedy: 'Write a relative path with forward slashes, from the root of the repository.',
  });
}

/** `joinPath('a', 'b')` is `a/b`; the root is `''` on either side. */
export function joinPath(folder: string, name: string): string {
  if (folder === '') return name;
  return name === '' ? folder : `${folder}/${name}`;
}

/** The folder that holds a path: `a` for `a/b`, `''` for `b`. */
export function parentPath(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

/** Whether `path` is `folder` itself or something in it. The root holds everything. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '' || path === folder || path.startsWith(`${folder}/`);
}
