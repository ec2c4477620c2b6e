// One run of `go`, for those who build or generate something once and keep it.
import { spawn } from 'node:child_process';
import { type ErrorCode, SluiceError } from '../../errors.ts';
import type { Progress } from '../../ports.ts';

export interface GoRun {
  /** Where it runs: the folder with the `go.mod`. */
  readonly folder: string;
  /** Must have what Go needs (HOME, PATH and its own settings). Cgo is off, whatever it says. */
  readonly environment: NodeJS.ProcessEnv;
  /** @defaultValue `go` on the environment's PATH */
  readonly go?: string | undefined;
  /** Told the last lines that Go wrote, where it failed. They name folders of this machine, so no error holds them. */
  readonly progress?: Progress | undefined;
}

/** What the error says, by why nothing was made. */
export interface GoFailure {
  readonly code: ErrorCode;
  readonly noGo: string;
  readonly oldGo: string;
  readonly failed: string;
  /** The remedy where Go is not there or too old. */
  readonly install: string;
  /** The command that fails again, and where. */
  readonly again: string;
}

const maxOutputChars = 64 * 1024;
const maxLines = 20;

/** Ends when Go has done what it was asked. @throws SluiceError of the given code and words where it has not */
export async function runGo(args: readonly string[], run: GoRun, words: GoFailure): Promise<void> {
  const { code, output } = await ended(args, run);
  if (code === 0) return;
  if (code === undefined) throw new SluiceError(words.code, words.noGo, { remedy: words.install });
  if (/requires go >= \S+|go version \S+ is too old/.test(output)) {
    throw new SluiceError(words.code, words.oldGo, { remedy: words.install });
  }
  for (const line of output.trim().split('\n').slice(-maxLines)) run.progress?.(`go: ${line}`);
  throw new SluiceError(words.code, words.failed, { remedy: `See what Go said above; ${words.again} says it again.` });
}

interface Ended {
  /** Undefined when there is no such program. */
  readonly code: number | null | undefined;
  readonly output: string;
}

function ended(args: readonly string[], { folder, environment, go = 'go' }: GoRun): Promise<Ended> {
  return new Promise((resolve) => {
    const env = { ...environment, CGO_ENABLED: '0' };
    const child = spawn(go, args, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-maxOutputChars);
    });
    child.on('error', () => resolve({ code: undefined, output }));
    child.on('close', (code) => resolve({ code, output }));
  });
}
