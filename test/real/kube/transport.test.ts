// What may come back from an address instead of an answer, and what goes out whatever the environment says.
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { connectCluster } from '../../../src/adapters/kube/cluster.ts';
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
  type Script,
  type Scripted,
  secrets,
  startScripted,
  status,
  unlogged,
} from './scripted.ts';

let server: Scripted;
let kube: KubeCluster;
beforeEach(async () => {
  server = await startScripted();
  kube = connect(server);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  kube.close();
  await server.stop();
});

const flux = () => kube.as({ namespace: 'a', name: 'flux' });
const unavailable = { code: 'kube.unavailable', kind: 'transient' };
const good = json(configMap());

const raw =
  (text: string | Buffer, headers: Record<string, string>, broken = false): Script =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json', ...headers });
    response.write(text, () => void (broken ? response.destroy() : response.end()));
  };

describe('answers that are none', () => {
  const whole = JSON.stringify(configMap());
  const answers: [string, Script][] = [
    ['half a body, and then nothing', raw(whole.slice(0, 40), { 'content-length': String(whole.length) }, true)],
    ['half a body in chunks', raw(whole.slice(0, 40), { 'transfer-encoding': 'chunked' }, true)],
    ['half a body that ends in order', raw(whole.slice(0, 40), {})],
    ['half of what was packed', raw(gzipSync(whole).subarray(0, 40), { 'content-encoding': 'gzip' })],
    ['packed in another way', raw(whole, { 'content-encoding': 'br' })],
    ['nothing', json('')],
    ['a list', json('[]')],
    ['HTML', raw('<html>hunter2</html>', { 'content-type': 'text/html' })],
    ['HTML that says it is JSON', json('<html>hunter2</html>')],
    ['JSON that says it is HTML', raw(whole, { 'content-type': 'text/html' })],
    ['a Status with 200', json({ kind: 'Status', apiVersion: 'v1', status: 'Success' })],
    ['another kind', json({ ...configMap(), kind: 'Secret' })],
    ['another version', json({ ...configMap(), apiVersion: 'v2' })],
    ['another name', json(configMap('other'))],
    ['a name in other letters', json(configMap('Web'))],
    ['another namespace', json(configMap('web', {}, { namespace: 'b' }))],
    ['no namespace', json(configMap('web', {}, { namespace: undefined }))],
    ['no metadata', json({ apiVersion: 'v1', kind: 'ConfigMap' })],
    ['a list of one', json({ apiVersion: 'v1', kind: 'List', items: [configMap()] })],
  ];
  test.each(answers)('301: %s', async (_what, script) => {
    server.answer(script);
    const failures = await Promise.all([
      kube.get(at()).catch((error: unknown) => error),
      flux()
        .apply(at(), manifest, { dryRun: false, force: true })
        .catch((error: unknown) => error),
    ]);
    for (const failure of failures) {
      expect(failure).toMatchObject(unavailable);
      expect(String(failure)).not.toContain('hunter2');
    }
  });

  test.each(answers.slice(0, 11))('301: %s is no list', async (_what, script) => {
    server.answer(script);
    const runs = [kube.list(configMaps), kube.listMetadata(configMaps), kube.kinds(), kube.version()];
    const failures = await Promise.all(runs.map((run) => run.catch((error: unknown) => error)));
    for (const failure of failures) expect(failure).toMatchObject(unavailable);
  });

  test('the next good answer is read, on the same connection where it was kept', async () => {
    server.answer(json('<html>'), good);
    expect(await kube.get(at())).toMatchObject({ kind: 'ConfigMap' });
    expect(server.connections.made).toBe(1);
  });

  test.each([300, 301, 302, 303, 307, 308])(
    '301: a redirect (%i) is not followed, and no credential goes anywhere',
    async (code) => {
      const elsewhere = await startScripted();
      elsewhere.answer(good);
      server.answer((response) => {
        response.writeHead(code, { location: `${elsewhere.address.server}/api/v1/namespaces/a/configmaps/web` }).end();
      });
      await expect(kube.get(at())).rejects.toMatchObject(unavailable);
      await expect(flux().delete(at(), 'uid')).rejects.toMatchObject(unavailable);
      expect(elsewhere.connections.made).toBe(0);
      expect(server.asked).toHaveLength(2);
      await elsewhere.stop();
    },
  );

  test('a body without an end, packed or not', async () => {
    const endless: Script = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const more = (): void => {
        while (response.write(Buffer.alloc(65_536, 32)) && !response.destroyed);
      };
      response.on('drain', more);
      more();
    };
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 32));
    for (const script of [endless, raw(bomb, { 'content-encoding': 'gzip' })]) {
      server.answer(script);
      await expect(kube.get(at())).rejects.toMatchObject({ code: 'kube.tooLarge' });
    }
  });

  test('a packed answer is read', async () => {
    server.answer(raw(gzipSync(whole), { 'content-encoding': 'gzip' }));
    expect(await kube.get(at())).toEqual(configMap());
  });

  test('something that is no HTTP', async () => {
    const odd = createServer((socket) => void socket.on('error', () => undefined).end('SSH-2.0-OpenSSH\r\n'));
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    const { port } = odd.address() as { port: number };
    const other = connectCluster({ ...server.address, server: `http://127.0.0.1:${port}` }, { log: unlogged });
    await expect(other.get(at())).rejects.toMatchObject(unavailable);
    other.close();
    odd.close();
  });

  test('nobody at the address: tried a few times, told without the address', async () => {
    await server.stop();
    const error = await kube.get(at()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(unavailable);
    expect(String(error)).not.toContain('127.0.0.1');
    expect(kube.counters.get).toBe(3);
    server = await startScripted();
  });
});

