import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type KubeObject, refOf } from '../../../lab/cluster/object.ts';
import { account, configMap, namespace, type Stage, setStage, startTimeoutMs } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage('cluster');
}, startTimeoutMs);
afterAll(async () => await stage.close());

const reader: readonly KubeObject[] = [
  namespace('rights'),
  account('rights', 'reader'),
  account('rights', 'nobody'),
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reader', namespace: 'rights' },
    rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: 'reader', namespace: 'rights' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: 'rights' }],
  },
];

describe('rights and the audit log', () => {
  const path = '/api/v1/namespaces/rights/configmaps';
  beforeAll(async () => void (await stage.cluster.admin.apply(reader)));

  test('a service account may do what its roles say and nothing else', async () => {
    const { admin } = stage.cluster;
    const token = await stage.cluster.serviceAccountToken('rights', 'reader');
    // The authorizer hears of a binding by a watch of its own.
    await expect.poll(async () => (await admin.request('GET', path, undefined, { token })).status).toBe(200);
    expect((await admin.request('POST', path, configMap('rights', 'no'), { token })).status).toBe(403);
    expect((await admin.request('GET', '/api/v1/secrets', undefined, { token })).status).toBe(403);
  });

  test('whoever is impersonated has the rights of that service account, and both are in the log', async () => {
    const { admin } = stage.cluster;
    const from = await stage.cluster.auditPosition();
    const as = 'system:serviceaccount:rights:nobody';
    expect((await admin.request('GET', path, undefined, { as })).status).toBe(403);
    expect(await stage.cluster.audit(from)).toMatchObject([
      {
        stage: 'ResponseComplete',
        verb: 'list',
        requestURI: path,
        user: { username: 'admin' },
        impersonatedUser: { username: as, groups: expect.arrayContaining(['system:serviceaccounts:rights']) },
        objectRef: { resource: 'configmaps', namespace: 'rights' },
        responseStatus: { code: 403 },
      },
    ]);
  });

  test('a service account may not impersonate without the right to', async () => {
    const token = await stage.cluster.serviceAccountToken('rights', 'nobody');
    const as = 'system:serviceaccount:rights:reader';
    expect((await stage.cluster.admin.request('GET', path, undefined, { token, as })).status).toBe(403);
  });

  test('every request is in the log as soon as it is answered', async () => {
    const from = await stage.cluster.auditPosition();
    for (let count = 1; count <= 50; count += 1) {
      await stage.cluster.admin.list('v1', 'ConfigMap', { namespace: 'rights' });
      expect(await stage.cluster.audit(from)).toHaveLength(count);
    }
  });
});

describe('the administrator', () => {
  const crd: KubeObject = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.org' },
    spec: {
      group: 'example.org',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: open() } }],
    },
  };
  function open(): object {
    return { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } } };
  }

  test('applies objects before and after what they need, in one go', async () => {
    const { admin } = stage.cluster;
    const widget = { apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'one' } };
    const applied = await admin.apply([{ ...widget, spec: { size: 1 } }, namespace('one'), crd]);
    expect(applied.map(({ kind }) => kind)).toEqual(['Widget', 'Namespace', 'CustomResourceDefinition']);
    expect(await admin.get(refOf(widget))).toMatchObject({ spec: { size: 1 } });
  });

  test('applies as a named field manager, and says when another owns a field', async () => {
    const { admin } = stage.cluster;
    await admin.apply([namespace('owners'), configMap('owners', 'c', { a: '1' })], { manager: 'first' });
    const other = configMap('owners', 'c', { a: '2' });
    await expect(admin.apply(other, { manager: 'second', force: false })).rejects.toMatchObject({
      status: 409,
      reason: 'Conflict',
    });
    const [taken] = await admin.apply(other, { manager: 'second' });
    expect(JSON.stringify(taken?.metadata['managedFields'])).toContain('"second"');
  });

  test('tries without an effect, patches and deletes', async () => {
    const { admin } = stage.cluster;
    const object = configMap('dry', 'c', { a: '1' });
    await admin.apply(namespace('dry'));
    await admin.apply(object, { dryRun: true });
    expect(await admin.get(refOf(object))).toBeUndefined();
    await admin.apply(object);
    await admin.patch(refOf(object), [{ op: 'replace', path: '/data/a', value: '2' }], { type: 'json' });
    expect(await admin.get(refOf(object))).toMatchObject({ data: { a: '2' } });
    await admin.delete(refOf(object));
    await admin.delete(refOf(object));
    expect(await admin.get(refOf(object))).toBeUndefined();
  });

  test('has a kubeconfig in a file that nobody else reads', async () => {
    const config = parse(await readFile(stage.cluster.kubeconfigFile, 'utf8')) as object;
    expect(config).toMatchObject({
      'current-context': 'cluster',
      clusters: [{ cluster: { server: stage.cluster.url } }],
      users: [{ user: { token: stage.cluster.adminToken } }],
    });
  });
});

describe('the API server', () => {
  test('comes back with its data on the same port, after an order and after a kill', async () => {
    const { cluster } = stage;
    await cluster.admin.apply([namespace('kept'), configMap('kept', 'c', { a: '1' })]);
    const [before, url] = [cluster.pids['kube-apiserver'], cluster.url];
    await cluster.restart();
    expect(cluster.pids['kube-apiserver']).not.toBe(before);
    await cluster.kill();
    expect(cluster.pids).not.toHaveProperty('kube-apiserver');
    await expect(cluster.admin.request('GET', '/version')).rejects.toMatchObject({ kind: 'transient' });
    await cluster.restart();
    expect(cluster.url).toBe(url);
    expect(await cluster.admin.get(refOf(configMap('kept', 'c')))).toMatchObject({ data: { a: '1' } });
  });
});

test('no server outlives a process that is killed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-orphan-'));
  const script = `
    const { startCluster } = await import(process.argv[1]);
    const cluster = await startCluster({ name: 'orphan', folder: process.argv[2] });
    console.log(JSON.stringify(cluster.pids));`;
  const module = new URL('../../../lab/cluster/cluster.ts', import.meta.url).href;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, module, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(parent.stdout), 'line')) as [string];
  const pids = Object.values(JSON.parse(line) as Record<string, number>);
  expect(pids).toHaveLength(2);
  expect(pids.filter(runs)).toHaveLength(2);
  parent.kill('SIGKILL');
  while (pids.some(runs)) await sleep(50);
  await rm(folder, { recursive: true, force: true });
});

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
