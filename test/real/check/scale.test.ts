// Fleets larger than a screen: what is counted must not grow with clusters, and reports must stay readable.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { helmFleet, type LargeFleet, largeFleet } from '../../../examples/large.ts';
import { createToolbox } from '../../../src/main.ts';
import type { Report } from '../../../src/report/report.ts';
import { sluice } from '../command-line.ts';
import { Checkout } from './fleet.ts';

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function fleetOnDisk(fleet: LargeFleet) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-scale-'));
  const toolbox = createToolbox(process.env);
  ends.push(async () => {
    await toolbox.close();
    await rm(folder, { recursive: true, force: true });
  });
  const checkout = await Checkout.create(folder, fleet.url, Object.fromEntries(fleet.files));
  const { renderer } = await toolbox.tools(() => {});
  const check = async (): Promise<{ exit: number; report: Report; builds: number }> => {
    const before = renderer.counters.builds;
    const { exit, out } = await sluice(toolbox, 'check', folder, '--format', 'json');
    return { exit, report: JSON.parse(out) as Report, builds: renderer.counters.builds - before };
  };
  return { checkout, check };
}

it.each([
  { title: 'the same everywhere', variablesPerCluster: false },
  { title: 'with a variable for each cluster', variablesPerCluster: true },
])('builds each distinct input once when a shared base changes, $title', async ({ variablesPerCluster }) => {
  const fleet = largeFleet({ tenants: 8, clusters: 5, variablesPerCluster });
  const { checkout, check } = await fleetOnDisk(fleet);
  // The fleet itself first, so that what is counted next are the tenants' builds alone.
  await check();
  await checkout.write({
    [fleet.sharedFile]: (fleet.files.get(fleet.sharedFile) ?? '').replace(/image: (\S+)/, 'image: $1-next'),
  });
  const { report, builds } = await check();
  expect(report.clusters).toHaveLength(5);
  expect(report.clusters.flatMap(({ kustomizations }) => kustomizations)).toHaveLength(8 * 5);
  expect(report.changes.every(({ clusters }) => clusters.length === 5)).toBe(true);
  expect(builds).toBe(fleet.distinctInputs * 2);
  expect((await check()).builds).toBe(0);
});

it('reads a fleet of HelmReleases and kinds that nobody defined without a wall of errors', async () => {
  const fleet = helmFleet({ releases: 60, customKinds: 20 });
  const { checkout, check } = await fleetOnDisk(fleet);
  const release = fleet.files.get(fleet.sharedFile) ?? '';
  await checkout.write({ [fleet.sharedFile]: release.replace(/interval: \S+/, 'interval: 17m') });
  const { exit, report } = await check();
  expect(exit).toBe(0);
  expect(report.errors).toEqual([]);
  expect(report.changes).toHaveLength(1);
  expect(report.unknowns).toHaveLength(1);
});