describe('time', () => {
  const silent: Script = () => undefined;
  const half: Script = (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"kind":');
  };
  const drip: Script = (response) => {
    half(response, undefined as never);
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  };
  test.each([
    ['no answer', silent],
    ['half an answer', half],
    ['an answer that drips', drip],
  ])('%s ends at the deadline, once', async (_what, script) => {
    kube.close();
    // Longer than a busy machine keeps the server from taking it.
    kube = connect(server, { deadlineMs: 2_000 });
    server.answer(script);
    await expect(kube.get(at())).rejects.toMatchObject({ ...unavailable, message: expect.stringContaining('2 s') });
    expect(server.asked).toHaveLength(1);
    await expect.poll(() => server.connections.open).toBe(0);
  });

  test.each([
    ['no answer', silent],
    ['half an answer', half],
  ])('%s ends with the client', async (_what, script) => {
    server.answer(script);
    const waiting = [kube.get(at()), flux().delete(at(), 'uid')].map((one) => one.catch((error: unknown) => error));
    await expect.poll(() => server.asked.length).toBe(2);
    kube.close();
    for (const failure of await Promise.all(waiting)) expect(failure).toMatchObject(unavailable);
  });

  test('Retry-After that is short is waited for', async () => {
    server.answer(status(429, 'TooManyRequests', {}, { 'retry-after': '1' }), good);
    const start = performance.now();
    expect(await kube.get(at())).toBeDefined();
    expect(performance.now() - start).toBeGreaterThanOrEqual(999);
    expect(kube.counters.get).toBe(2);
  });

  test.each([429, 503])('Retry-After that is long is told (%i)', async (code) => {
    server.answer(status(code, '', {}, { 'retry-after': '60' }));
    const start = Date.now();
    const error = (await kube.get(at()).catch((thrown: unknown) => thrown)) as { retryAt: Date };
    expect(error).toMatchObject({ ...unavailable, cause: { status: code } });
    expect(error.retryAt.getTime()).toBeGreaterThanOrEqual(start + 60_000);
    expect(error.retryAt.getTime()).toBeLessThanOrEqual(Date.now() + 72_000);
    expect(server.asked).toHaveLength(1);
  });
});

