// The sample organisation's change sets as pull requests, by real pushes and webhooks, against what they expect.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { answerOf, pullSurprises } from '../../../examples/expectation.ts';
import { HostedOrganisation, type Opened } from '../../../examples/hosted.ts';
import { listChanges } from '../../../examples/organisation.ts';
import { createToolbox } from '../../../src/toolbox.ts';

const changes = await listChanges();
const toolbox = createToolbox(process.env);
const opened = new Map<string, Opened>();
let hosted: HostedOrganisation;
let folder: string;

// The first ones may wait for all others.
vi.setConfig({ testTimeout: 600_000 });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-organisation-'));
  hosted = await HostedOrganisation.start({ folder, toolbox });
  for (const pull of await hosted.openAll(changes)) opened.set(pull.change.id, pull);
}, 240_000);

afterAll(async () => {
  await hosted.stop();
  await toolbox.close();
  await rm(folder, { recursive: true, force: true });
});

it.each(changes.map((change) => [change.id, change] as const))('%s', async (_id, change) => {
  const pull = opened.get(change.id) as Opened;
  const { check, comments } = await hosted.reviewed(pull);
  expect(pullSurprises(change, answerOf(check, comments))).toEqual([]);
  expect(hosted.github.checkRunsOf(pull.repository, check.head)).toHaveLength(1);
  // What blocks has a line to go to.
  if (change.expect.verdict !== 'pass') {
    expect(check.annotations.filter(({ annotation_level }) => annotation_level === 'failure')).not.toEqual([]);
  }
});
