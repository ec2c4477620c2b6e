// Why a renderer process ended before its answer, in words for the person whose build it was.
import { SluiceError } from '../../errors.ts';

export type Stop =
  | { readonly why: 'timeout' | 'memory' | 'tooLarge' | 'tooManyPaths' | 'protocol' | 'answer' | 'closed' }
  | { readonly why: 'missing'; readonly cause?: Error }
  | { readonly why: 'exit'; readonly code: number | null; readonly signal: NodeJS.Signals | null };

/** Exit code with which the renderer says that it ran out of the memory it may use. */
const memoryExit = 3;

const smaller = 'Split the Kustomization, or remove what makes it large (overlays of overlays, generated lists).';

/** Returns the error for a request that a stopped child was working on. */
export function stopped(stop: Stop, work: { readonly subject: string; readonly wallMs: number }): SluiceError {
  switch (stop.why) {
    case 'timeout':
      return new SluiceError('build.timeout', `${work.subject} took over ${work.wallMs / 1000} s and was stopped`, {
        remedy: smaller,
      });
    case 'memory':
      return outOfMemory(work.subject);
    case 'tooLarge':
      return new SluiceError('build.tooLarge', `${work.subject} needs or gives more than 64 MiB`, { remedy: smaller });
    case 'tooManyPaths':
      return new SluiceError('build.tooLarge', `${work.subject} reads too many files`, { remedy: smaller });
    case 'protocol':
      return new SluiceError('renderer.protocol', `the renderer broke its protocol during ${work.subject}`);
    case 'answer':
      return new SluiceError('internal', `a file could not be given to the renderer during ${work.subject}`);
    case 'missing':
      return new SluiceError('renderer.unavailable', 'the renderer cannot be started', { cause: stop.cause });
    case 'closed':
      return new SluiceError('renderer.unavailable', `the renderer was closed during ${work.subject}`);
    case 'exit':
      return stop.code === memoryExit ? outOfMemory(work.subject) : crashed(stop, work.subject);
  }
}

function outOfMemory(subject: string): SluiceError {
  return new SluiceError('build.memory', `${subject} needs more memory than a build may use`, { remedy: smaller });
}

function crashed(stop: { code: number | null; signal: NodeJS.Signals | null }, subject: string): SluiceError {
  const how = stop.signal === null ? `exit code ${stop.code}` : `signal ${stop.signal}`;
  return new SluiceError('build.crash', `the renderer stopped during ${subject} (${how})`, {
    remedy: 'Try again; if it happens each time, this input crashes the renderer: please report it.',
  });
}
