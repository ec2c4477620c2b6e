// Measures Sluice against the tools that people use today: npm run bench -- [--quick] [renderer|policy|check|review|webhooks|fan-out|apply|deploy|latency …]
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureBinary } from '../src/adapters/renderer/binary.ts';
import { type Count, isWrong, type Timing } from './gate.ts';
import { openJournal } from './journal.ts';
import { measureCheck } from './measures/check.ts';
import { measureApply } from './measures/apply.ts';
import { measureDeploy, measureDeployLatency } from './measures/deploy.ts';
import { measureFanOut } from './measures/fan-out.ts';
import type { Bench, Measured } from './measures/measure.ts';
import { measurePolicy } from './measures/policy.ts';
import { measureRenderer } from './measures/renderer.ts';
import { measureReview } from './measures/review.ts';
import { measureWebhooks } from './measures/webhooks.ts';
import { ensurePeers } from './peers/binaries.ts';
import { countTable, timingTable } from './table.ts';

const measures: Readonly<Record<string, (bench: Bench) => Promise<Measured>>> = {
  renderer: measureRenderer,
  policy: measurePolicy,
  check: measureCheck,
  review: measureReview,
  webhooks: measureWebhooks,
  'fan-out': measureFanOut,
  apply: measureApply,
  deploy: measureDeploy,
};
/** A part of another measure, which runs by itself where it is asked for by name. */
const parts: typeof measures = { latency: measureDeployLatency };

const home = fileURLToPath(new URL('..', import.meta.url));
const say = (what: string): void => void process.stderr.write(`${what}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const all = { ...measures, ...parts };
  const unknown = positionals.find((name) => !(name in all));
  if (unknown !== undefined)
    throw new Error(`there is no measure ${unknown}; there are ${Object.keys(all).join(', ')}`);
  const asked = Object.entries(positionals.length === 0 ? measures : all).filter(
    ([name]) => positionals.length === 0 || positionals.includes(name),
  );
  // Build what is measured and what it is measured against.
  const override = process.env['SLUICE_RENDERER'];
  const renderer = await ensureBinary({
    sources: join(home, 'renderer'),
    cache: join(home, '.cache', 'renderer'),
    environment: process.env,
    progress: say,
    ...(override !== undefined && { override }),
  });
  const peers = await ensurePeers(say);
  // Measure.
  const begun = performance.now();
  const journal = openJournal(join(home, 'bench', 'results'), new Date());
  const temporary = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const timings: Timing[] = [];
  const counts: Count[] = [];
  const stopped: string[] = [];
  try {
    for (const [name, measure] of asked) {
      const directory = join(temporary, name);
      await mkdir(directory);
      try {
        const measured = await measure({ quick: values.quick, peers, renderer, directory, journal, say });
        timings.push(...measured.timings);
        counts.push(...measured.counts);
      } catch (error) {
        stopped.push(`${name}: ${wordsOf(error)}`);
      }
    }
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  for (const result of [...timings, ...counts]) journal.write({ result });
  // Say it.
  const seconds = Math.round((performance.now() - begun) / 1_000);
  process.stdout.write(`\n${timings.length === 0 ? '' : `${timingTable(timings)}\n`}${countTable(counts)}`);
  process.stdout.write(`\n${seconds} s; every sample is in ${journal.file.slice(home.length)}\n`);
  const failed = timings.some(({ verdict }) => verdict === 'missed') || counts.some(isWrong);
  for (const line of stopped) process.stdout.write(`Stopped: ${line}\n`);
  if (failed) process.stdout.write('A target is missed beyond doubt, or a counter is wrong: see above.\n');
  return failed || stopped.length > 0 ? 1 : 0;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : 'an unknown failure';
}

process.exitCode = await main().catch((error: unknown) => {
  say(`bench: ${wordsOf(error)}`);
  return 1;
});
