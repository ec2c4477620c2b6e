// The Rego that ships with Sluice, read from its own folder.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegoModule } from '../ports.ts';

/** Every `.rego` file but the tests; `file` is relative to the folder's parent: `policies/image/tag/policy.rego`. */
export async function readShippedPolicies(folder: string): Promise<readonly RegoModule[]> {
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => name.endsWith('.rego') && !name.endsWith('_test.rego')).toSorted();
  return Promise.all(
    files.map(async (name) => ({ file: `policies/${name}`, text: await readFile(join(folder, name), 'utf8') })),
  );
}
