import { execFile } from 'node:child_process';

export interface Identity {
  readonly name: string;
  readonly email: string;
  /** Seconds since the epoch. */
  readonly at: number;
}

export interface GitResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The environment of every Git process of the lab: no configuration of the machine or its user. */
export function gitEnvironment(who?: Identity): NodeJS.ProcessEnv {
  const date = who === undefined ? undefined : `${who.at} +0000`;
  return {
    PATH: process.env['PATH'],
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
    ...(who !== undefined && {
      GIT_AUTHOR_NAME: who.name,
      GIT_AUTHOR_EMAIL: who.email,
      GIT_COMMITTER_NAME: who.name,
      GIT_COMMITTER_EMAIL: who.email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    }),
  };
}

/** Runs Git in a folder, whatever it exits with. */
export function tryGit(
  folder: string,
  args: readonly string[],
  options: { readonly input?: string | Uint8Array; readonly who?: Identity } = {},
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const settings = {
      cwd: folder,
      env: gitEnvironment(options.who),
      maxBuffer: 256 * 1024 * 1024,
      encoding: 'utf8' as const,
    };
    const child = execFile('git', [...args], settings, (error, out, err) => {
      if (error !== null && typeof error.code !== 'number') reject(new Error(error.message, { cause: error }));
      else resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input ?? '');
  });
}

/** @throws Error with Git's own words where it does not exit with 0 */
export async function runGit(
  folder: string,
  args: readonly string[],
  options: { readonly input?: string | Uint8Array; readonly who?: Identity } = {},
): Promise<string> {
  const { code, out, err } = await tryGit(folder, args, options);
  if (code !== 0) throw new Error(`git ${args.slice(0, 3).join(' ')}: ${err.trim() || `exit ${code}`}`);
  return out;
}
