// What the log says where the App starts well, and could review nothing.
import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRole } from '../../../src/roles.ts';
import { createToolbox, type Toolbox } from '../../../src/toolbox.ts';
import { type Organisation, startOrganisation } from './app.ts';

let organisation: Organisation;
let toolbox: Toolbox;
beforeAll(async () => {
  organisation = await startOrganisation();
  toolbox = createToolbox(process.env);
});
afterAll(async () => {
  await toolbox.close();
  await organisation.github.stop();
  await rm(organisation.folder, { recursive: true });
});

async function linesUntil(awaited: RegExp, environment: Record<string, string>): Promise<string[]> {
  const lines: string[] = [];
  const all = { ...organisation.environment, SLUICE_LOG_LEVEL: 'info', ...environment };
  const started = await startRole('start', all, toolbox, { write: (line) => void lines.push(line) });
  try {
    await expect.poll(() => lines.join(''), { timeout: 30_000 }).toMatch(awaited);
  } finally {
    await started.stop();
  }
  return lines;
}

it.each([
  [
    'a platform repository that the App does not see',
    { SLUICE_PLATFORM: 'acme/flete' },
    ['acme/flete', 'install the App'],
  ],
  ['a branch that is not there', { SLUICE_PLATFORM_BRANCH: 'mian' }, ['mian', 'SLUICE_PLATFORM_BRANCH']],
])(
  'names %s',
  async (_what, environment, words) => {
    const lines = await linesUntil(/sweep ended/, environment);
    const told = lines.filter((line) => line.includes('"level":"error"'));
    expect(told).toHaveLength(1);
    for (const word of [...words, 'fleet.noPlatform', 'remedy']) expect(told[0]).toContain(word);
  },
  60_000,
);

it('says nothing where all is well', async () => {
  const lines = await linesUntil(/sweep ended/, {});
  expect(lines.filter((line) => /"level":"(?:warn|error)"/.test(line))).toEqual([]);
}, 60_000);
