#!/usr/bin/env node
// Starts src/main.ts; plain JavaScript, so that an older Node can say what it lacks.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `Sluice runs on Node 24 or newer; this is ${process.versions.node}. In the checkout: npm ci && npx sluice …\n`,
  );
  process.exitCode = 2;
} else {
  await import('../src/main.ts');
}
