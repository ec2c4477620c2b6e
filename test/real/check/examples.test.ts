// The sample organisation's change sets, each through the command line, against what its change.yaml expects.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { surprises } from '../../../examples/expectation.ts';
import {
  applyChange,
  backToMain,
  checkArguments,
  createOrganisation,
  listChanges,
  type Organisation,
} from '../../../examples/organisation.ts';
import { createToolbox } from '../../../src/main.ts';
import type { Report } from '../../../src/report/report.ts';
import { renderText } from '../../../src/report/text.ts';
import { sluice } from '../command-line.ts';

const changes = await listChanges();
const toolbox = createToolbox(process.env);
let organisation: Organisation;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-examples-'));
  organisation = await createOrganisation(folder);
});

afterAll(async () => {
  await toolbox.close();
  await rm(folder, { recursive: true, force: true });
});

it.each(changes.map((change) => [change.id, change] as const))('%s', async (_id, change) => {
  const applied = await applyChange(organisation, change);
  const argv = [...checkArguments(organisation, change.repository), '--head', applied.branch, '--format', 'json'];
  const { exit, out, error } = await sluice(toolbox, ...argv);
  await backToMain(applied);
  const report = out === '' ? undefined : (JSON.parse(out) as Report);
  const text = report === undefined ? error : renderText(report, { colour: false, width: 100 });
  expect(surprises(change, { exit, text, report })).toEqual([]);
  // Every violation and change of the tenant's own doing has a file and a line to go to.
  for (const one of [...(report?.violations ?? []), ...(report?.changes ?? [])]) {
    expect(one, JSON.stringify(one)).toMatchObject({
      file: expect.any(String) as string,
      line: expect.any(Number) as number,
    });
  }
});
