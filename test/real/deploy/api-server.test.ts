// The API server itself takes every overlay: each field is known, and every pod is within the restricted profile.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Cluster, startCluster } from '../../../lab/cluster/cluster.ts';
import type { KubeObject as LabObject } from '../../../lab/cluster/object.ts';
import { createRenderer } from '../../../src/adapters/renderer/renderer.ts';
import { list, mapping } from '../../../src/object/json.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import { buildOverlay, overlays, workloadsOf } from './overlays.ts';

const renderer = createRenderer({ binary: inject('renderer'), children: 1 });
let folder: string;
let cluster: Cluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-deploy-'));
  cluster = await startCluster({ name: 'deploy', folder, progress: (step) => process.stderr.write(`${step}\n`) });
}, 900_000);

afterAll(async () => {
  await renderer.close();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Applies strictly, and returns what the server said against it. */
async function refusals(objects: readonly KubeObject[]): Promise<string[]> {
  const said: string[] = [];
  for (const object of objects) {
    const ref = { apiVersion: object.apiVersion, kind: object.kind, ...mapping(object.metadata) } as never;
    const path = `${await cluster.admin.path(ref)}?fieldManager=test&fieldValidation=Strict`;
    const answer = await cluster.admin.request('PATCH', path, object, { contentType: 'application/apply-patch+yaml' });
    if (answer.status > 201) said.push(`${object.kind}: ${String(mapping(answer.body)['message'] as string)}`);
  }
  return said;
}

describe.each(overlays)('the overlay %s', (overlay) => {
  test('is accepted as it is', async () => {
    const objects = await buildOverlay(renderer, overlay);
    const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
    expect(await refusals([...namespaces, ...objects.filter(({ kind }) => kind !== 'Namespace')])).toEqual([]);
  });

  test('starts pods that the restricted profile admits', async () => {
    for (const { name, labels, pod, object } of workloadsOf(await buildOverlay(renderer, overlay))) {
      const claims = list(mapping(object['spec'])['volumeClaimTemplates']).map((claim) => {
        const claimed = mapping(mapping(claim)['metadata'])['name'];
        return { name: claimed, persistentVolumeClaim: { claimName: claimed } };
      });
      const spec = { ...pod, volumes: [...list(pod['volumes']), ...claims] };
      const body = { apiVersion: 'v1', kind: 'Pod', metadata: { name, labels }, spec };
      const path = '/api/v1/namespaces/sluice-system/pods?dryRun=All&fieldValidation=Strict';
      const answer = await cluster.admin.request('POST', path, body);
      expect({ name, status: answer.status, said: mapping(answer.body)['message'] }).toEqual({ name, status: 201 });
    }
  });
});

test('a pod that asks for more is not admitted there', async () => {
  const spec = { containers: [{ name: 'x', image: 'x:1', securityContext: { privileged: true } }] };
  const body: LabObject = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec };
  const answer = await cluster.admin.request('POST', '/api/v1/namespaces/sluice-system/pods?dryRun=All', body);
  expect(answer.status).toBe(403);
});
