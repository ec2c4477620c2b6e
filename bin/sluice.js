#!/usr/bin/env node
// Starts src/main.ts; plain JavaScript, so that an older Node can say what it lacks.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const main = new URL('../src/main.ts', import.meta.url);
if (Number(process.versions.node.split('.')[0]) < 24) {
  process.stderr.write(
    `Sluice runs on Node 24 or newer; this is ${process.versions.node}. In the checkout: npm ci && npx sluice …\n`,
  );
  process.exitCode = 2;
} else {
  // The second start finds what the first one compiled.
  module.enableCompileCache(fileURLToPath(new URL('../.cache/node', import.meta.url)));
  // As if `node src/main.ts` had been typed: it runs only when it is what was started.
  process.argv[1] = fileURLToPath(main);
  await import(main.href);
}
