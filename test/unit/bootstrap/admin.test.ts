import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const home = fileURLToPath(new URL('../../../src', import.meta.url));

async function importers(of: RegExp): Promise<string[]> {
  const names = (await readdir(home, { recursive: true })).filter((name) => name.endsWith('.ts'));
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(join(home, name), 'utf8')] as const));
  return texts
    .filter(([, text]) => of.test(text))
    .map(([name]) => name)
    .toSorted();
}

test('a client without impersonation that may write is made by bootstrap alone', async () => {
  expect(await importers(/from '[./a-z-]*kube\/admin\.ts'/)).toEqual(['command-line/bootstrap.ts']);
  expect(await importers(/\bperson\b.* from '\.\/identity\.ts'/)).toEqual(['adapters/kube/admin.ts']);
});

test('a kubeconfig whose files are read and whose program is run is a person’s, for bootstrap alone', async () => {
  expect(await importers(/from '[./a-z-]*admin-kubeconfig\.ts'/)).toEqual(['command-line/bootstrap.ts']);
});
