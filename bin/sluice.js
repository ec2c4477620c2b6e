#!/usr/bin/env node
// Starts src/main.ts; plain JavaScript, so that an older Node can find a newer one, or say what it lacks.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { fileURLToPath } from 'node:url';

// Node opens a debugger to whoever is on the machine at this signal; and what starts anew would again, until it is here.
process.on('SIGUSR1', () => {});

// An agent stands in every cluster and mostly waits: a small heap is worth more there than the last tenth of speed.
const frugal = ['--max-semi-space-size=4', '--heap-growing-percent=25', '--disable-sigusr1'];

const main = new URL('../src/main.ts', import.meta.url);
// `npm ci` brings the Node that Sluice runs on; whoever calls it from another folder has whichever is on the machine.
const own = fileURLToPath(new URL('../node_modules/node/bin/node', import.meta.url));
if (Number(process.versions.node.split('.')[0]) < 24) {
  if (existsSync(own)) runBy(own);
  else {
    process.stderr.write(
      `Sluice runs on Node 24 or newer; this is ${process.versions.node}. Run npm ci in its checkout, which brings one.\n`,
    );
    process.exitCode = 2;
  }
} else if (process.argv[2] === 'agent' && !process.execArgv.includes(frugal[0]) && process.execve !== undefined) {
  // The heap's shape is settled as Node starts, so this process starts again, as itself.
  process.removeAllListeners('warning');
  const argv = [process.execPath, ...process.execArgv, ...frugal, ...process.argv.slice(1)];
  // glibc gives each thread that allocates a heap of its own, and seldom gives one back.
  process.execve(process.execPath, argv, { MALLOC_ARENA_MAX: '1', ...process.env });
} else {
  // The second start finds what the first one compiled.
  module.enableCompileCache(fileURLToPath(new URL('../.cache/node', import.meta.url)));
  // As if `node src/main.ts` had been typed: it runs only when it is what was started.
  process.argv[1] = fileURLToPath(main);
  await import(main.href);
}

/** Becomes that Node; one that cannot is its parent, and ends as it does. */
function runBy(node) {
  const argv = process.argv.slice(1);
  if (process.execve !== undefined) {
    process.removeAllListeners('warning');
    process.execve(node, [node, ...argv], process.env);
  }
  const child = spawn(node, argv, { stdio: 'inherit' });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // A terminal tells both.
  process.on('SIGINT', () => {});
  child.on('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
