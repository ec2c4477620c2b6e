// What a machine lacks, in words that may be shown: the system's own name the folders of this host.

export interface Lack {
  /** `there is no space left on the disk` */
  readonly words: string;
  readonly remedy: string;
}

const disk: Lack = {
  words: 'there is no space left on the disk',
  remedy: 'make room in SLUICE_DATA and in the temporary folder',
};
const sealed: Lack = {
  words: 'the disk cannot be written',
  remedy: 'let SLUICE_DATA and the temporary folder be such that can',
};
const handles: Lack = { words: 'no file can be opened any more', remedy: 'raise the limit of open files' };
const processes: Lack = { words: 'the system gives no further process', remedy: 'give it more memory or processes' };

const lacks: Readonly<Record<string, Lack>> = {
  ENOSPC: disk,
  EDQUOT: disk,
  EROFS: sealed,
  EMFILE: handles,
  ENFILE: handles,
  EAGAIN: processes,
  ENOMEM: processes,
};

/** Returns what the machine lacks where that is why something failed, and undefined for any other error. */
export function lackOf(error: unknown): Lack | undefined {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && at instanceof Error; depth += 1) {
    const code: unknown = Reflect.get(at, 'code');
    if (typeof code === 'string' && Object.hasOwn(lacks, code)) return lacks[code];
    at = at.cause;
  }
  return undefined;
}
