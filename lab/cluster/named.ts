// Several clusters at once, by their names: what `npm run lab -- --clusters` and the demo start.
import { join } from 'node:path';
import { SluiceError } from '../../src/errors.ts';
import type { Progress } from '../../src/ports.ts';
import { type Cluster, startCluster } from './cluster.ts';

const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/**
 * Starts clusters with controllers, each in `<folder>/<name>`, and returns them in the order of their names as given.
 * @throws SluiceError `usage` for a name that is no DNS label or is given twice; else as `startCluster`, with none left
 */
export async function startClusters(names: readonly string[], folder: string, progress: Progress): Promise<Cluster[]> {
  for (const [index, name] of names.entries()) {
    if (!label.test(name)) throw new SluiceError('usage', `a cluster cannot be called "${name}"`);
    if (names.indexOf(name) !== index) throw new SluiceError('usage', `two clusters are called "${name}"`);
  }
  const results = await Promise.allSettled(
    names.map(async (name) => await startCluster({ name, folder: join(folder, name), controllers: true, progress })),
  );
  const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed === undefined) return started;
  await Promise.all(started.map(async (cluster) => await cluster.stop()));
  throw failed.reason;
}
