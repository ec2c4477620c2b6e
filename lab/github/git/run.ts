import { gitApart } from './apart.ts';

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
export async function tryGit(
  folder: string,
  args: readonly string[],
  { input, who }: { readonly input?: string | Uint8Array; readonly who?: Identity } = {},
): Promise<GitResult> {
  const ran = await gitApart({ args, folder, env: gitEnvironment(who), ...(input !== undefined && { input }) });
  return { code: ran.code ?? 128, out: ran.out.toString('utf8'), err: ran.err };
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
