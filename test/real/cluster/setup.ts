// Offers clusters to the test files of a run; what nobody asks for is not started.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { shareClusters } from '../../../lab/cluster/shared.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** For `sharedCluster` of `test/real/cluster/shared.ts`. */
    clusters: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-shared-'));
  const sharing = await shareClusters(folder);
  project.provide('clusters', sharing.address);
  return async () => {
    await sharing.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
