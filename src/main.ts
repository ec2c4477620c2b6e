#!/usr/bin/env node
// Command line → role. Adapters are built here, once, from configuration that is read once.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cloneRepository } from './adapters/git/clone.ts';
import { openRepository } from './adapters/git/repository.ts';
import { OpaPolicyEngine } from './adapters/opa/engine.ts';
import { ensureBinary } from './adapters/renderer/binary.ts';
import { createRenderer } from './adapters/renderer/renderer.ts';
import { readShippedPolicies } from './adapters/shipped-policies.ts';
import type { CheckTools } from './checkout/options.ts';
import { type Arguments, help, readArguments } from './command-line/arguments.ts';
import { exitCode, render, runCheck } from './command-line/check.ts';
import { progressOn, type Terminal, writeError } from './command-line/terminal.ts';
import { asSluiceError } from './errors.ts';
import type { Progress, Repository } from './ports.ts';

const home = fileURLToPath(new URL('..', import.meta.url));
const version = '0.1.0';

/** Adapters that outlive one command, so that a second one is warm. `close` ends their processes. */
export interface Toolbox {
  tools(progress: Progress): Promise<CheckTools>;
  close(): Promise<void>;
}

export function createToolbox(environment: NodeJS.ProcessEnv): Toolbox {
  let progress: Progress = () => {};
  const override = environment['SLUICE_RENDERER'];
  const renderer = createRenderer({
    binary: () =>
      ensureBinary({
        sources: join(home, 'renderer'),
        cache: join(home, '.cache', 'renderer'),
        environment,
        progress: (...step) => progress(...step),
        ...(override === undefined ? {} : { override }),
      }),
  });
  // A platform repository may be named by address; its copy is kept and fetched.
  const open = async (where: string): Promise<Repository> => {
    if (!/^https?:\/\//.test(where)) return openRepository(where);
    const cache = join(home, '.cache', 'repositories');
    return openRepository(await cloneRepository(where, { cache, token: environment['SLUICE_GIT_TOKEN'], progress }));
  };
  const policyEngine = new OpaPolicyEngine();
  const shipped = readShippedPolicies(join(home, 'policies'));
  return {
    tools: async (report) => {
      progress = report;
      policyEngine.prewarm();
      return { openRepository: open, renderer, policyEngine, shippedPolicies: await shipped, progress: report };
    },
    close: async () => {
      await Promise.all([renderer.close(), policyEngine.close()]);
    },
  };
}

/** Runs one command and returns its exit code: 0 pass, 1 blocked, 2 could not tell. Never throws. */
export async function run(
  argv: readonly string[],
  terminal: Terminal,
  toolbox: Toolbox,
  today: string,
): Promise<number> {
  const { progress, clear } = progressOn(terminal);
  try {
    const asked: Arguments = readArguments(argv);
    if (asked.command === 'help') terminal.out(help);
    else if (asked.command === 'version') terminal.out(`sluice ${version}\n`);
    else {
      const report = await runCheck(asked, await toolbox.tools(progress), today);
      clear();
      terminal.out(render(report, asked, terminal));
      return exitCode(report);
    }
    return 0;
  } catch (thrown) {
    clear();
    writeError(terminal, asSluiceError(thrown));
    return 2;
  }
}

async function main(): Promise<void> {
  const toolbox = createToolbox(process.env);
  const { stdout, stderr } = process;
  const terminal: Terminal = {
    out: (text) => stdout.write(text),
    error: (text) => stderr.write(text),
    colour: stdout.isTTY === true && process.env['NO_COLOR'] === undefined,
    live: stderr.isTTY === true,
    width: Math.max(40, stdout.columns || 100),
  };
  process.exitCode = await run(process.argv.slice(2), terminal, toolbox, new Date().toISOString().slice(0, 10));
  await toolbox.close();
}

const started = process.argv[1];
if (started !== undefined && realpathSync(started) === fileURLToPath(import.meta.url)) await main();
