// Who asks: every request of a writer carries its account, exactly once, and none of the agent's own carries any.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { KubeCluster } from '../../../src/ports/kube.ts';
import {
  at,
  configMap,
  configMaps,
  connect,
  json,
  kustomizations,
  list,
  manifest,
  namespaces,
  type Scripted,
  secrets,
  startScripted,
  status,
  watch,
} from './scripted.ts';

let server: Scripted;
let kube: KubeCluster;
beforeEach(async () => {
  server = await startScripted();
  kube = connect(server);
});
afterEach(async () => {
  kube.close();
  await server.stop();
});

const user = 'system:serviceaccount:a:flux';
const options = { dryRun: false, force: true };

/** Impersonation in the headers of each request, as it went over the wire. */
function impersonations(): string[][] {
  return server.asked.map(({ rawHeaders }) =>
    rawHeaders.flatMap((name, index) =>
      index % 2 === 0 && /^impersonate/i.test(name) ? [`${name}: ${rawHeaders[index + 1]}`] : [],
    ),
  );
}

test('every request of a writer carries exactly its account: first tries, second tries, pages and looks after a conflict', async () => {
  const writer = kube.as({ namespace: 'a', name: 'flux' });
  const good = json(configMap());
  server.answer(good);
  await writer.get(at());
  await writer.apply(at(), manifest, options);
  await writer.apply(at(), manifest, { dryRun: true, force: false });
  await writer.patchManagedFields(at(), [], '1');
  server.answer(json({ kind: 'Status', apiVersion: 'v1', status: 'Success' }));
  await writer.delete(at(), 'uid-web');
  server.answer((response) => void response.destroy(), status(503), good);
  await writer.apply(at(), manifest, options);
  server.answer(list([configMap()], { continue: 'next' }), status(410, 'Expired'), list([]));
  await writer.list(configMaps, { namespace: 'a' });
  server.answer(status(409, 'Conflict'), status(404, 'NotFound', { details: { name: 'web', kind: 'configmaps' } }));
  expect(await writer.delete(at(), 'uid-web')).toBe('gone');
  server.answer(status(401));
  await expect(writer.get(at())).rejects.toMatchObject({ code: 'kube.unauthorized' });

  expect(server.asked).toHaveLength(14);
  for (const headers of impersonations()) expect(headers).toEqual([`Impersonate-User: ${user}`]);
  for (const { headers } of server.asked) expect(headers.authorization).toBe('Bearer t0ken');
});

test('two writers side by side never lend each other an account', async () => {
  server.answer((response, asked) => {
    const namespace = asked.path.split('/')[4] ?? '';
    json(configMap('web', {}, { namespace }))(response, asked);
  });
  const names = Array.from({ length: 40 }, (_, index) => `tenant-${index % 4}`);
  await Promise.all(names.map((namespace) => kube.as({ namespace, name: 'flux' }).get(at('web', namespace))));
  for (const { path, headers } of server.asked)
    expect(headers['impersonate-user']).toBe(`system:serviceaccount:${path.split('/')[4]}:flux`);
});

test('no request of the agent’s own carries any, and none but its few writes is anything but a read', async () => {
  const stop = new AbortController();
  const document = { ...configMap(), apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' };
  const there = at('web', 'a', kustomizations);
  server.answer(json(document));
  await kube.get(there);
  await kube.patchStatus(there, { a: 1 }, '7');
  await kube.patchMetadata(there, { finalizers: ['finalizers.fluxcd.io'], annotations: { a: null } }, '7');
  await kube.record({ about: document, type: 'Normal', reason: 'Progressing', message: 'x' });
  server.answer(list([configMap()]), watch([]));
  await kube.follow(configMaps, { listed() {}, changed() {}, deleted() {} }, { signal: stop.signal });
  await expect.poll(() => server.asked.length).toBe(6);
  stop.abort();
  expect(impersonations().flat()).toEqual([]);
  expect(server.asked.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`)).toEqual([
    'PATCH /apis/kustomize.toolkit.fluxcd.io/v1/namespaces/a/kustomizations/web/status?fieldManager=gotk-kustomize-controller',
    'PATCH /apis/kustomize.toolkit.fluxcd.io/v1/namespaces/a/kustomizations/web?fieldManager=gotk-kustomize-controller',
    'POST /api/v1/namespaces/a/events?fieldManager=kustomize-controller',
  ]);
  expect(server.asked[1]?.body).toBe('{"metadata":{"resourceVersion":"7"},"status":{"a":1}}');
  expect(JSON.parse(server.asked[2]?.body ?? '')).toEqual({
    metadata: { resourceVersion: '7', finalizers: ['finalizers.fluxcd.io'], annotations: { a: null } },
  });
});

describe('without an account', () => {
  test.each([
    { namespace: '', name: 'flux' },
    { namespace: 'a', name: '' },
    { namespace: 'a', name: 'x\r\nImpersonate-Group: system:masters' },
    { namespace: 'a', name: undefined as never },
    { namespace: null as never, name: 'flux' },
  ])('there is no writer: %j', (account) => {
    expect(() => kube.as(account)).toThrow(expect.objectContaining({ code: 'kube.identity' }));
    expect(server.asked).toHaveLength(0);
  });

  test('the agent patches no document of another group', async () => {
    for (const kind of [
      configMaps,
      secrets,
      { ...kustomizations, group: 'toolkit.fluxcd.io' },
      { ...kustomizations, group: 'a.toolkit.fluxcd.io.b' },
    ]) {
      await expect(kube.patchStatus(at('web', 'a', kind), {})).rejects.toMatchObject({ code: 'kube.identity' });
      await expect(kube.patchMetadata(at('web', 'a', kind), {})).rejects.toMatchObject({ code: 'kube.identity' });
    }
    await expect(kube.patchMetadata(at('a', '', namespaces), {})).rejects.toMatchObject({ code: 'kube.identity' });
    expect(server.asked).toHaveLength(0);
  });
});

describe('events', () => {
  const about = configMap('x'.repeat(253));

  test('are cut to what the cluster takes, and a refusal is nobody’s business', async () => {
    server.answer(status(403));
    await kube.record({ about, type: 'Warning', reason: 'ReconciliationFailed', message: 'é'.repeat(5_000) });
    const { metadata, message, involvedObject } = JSON.parse(server.asked[0]?.body ?? '');
    expect(metadata.name.length).toBeLessThanOrEqual(253);
    expect([...message]).toHaveLength(1024);
    expect(involvedObject).toMatchObject({ kind: 'ConfigMap', namespace: 'a', uid: about.metadata['uid'] });
  });

  test('about something without a namespace go to default; about a malformed one nowhere', async () => {
    server.answer(json({}, 201));
    const cluster = configMap('x', {}, { namespace: undefined });
    await kube.record({ about: cluster, type: 'Normal', reason: 'x', message: 'x' });
    await kube.record({ about: configMap('x', {}, { namespace: '..' }), type: 'Normal', reason: 'x', message: 'x' });
    expect(server.asked.map(({ path }) => path)).toEqual([
      '/api/v1/namespaces/default/events?fieldManager=kustomize-controller',
    ]);
  });
});
