// Checks one platform repository in a process of its own and prints what it took: fan-out-once.ts DIRECTORY BASE
import { check } from '../../src/check.ts';
import type { WorkCounters } from '../tools.ts';
import { openTools } from '../tools.ts';
import { ownMs, peakResidentBytes } from '../pairing/processor.ts';

export interface FanOut extends WorkCounters {
  /** Kustomizations that the report speaks of. */
  readonly affected: number;
  readonly changes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly nodeBytes: number | undefined;
  /** Of all renderers together. */
  readonly rendererBytes: number;
}

const [directory = '.', base] = process.argv.slice(2);
const opened = await openTools();
const start = performance.now();
const report = await check(
  { directory, platform: undefined, as: undefined, base, head: 'HEAD', repositories: [], today: '2026-05-05' },
  opened.tools,
);
const result: FanOut = {
  ...opened.counters,
  affected: report.clusters.reduce((sum, { kustomizations }) => sum + kustomizations.length, 0),
  changes: report.changes.length,
  seconds: (performance.now() - start) / 1_000,
  cpuSeconds: ownMs(opened.pids()) / 1_000,
  nodeBytes: peakResidentBytes(process.pid),
  rendererBytes: opened.pids().reduce((sum, pid) => sum + (peakResidentBytes(pid) ?? 0), 0),
};
await opened.close();
process.stdout.write(JSON.stringify(result));
