// One shared file changes for 80 tenants on 12 clusters: counters say that each input was built once.
import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { largeFleet } from '../../examples/large.ts';
import { createRepository } from '../../examples/organisation.ts';
import type { Count } from '../gate.ts';
import { git } from '../peers/process.ts';
import type { FanOut } from './fan-out-once.ts';
import type { Bench, Measured } from './measure.ts';

const fleetSize = { tenants: 80, clusters: 12 };
/** The shared file is on the base and on the head, and each is built. */
const sides = 2;

export async function measureFanOut(bench: Bench): Promise<Measured> {
  const counts: Count[] = [];
  for (const variablesPerCluster of bench.quick ? [false] : [false, true]) {
    const words = variablesPerCluster ? 'fan-out, variables of each cluster' : 'fan-out';
    bench.say(`${words}: ${fleetSize.tenants} tenants × ${fleetSize.clusters} clusters`);
    const fleet = largeFleet({ ...fleetSize, variablesPerCluster });
    const directory = join(bench.directory, variablesPerCluster ? 'variables' : 'plain');
    const { main } = await createRepository(directory, fleet.url, fleet.files);
    const shared = join(directory, fleet.sharedFile);
    await writeFile(shared, (await readFile(shared, 'utf8')).replace(':1.0.0', ':1.1.0'));
    await git(directory, 'commit', '--quiet', '--all', '--message', 'Change what all share');
    const result = await inProcessOfItsOwn(directory, main);
    bench.journal.write({ measure: words, ...result });
    const { clusters, tenants } = fleetSize;
    // Each cluster's own sync and its part of the tenants' folder are unchanged, and built once for both sides.
    const platformBuilds = clusters * 2;
    counts.push(
      { name: `${words}: builds`, counted: result.builds, expected: fleet.distinctInputs * sides + platformBuilds },
      { name: `${words}: Kustomizations affected`, counted: result.affected, expected: tenants * clusters },
      { name: `${words}: changes shown`, counted: result.changes, expected: tenants },
      { name: `${words}: builds from memory`, counted: result.cacheHits, expected: undefined },
      { name: `${words}: closures read`, counted: result.closures, expected: undefined },
      { name: `${words}: objects that policy saw`, counted: result.evaluations, expected: undefined },
      { name: `${words}: renderers started`, counted: result.childrenStarted, expected: undefined },
      { name: `${words}: time, all cold`, counted: result.seconds, expected: undefined, unit: 's' },
      { name: `${words}: processor time`, counted: result.cpuSeconds, expected: undefined, unit: 's' },
      { name: `${words}: memory, Node`, counted: mebibytes(result.nodeBytes), expected: undefined, unit: 'MiB' },
      {
        name: `${words}: memory, renderers`,
        counted: mebibytes(result.rendererBytes),
        expected: undefined,
        unit: 'MiB',
      },
    );
  }
  return { timings: [], counts };
}

/** So that memory is this check's alone. */
async function inProcessOfItsOwn(directory: string, base: string): Promise<FanOut> {
  const program = fileURLToPath(new URL('fan-out-once.ts', import.meta.url));
  const child = spawn(process.execPath, [program, directory, base], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error('the check of the large fleet failed');
  return JSON.parse(output) as FanOut;
}

function mebibytes(bytes: number | undefined): number {
  return bytes === undefined ? Number.NaN : Math.round(bytes / 1_048_576);
}
