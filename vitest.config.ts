import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  throw new Error(`Sluice runs on Node 24; this is ${process.versions.node}. Run it through npm (npm ci && npm test).`);
}

const long = [
  'test/real/app/chaos.test.ts',
  'test/real/app/fairness.test.ts',
  'test/real/agent/faults/api-faults.test.ts',
  'test/real/agent/faults/creep.test.ts',
  'test/real/agent/faults/every-kill.test.ts',
  'test/real/agent/faults/terminated.test.ts',
];

/** What comes later may take its time; a second, as it is left to itself, is no time on a busy machine. */
const expect = { poll: { timeout: 30_000 } };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // Clusters that were shared are ended then.
    teardownTimeout: 60_000,
    projects: [
      // Pure: no child process, no disk beyond reading fixtures; seconds. They leave nothing behind, so that one thread
      // runs many files and loads the sources once.
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          pool: 'threads',
          isolate: false,
          // A busy machine is no failure.
          testTimeout: 30_000,
          // Projects with as many workers as each likes run one after the other.
          sequence: { groupOrder: 1 },
        },
      },
      // Real parts: Git objects on disk, the Go renderer, the wasm policy, the command line.
      {
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts'],
          exclude: long,
          globalSetup: ['test/real/build.ts', 'test/real/cluster/setup.ts'],
          // For what hangs: a busy machine is no failure.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect,
          maxWorkers: 4,
          sequence: { groupOrder: 2 },
        },
      },
      // Minutes each: processes killed again and again, forty repositories at once. `npm run test:long`.
      {
        test: {
          name: 'long',
          include: long,
          globalSetup: ['test/real/build.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          expect,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
