// Names of references and of the revisions a person may write.
import { SluiceError } from '../errors.ts';
import { escapePath } from './name.ts';

/**
 * Whether a name may stand for a reference, by the rules of `git check-ref-format`, and then some: no leading `-`, at
 * most 255 bytes, no invisible characters.
 */
export function isRefName(name: string): boolean {
  if (name === '' || Buffer.byteLength(name) > 255 || name.startsWith('-') || name === '@') return false;
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs} ~^:?*[\\]/u.test(name) || name.includes('..') || name.includes('@{'))
    return false;
  return name.split('/').every((part) => part !== '' && !part.startsWith('.') && !/(?:\.lock|\.)$/.test(part));
}

/** Returns the name. @throws SluiceError `source.refMissing` where it may not stand for a reference */
export function refName(name: string): string {
  if (isRefName(name)) return name;
  throw new SluiceError('source.refMissing', `"${escapePath(name)}" is no name of a branch, tag or commit`, {
    remedy: 'Name a branch, a tag, a full reference or a commit id.',
  });
}

/** A revision is a name or commit id with steps back: `main`, `HEAD~2`, `1a2b3c4^2`. */
export interface Revision {
  readonly name: string;
  /** Parents to take, first to last: `0` is the first parent. */
  readonly steps: readonly number[];
}

/** @throws SluiceError `source.refMissing` where the text is no revision */
export function parseRevision(text: string): Revision {
  const match = /^([^~^]+)((?:~\d{0,4}|\^[1-9]?)*)$/.exec(text);
  const steps = (match?.[2] ?? '').match(/[~^]\d*/g) ?? [];
  const parents = steps.flatMap((step) => {
    const count = step.length === 1 ? 1 : Number(step.slice(1));
    return step.startsWith('~') ? Array.from({ length: count }, () => 0) : [count - 1];
  });
  return { name: refName(match?.[1] ?? text), steps: parents };
}
