import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { RendererChild } from '../../../src/adapters/renderer/child.ts';

test('a child sees no environment and reaches no file, network or process', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-cage-'));
  const child = await RendererChild.start({
    command: inject('renderer'),
    args: [],
    directory,
    startTimeoutMs: 60_000,
    maxResidentBytes: 1024 * 1024 * 1024,
  });
  onTestFinished(async () => {
    await child.close();
    rmSync(directory, { recursive: true });
  });
  const text = await child.ask({
    subject: 'the probe',
    request: '{"op":"probe"}',
    wallMs: 60_000,
    maxNeeds: 0,
    answer: async () => '{"kind":"missing"}',
  });
  const { environment, ...tried } = (JSON.parse(text) as { ok: Record<string, unknown> }).ok;
  expect(environment).toBe(0);
  for (const what of ['open', 'write', 'stat', 'dial', 'listen', 'http', 'exec', 'kill']) {
    expect(tried[what], what).toMatch(/not permitted|closed/);
  }
  expect(Object.values(tried)).not.toContain('allowed');
  expect(readdirSync(directory)).toEqual([]);
});
