// The Rego that ships with Sluice.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RegoModule } from '../../ports.ts';

const folder = fileURLToPath(new URL('../../../policies', import.meta.url));

/**
 * All shipped modules, libraries and tests included, sorted by file; `file` is `policies/image/tag/policy.rego`,
 * relative to Sluice's own root. `selectPolicies` leaves the tests out.
 */
export async function readShippedPolicies(): Promise<readonly RegoModule[]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.rego')).toSorted();
  return await Promise.all(
    names.map(async (name) => ({
      file: `policies/${name.replaceAll('\\', '/')}`,
      text: await readFile(join(folder, name), 'utf8'),
    })),
  );
}