describe('second tries', () => {
  const reset: Script = (response) => void response.destroy();
  const there = at('web', 'a', kustomizations);
  const patched = json({ ...configMap(), apiVersion: 'kustomize.toolkit.fluxcd.io/v1', kind: 'Kustomization' });
  const said = json({ kind: 'Status', apiVersion: 'v1', status: 'Success' });

  const repeated: [string, Script, () => Promise<unknown>][] = [
    ['a read', good, () => kube.get(at())],
    ['a list', list([configMap()]), () => kube.list(configMaps)],
    ['an apply', good, () => flux().apply(at(), manifest, { dryRun: false, force: true })],
    ['a dry run', good, () => flux().apply(at(), manifest, { dryRun: true, force: true })],
    ['a delete of one uid', said, () => flux().delete(at(), 'uid-web')],
    ['a status', patched, () => kube.patchStatus(there, {})],
  ];
  const once: typeof repeated = [
    ['a compare-and-set', patched, () => kube.patchStatus(there, {}, '7')],
    ['metadata by version', patched, () => kube.patchMetadata(there, { finalizers: [] }, '7')],
    ['managed fields', good, () => flux().patchManagedFields(at(), [], '7')],
  ];

  test.each(repeated)('284: %s is asked again after a reset and after 503', async (_what, answer, run) => {
    server.answer(reset, status(503), answer);
    await run();
    expect(server.asked).toHaveLength(3);
    expect(new Set(server.asked.map(({ method, path, body }) => `${method} ${path} ${body}`)).size).toBe(1);
  });

  test.each(repeated)('%s is asked three times, and no more', async (_what, _answer, run) => {
    server.answer(status(503));
    await expect(run()).rejects.toMatchObject(unavailable);
    expect(server.asked).toHaveLength(3);
  });

  test.each([...repeated, ...once])('%s is not asked again after 500, 403 or 422', async (_what, _answer, run) => {
    for (const code of [500, 403, 422]) {
      server.answer(status(code));
      const before = server.asked.length;
      await expect(run()).rejects.toMatchObject({ cause: { status: code } });
      expect(server.asked.length - before).toBe(1);
    }
  });

  test.each(once)('284: %s that the server may have seen is not asked again', async (_what, _answer, run) => {
    for (const script of [reset, status(503), status(504), json('<html>')]) {
      server.answer(script);
      const before = server.asked.length;
      await expect(run()).rejects.toMatchObject(unavailable);
      expect(server.asked.length - before).toBe(1);
    }
  });

  test.each(once)('%s that the server has put off is asked again', async (_what, answer, run) => {
    server.answer(status(429), answer);
    await run();
    expect(server.asked).toHaveLength(2);
  });

  test('a Retry-After longer than the deadline is not waited for', async () => {
    let ms = 0;
    const slept: number[] = [];
    const sleep = async (waitMs: number): Promise<void> => void slept.push(waitMs);
    const clock = { now: () => ms, date: () => Date.now(), random: () => 0, sleep };
    kube.close();
    kube = connect(server, { deadlineMs: 30_000, clock });
    server.answer((response, asked) => {
      ms += 29_500;
      status(429, '', {}, { 'retry-after': '1' })(response, asked);
    });
    await expect(kube.get(at())).rejects.toMatchObject({ ...unavailable, retryAt: expect.any(Date) });
    expect(slept).toEqual([]);
    expect(server.asked).toHaveLength(1);
  });
});

describe('connections', () => {
  test('are kept, and no more of them than allowed', async () => {
    kube.close();
    kube = connect(server, { maxConnections: 4 });
    server.answer((response, asked) => setTimeout(() => good(response, asked), 5));
    await Promise.all(Array.from({ length: 60 }, () => kube.get(at())));
    await Promise.all(Array.from({ length: 60 }, () => flux().get(at())));
    expect(server.connections.made).toBeLessThanOrEqual(8);
    expect(server.asked).toHaveLength(120);
  });

  test('of writers that hang do not stop the agent’s own', async () => {
    kube.close();
    kube = connect(server, { maxConnections: 2 });
    server.answer((response, asked) => {
      if (asked.method === 'GET') good(response, asked);
    });
    const hanging = Array.from({ length: 5 }, () => flux().apply(at(), manifest, { dryRun: false, force: true }));
    expect(await kube.get(at())).toBeDefined();
    kube.close();
    for (const one of hanging) await expect(one).rejects.toMatchObject(unavailable);
  });

  test('go where the kubeconfig says, whatever proxy the environment names', async () => {
    const proxy = await startScripted();
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy', 'ALL_PROXY'])
      vi.stubEnv(name, proxy.address.server);
    vi.stubEnv('NODE_USE_ENV_PROXY', '1');
    server.answer(good);
    kube.close();
    kube = connect(server);
    expect(await kube.get(at())).toBeDefined();
    expect(proxy.connections.made).toBe(0);
    await proxy.stop();
  });

  test('are closed where the server’s certificate is not of the authority, even if Node is told not to mind', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    const secure = await startScripted({ tls: true });
    secure.answer(good);
    const trusting = connect(secure);
    expect(await trusting.get(at())).toBeDefined();
    const stranger = connectCluster({ ...secure.address, caData: undefined }, { log: unlogged });
    const asked = secure.asked.length;
    const error = await stranger.get(at()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ ...unavailable, remedy: expect.stringContaining('certificate-authority-data') });
    expect(secure.asked).toHaveLength(asked);
    trusting.close();
    stranger.close();
    await secure.stop();
  });
});

