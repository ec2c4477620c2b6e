// The command line as a user has it, without a terminal.
import { run } from '../../src/main.ts';
import type { Toolbox } from '../../src/toolbox.ts';

/** What every run takes for today's date. */
export const today = '2026-11-23';

export interface Ran {
  readonly exit: number;
  readonly out: string;
  readonly error: string;
}

/** Runs `sluice` with these arguments; what it wrote to each stream is returned, uncoloured and 100 columns wide. */
export async function sluice(toolbox: Toolbox, ...argv: readonly string[]): Promise<Ran> {
  let [out, error] = ['', ''];
  const terminal = {
    out: (text: string): void => {
      out += text;
    },
    error: (text: string): void => {
      error += text;
    },
    colour: false,
    live: false,
    width: 100,
  };
  const exit = await run(argv, terminal, toolbox, today);
  return { exit, out, error };
}
