// Sluice reviews its own manifests, as the platform team that deploys them would see it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createToolbox } from '../../../src/main.ts';
import type { Report } from '../../../src/report/report.ts';
import { sluice } from '../command-line.ts';
import { Checkout, configMap, kustomization, urlOf, yaml } from '../check/fleet.ts';
import { deployFiles, type Overlay, overlays } from './overlays.ts';

let folder: string;
const toolbox = createToolbox(process.env);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-deploy-'));
});
afterAll(async () => {
  await toolbox.close();
  await rm(folder, { recursive: true, force: true });
});

/** Reviews a pull request that brings an overlay into a platform repository. */
async function review(name: string, overlay: Overlay, more: Readonly<Record<string, string>> = {}) {
  const platform = await Checkout.create(join(folder, name), urlOf('platform'), {
    'clusters/prod/settings.yaml': yaml(configMap('settings', 'flux-system')),
    'sluice.yaml': 'limits:\n  registries: [ghcr.io/sluice-dev, docker.io/library/redis]\n',
  });
  const files = Object.entries({ ...(await deployFiles()), ...more });
  await platform.write({
    ...Object.fromEntries(files.map(([path, text]) => [`infrastructure/sluice/${path}`, text])),
    'clusters/prod/sluice.yaml': yaml(
      kustomization('flux-system', 'sluice', { path: `./infrastructure/sluice/overlays/${overlay}` }),
    ),
  });
  const { exit, out } = await sluice(toolbox, 'check', platform.directory, '--format', 'json');
  return { exit, report: JSON.parse(out) as Report };
}

test.each(overlays)('the overlay %s passes its own review, with nothing to say', async (overlay) => {
  const { exit, report } = await review(overlay, overlay);
  expect(report.violations).toEqual([]);
  expect(report.errors).toEqual([]);
  expect(report.unknowns).toEqual([]);
  expect(report.notes).toEqual([]);
  expect({ exit, verdict: report.verdict }).toEqual({ exit: 0, verdict: 'pass' });
  const created = report.changes.map(({ object }) => object);
  expect(created).toContain('ClusterRoleBinding/sluice-platform');
  expect(created).toContain(
    overlay === 'single' ? 'StatefulSet/sluice-system/sluice' : 'Deployment/sluice-system/sluice-agent',
  );
});

test('a review of it would say what is wrong', async () => {
  const text = (await deployFiles())['base/redis/redis.yaml'] ?? '';
  const { report } = await review('wrong', 'redis', {
    'base/redis/redis.yaml': text.replace(/redis:7\S+/, 'redis:latest').replace('memory: 512Mi', 'cpu: 1'),
  });
  expect(report.violations.map(({ rule, file }) => `${rule} ${file}`).toSorted()).toEqual([
    'image/tag infrastructure/sluice/base/redis/redis.yaml',
    'pod/resources infrastructure/sluice/base/redis/redis.yaml',
  ]);
});
