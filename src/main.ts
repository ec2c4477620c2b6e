#!/usr/bin/env node
// Command line → role. Adapters are built here, once, from configuration that is read once.
import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Arguments, help, readArguments } from './command-line/arguments.ts';
import type { BootstrapArguments } from './command-line/bootstrap-arguments.ts';
import { exitCode, render, runCheck } from './command-line/check.ts';
import { progressOn, type Terminal, writeError } from './command-line/terminal.ts';
import { asSluiceError } from './errors.ts';
import type { Progress } from './ports.ts';
import { createToolbox, type Toolbox } from './toolbox.ts';

export { createToolbox, type Toolbox };

const version = '0.1.0';

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
    else if (asked.command === 'bootstrap') {
      const said = await runBootstrap(asked, progress, toolbox);
      clear();
      terminal.out(said);
    } else if (asked.command === 'role') return await runRole(asked, toolbox);
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

/** The App's roles bring a server and a queue along; `check` starts without them. */
async function runRole({ role, cluster }: Extract<Arguments, { command: 'role' }>, toolbox: Toolbox): Promise<number> {
  const { startRole, stopRequested } = await import('./roles.ts');
  const environment = { ...process.env, ...(cluster === undefined ? {} : { SLUICE_CLUSTER: cluster }) };
  const started = await startRole(role, environment, toolbox);
  const stop = stopRequested();
  started.ready();
  await stop;
  await started.stop();
  return 0;
}

/** Brings what speaks to a cluster along; `check` starts without it. */
async function runBootstrap(asked: BootstrapArguments, progress: Progress, toolbox: Toolbox): Promise<string> {
  const { runBootstrap: bootstrap } = await import('./command-line/bootstrap.ts');
  const { renderer } = await toolbox.tools(progress);
  return await bootstrap(asked, { environment: process.env, renderer, progress });
}

async function main(): Promise<void> {
  // One renderer builds two hundred small things a second, which is more than a cluster takes.
  const toolbox = createToolbox(process.env, { frugal: process.argv[2] === 'agent' });
  const { stdout, stderr } = process;
  // Whoever reads has stopped (`| head`): there is nobody left to tell.
  for (const stream of [stdout, stderr]) stream.on('error', () => {});
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