describe('limits of what is sent', () => {
  test('an object over 3 MiB is named and stays here', async () => {
    const data = { a: 'é'.repeat(1_600_000) };
    const apply = flux().apply(at(), { ...manifest, data }, { dryRun: false, force: true });
    await expect(apply).rejects.toMatchObject({ code: 'kube.tooLarge', message: expect.stringContaining('web') });
    expect(server.asked).toHaveLength(0);
  });

  test('what is sent is the JSON as it stands, with every number and field', async () => {
    server.answer(good);
    const data = JSON.parse('{"newField":1}') as Record<string, unknown>;
    const object = { ...manifest, data: { ...data, big: JSON.rawJSON('9007199254740993') } } as never;
    await flux().apply(at(), object, { dryRun: true, force: false });
    expect(server.asked[0]).toMatchObject({
      method: 'PATCH',
      path: '/api/v1/namespaces/a/configmaps/web?fieldManager=kustomize-controller&fieldValidation=Strict&dryRun=All',
      body: JSON.stringify(object),
      headers: { 'content-type': 'application/apply-patch+yaml', accept: 'application/json' },
    });
    expect(server.asked[0]?.body).toContain('"big":9007199254740993');
  });

  test.each([
    ['another name', { metadata: { name: 'other', namespace: 'a' } }, 'kube.path'],
    ['another namespace', { metadata: { name: 'web', namespace: 'b' } }, 'kube.path'],
    ['no namespace', { metadata: { name: 'web' } }, 'kube.path'],
    ['another kind', { kind: 'Secret' }, 'kube.path'],
    ['another version', { apiVersion: 'v1/../../apis/rbac.authorization.k8s.io/v1' }, 'kube.path'],
    ['managed fields', { metadata: { name: 'web', namespace: 'a', managedFields: [] } }, 'kube.invalid'],
    ['a resource version', { metadata: { name: 'web', namespace: 'a', resourceVersion: '1' } }, 'kube.invalid'],
    ['a generated name', { metadata: { name: 'web', namespace: 'a', generateName: 'x' } }, 'kube.invalid'],
  ])('an object with %s is not', async (_what, change, code) => {
    const apply = flux().apply(at(), { ...manifest, ...change } as never, { dryRun: false, force: true });
    await expect(apply).rejects.toMatchObject({ code });
    expect(server.asked).toHaveLength(0);
  });

  test('names that would make another path are not', async () => {
    for (const name of ['..', '../../../kube-system/secrets/x', 'a%2fb', 'Web', '']) {
      const there = { ...at(), name };
      const runs = [
        kube.get(there),
        flux().get(there),
        flux().delete(there, 'uid'),
        flux().patchManagedFields(there, [], '1'),
        flux().apply(there, { ...manifest, metadata: { ...manifest.metadata, name } }, { dryRun: false, force: true }),
      ];
      for (const run of runs) await expect(run).rejects.toMatchObject({ code: 'kube.path' });
    }
    await expect(flux().list(secrets, { namespace: '..' })).rejects.toMatchObject({ code: 'kube.path' });
    await expect(flux().delete(at(), '')).rejects.toMatchObject({ code: 'kube.path' });
    expect(server.asked).toHaveLength(0);
  });
});
