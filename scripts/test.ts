// `npm test`: builds the renderer, runs the Go tests and the TypeScript tests, and ends with one line of counts.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { controllerPrograms, ensurePrograms, planePrograms } from '../lab/cluster/programs.ts';
import { ensureFluxCrds } from '../src/adapters/flux-crds.ts';
import { SluiceError } from '../src/errors.ts';
import { buildRenderer } from '../test/real/build.ts';
import { type Counts, goCounts, goVet, run, vitestCounts } from './counts.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const renderer = `${root}renderer`;
const report = `${root}.cache/test/vitest.json`;
const total: Counts = { passed: 0, failed: 0, skipped: 0 };

function add(counts: Counts): void {
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}

function step(what: string): void {
  console.log(`\n── ${what}`);
}

step('the renderer');
try {
  await buildRenderer();
  console.log('built');
} catch (error) {
  console.log(error instanceof SluiceError ? `${error.message}\n${error.remedy ?? ''}` : error);
  total.failed += 1;
}

step("Flux's definitions and Kubernetes' control plane (each built once, for minutes)");
try {
  const progress = (what: string): void => console.log(what);
  await ensureFluxCrds({ progress });
  await ensurePrograms([...planePrograms, ...controllerPrograms], progress);
  console.log('built');
} catch (error) {
  console.log(error instanceof SluiceError ? `${error.message}\n${error.remedy ?? ''}` : error);
  total.failed += 1;
}

step('go vet (renderer/)');
add(await goVet(renderer));

step('go test (renderer/)');
add(await goCounts(renderer));

step('vitest (test/unit, test/real; kills and crowds have their own command, npm run test:long)');
mkdirSync(`${root}.cache/test`, { recursive: true });
rmSync(report, { force: true });
const vitest = await run(
  process.execPath,
  [
    `${root}node_modules/vitest/vitest.mjs`,
    'run',
    '--project=unit',
    '--project=real',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ],
  root,
);
add(vitestCounts(() => readFileSync(report, 'utf8'), vitest === 0));

const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`;
console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
