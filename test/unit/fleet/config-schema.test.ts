import { readFile, writeFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { configJsonSchema } from '../../../src/fleet/config.ts';

const published = new URL('../../../docs/sluice.schema.json', import.meta.url);

it('publishes the schema of sluice.yaml as it is', async () => {
  const text = `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
  if (process.env['UPDATE_GOLDEN'] === '1') await writeFile(published, text);
  expect(await readFile(published, 'utf8')).toBe(text);
});
