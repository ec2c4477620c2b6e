// What a refused entry, a missing path and a broken object say to the person who named them.
import { type ErrorCode, SluiceError } from '../errors.ts';
import type { RefusedReason } from '../ports.ts';
import { escapePath } from './name.ts';

const reasons: Record<RefusedReason, { code: ErrorCode; is: string; remedy: string }> = {
  symlink: {
    code: 'source.symlink',
    is: 'is a symbolic link, which Sluice never follows',
    remedy: 'Commit the file itself in place of the link.',
  },
  submodule: {
    code: 'source.submodule',
    is: 'is a submodule, whose files are not in this repository',
    remedy: 'Commit the files, or let a GitRepository of its own read that repository.',
  },
  name: {
    code: 'source.name',
    is: 'has a name that does not mean the same file everywhere',
    remedy: 'Rename it: no control or invisible characters, no backslash, no leading "-", no trailing space or dot.',
  },
  mode: {
    code: 'source.mode',
    is: 'has a Git mode that is neither a file nor a folder',
    remedy: 'Remove it and add it again with git.',
  },
  duplicate: {
    code: 'source.duplicate',
    is: 'has the same name as another entry, or differs from it only in case or Unicode form',
    remedy: 'Rename one of them.',
  },
  tooLarge: {
    code: 'source.tooLarge',
    is: 'is larger than Sluice reads',
    remedy: 'Make it smaller, or leave it out with .sourceignore.',
  },
};

/** The error for naming an entry that is refused. */
export function refusedError(path: string, reason: RefusedReason): SluiceError {
  const { code, is, remedy } = reasons[reason];
  return new SluiceError(code, `${escapePath(path)} ${is}`, { remedy, place: { file: escapePath(path) } });
}

export function missingError(path: string): SluiceError {
  return new SluiceError('source.pathMissing', `there is no file ${escapePath(path)}`, {
    place: { file: escapePath(path) },
  });
}

/** @param bytes what the file has, where that is known */
export function tooLargeError(what: string, limit: number, bytes?: number): SluiceError {
  const has = bytes === undefined ? 'more' : `${bytes}`;
  return new SluiceError('source.tooLarge', `${what} has ${has} bytes; ${limit} are allowed`, {
    remedy: reasons.tooLarge.remedy,
  });
}

/** @param what the thing that cannot be read, as a sentence's beginning: `the tree 1234…` */
export function corruptError(what: string, why: string, cause?: unknown): SluiceError {
  return new SluiceError('source.corrupt', `${what} cannot be read: ${why}`, {
    remedy: 'Fetch the repository again in full; `git fsck` names what is broken.',
    cause,
  });
}
