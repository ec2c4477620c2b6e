import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Admin } from '../../../lab/cluster/admin.ts';
import type { Fault } from '../../../lab/cluster/fault.ts';
import { type Faults, startFaults } from '../../../lab/cluster/faults.ts';
import { refOf } from '../../../lab/cluster/object.ts';
import { configMap, namespace, type Stage, setStage, startTimeoutMs } from './stage.ts';

const path = '/api/v1/namespaces/faults/configmaps';
let stage: Stage;
let faults: Faults;
let admin: Admin;
beforeAll(async () => {
  stage = await setStage('faults');
  await stage.cluster.admin.apply([namespace('faults'), configMap('faults', 'here', { a: '1' })]);
  faults = await startFaults(stage.cluster);
  admin = new Admin(faults.url, stage.cluster.caData, stage.cluster.adminToken);
}, startTimeoutMs);
beforeEach(() => faults.forget());
afterEach(() => faults.clear());
afterAll(async () => {
  admin.close();
  await faults.stop();
  await stage.close();
});

const fails = { code: 'internal', kind: 'transient' };
const create = async (name: string) => await admin.request('POST', path, configMap('faults', name));
const exists = async (name: string) => (await stage.cluster.admin.get(refOf(configMap('faults', name)))) !== undefined;

interface Watching {
  /** Resolves with the first event. */
  readonly first: Promise<void>;
  /** What it brought up to its end, and whether that end was in order. */
  readonly end: Promise<{ types: string[]; orderly: boolean }>;
}

/** A watch through the proxy, when it is open. */
async function watch(query = ''): Promise<Watching> {
  const { caData: ca, adminToken } = stage.cluster;
  const headers = { authorization: `Bearer ${adminToken}` };
  const sent = request(`${faults.url}${path}?watch=true${query}`, { ca, headers, agent: false }).end();
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  sent.on('error', () => undefined);
  const first = Promise.withResolvers<void>();
  const read = async (): Promise<{ types: string[]; orderly: boolean }> => {
    let text = '';
    try {
      for await (const chunk of answer.setEncoding('utf8')) {
        text += chunk as string;
        if (text.includes('\n')) first.resolve();
      }
      return { types: typesOf(text), orderly: true };
    } catch {
      return { types: typesOf(text), orderly: false };
    }
  };
  return { first: first.promise, end: read() };
}

function typesOf(text: string): string[] {
  // What a reset cuts off is no event.
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    const event = JSON.parse(line) as { type: string; object: { code?: number } };
    return event.object.code === undefined ? event.type : `${event.type} ${event.object.code}`;
  });
}

describe('what passes', () => {
  test('has its effect, is counted by verb and recorded with who is impersonated', async () => {
    const object = configMap('faults', 'passes', { a: '1' });
    const as = 'system:serviceaccount:faults:nobody';
    await admin.apply(object, { dryRun: true });
    await admin.apply(object, { manager: 'me' });
    await admin.get(refOf(object));
    await admin.list('v1', 'ConfigMap', { namespace: 'faults' });
    await admin.patch(refOf(object), { data: { a: '2' } });
    await admin.delete(refOf(object));
    await create('passes');
    await admin.request('DELETE', `${path}/passes`);
    await expect(admin.get(refOf(object), { as })).rejects.toMatchObject({ status: 403 });
    const expected = { 'apply-dry-run': 1, apply: 1, get: 2, list: 1, patch: 1, delete: 2, create: 1 };
    expect(faults.counts({ resource: 'configmaps' })).toEqual(expected);
    expect(faults.requests.find(({ verb }) => verb === 'apply')).toMatchObject({
      method: 'PATCH',
      apiVersion: 'v1',
      resource: 'configmaps',
      namespace: 'faults',
      name: 'passes',
      fieldManager: 'me',
      dryRun: false,
      status: 201,
    });
    expect(faults.requests.at(-1)).toMatchObject({ as, status: 403, fault: undefined });
    expect(faults.counts({ as })).toEqual({ get: 1 });
  });

  test('includes watches, event by event', async () => {
    const { first, end } = await watch('&fieldSelector=metadata.name=watched');
    await create('watched');
    await first;
    expect(faults.watches).toBe(1);
    faults.dropWatches(true);
    expect(await end).toEqual({ types: ['ADDED'], orderly: true });
    await expect.poll(() => faults.watches).toBe(0);
  });

  test('ends a watch in order though its client does not read and events go on', async () => {
    const { admin: direct, caData: ca, adminToken } = stage.cluster;
    await direct.apply(namespace('behind'));
    const headers = { authorization: `Bearer ${adminToken}` };
    const url = `${faults.url}/api/v1/namespaces/behind/configmaps?watch=true`;
    const sent = request(url, { ca, headers, agent: false }).end();
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    // More than the way to a client that does not read holds, so that the end has to wait behind it.
    const large = 'x'.repeat(900_000);
    const names = Array.from({ length: 16 }, (_, index) => `large-${index}`);
    for (const name of names) await direct.apply(configMap('behind', name, { large }));
    faults.dropWatches(true);
    const { first, end } = await watch('&fieldSelector=metadata.name=after');
    for (const name of names) await direct.apply(configMap('behind', name, { large: `${large}!` }));
    await create('after');
    await first;
    faults.dropWatches(true);
    await end;
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text += chunk as string;
    expect(new Set(typesOf(text))).toEqual(new Set(['ADDED']));
  });

  test('reaches an API server that was started again', async () => {
    await stage.cluster.kill();
    await expect(admin.request('GET', path)).rejects.toMatchObject(fails);
    await stage.cluster.restart();
    expect((await admin.request('GET', path)).status).toBe(200);
  });

  test('may come over plain HTTP', async () => {
    const plain = await startFaults(stage.cluster, { tls: false });
    const headers = { authorization: `Bearer ${stage.cluster.adminToken}` };
    const answer = await fetch(`${plain.url}${path}/here`, { headers });
    expect(await answer.json()).toMatchObject({ data: { a: '1' } });
    await plain.stop();
  });
});

describe('answers of the server', () => {
  test.each([
    [409, 'Conflict'],
    [410, 'Expired'],
    [500, 'InternalError'],
    [502, 'Unknown'],
    [503, 'ServiceUnavailable'],
    [504, 'Timeout'],
  ])('%i before the request has an effect, and once', async (status, reason) => {
    const name = `before-${status}`;
    const standing = faults.add({ match: { verb: 'create' }, fault: { kind: 'status', status } });
    expect(await create(name)).toMatchObject({ status, body: { kind: 'Status', code: status, reason } });
    expect(await exists(name)).toBe(false);
    expect((await create(name)).status).toBe(201);
    expect(standing.struck).toBe(1);
    expect(faults.requests.map((request) => request.status)).toEqual([status, 201]);
  });

  test('504 after the request has had its effect', async () => {
    faults.add({ match: { verb: 'create' }, fault: { kind: 'status', status: 504, when: 'after' } });
    expect((await create('after')).status).toBe(504);
    expect(await exists('after')).toBe(true);
  });

  test('429 with when to come again, as often as said', async () => {
    const fault: Fault = { kind: 'status', status: 429, retryAfterSeconds: 7 };
    faults.add({ match: ({ path: asked }) => asked.endsWith('/here'), times: 2, fault });
    const answers = [];
    for (let count = 0; count < 3; count += 1) answers.push(await admin.request('GET', `${path}/here`));
    expect(answers.map(({ status }) => status)).toEqual([429, 429, 200]);
    expect(answers[0]?.body).toMatchObject({ details: { retryAfterSeconds: 7 } });
  });

  test('without end, until it is taken away', async () => {
    const standing = faults.add({ times: null, fault: { kind: 'status', status: 503 } });
    for (let count = 0; count < 5; count += 1) expect((await admin.request('GET', path)).status).toBe(503);
    standing.remove();
    expect((await admin.request('GET', path)).status).toBe(200);
  });
});

describe('connections', () => {
  test.each([
    ['before', false],
    ['after', true],
  ] as const)('are reset %s the request has an effect', async (when, effect) => {
    faults.add({ match: { verb: 'create' }, fault: { kind: 'reset', when } });
    await expect(create(`reset-${when}`)).rejects.toMatchObject({ ...fails, cause: { code: 'ECONNRESET' } });
    expect(await exists(`reset-${when}`)).toBe(effect);
  });

  test.each([
    ['before', false],
    ['after', true],
  ] as const)('stay without an answer %s the request has an effect', async (when, effect) => {
    const name = `timeout-${when}`;
    faults.add({ match: { verb: 'create' }, fault: { kind: 'timeout', when } });
    const { caData: ca, adminToken } = stage.cluster;
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' };
    const sent = request(`${faults.url}${path}`, { ca, method: 'POST', headers, agent: false, timeout: 300 });
    sent.end(JSON.stringify(configMap('faults', name)));
    sent.on('error', () => undefined);
    await once(sent, 'timeout');
    await faults.seen({ verb: 'create' });
    // What has its effect may have it later, on a busy machine.
    if (effect) await expect.poll(() => exists(name)).toBe(true);
    sent.destroy();
    expect(await exists(name)).toBe(effect);
    expect(faults.requests.at(-1)?.status).toBeUndefined();
  });

  test('are late by as much as said', async () => {
    faults.add({ fault: { kind: 'delay', ms: 100 } });
    const start = performance.now();
    expect((await admin.request('GET', path)).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThanOrEqual(99);
  });
});

describe('bodies', () => {
  test('are half a list that ends as if it were whole', async () => {
    faults.add({ match: { verb: 'list' }, fault: { kind: 'truncate' } });
    const { status, body } = await admin.request('GET', path);
    expect(status).toBe(200);
    expect(body).toMatch(/^\{"kind":"ConfigMapList"/);
  });

  test('are half a list on a connection that breaks off', async () => {
    faults.add({ match: { verb: 'list' }, fault: { kind: 'truncate', broken: true } });
    await expect(admin.request('GET', path)).rejects.toMatchObject(fails);
  });

  test('are a Status with 200, and a way to somewhere else, without an effect', async () => {
    faults.add({ match: { verb: 'create' }, fault: { kind: 'statusBody' } });
    expect(await create('said')).toMatchObject({ status: 200, body: { kind: 'Status', status: 'Failure' } });
    faults.add({ match: { verb: 'create' }, fault: { kind: 'redirect', to: 'https://127.0.0.1:1/' } });
    expect((await create('said')).status).toBe(307);
    expect(await exists('said')).toBe(false);
  });

  test('are the page of something on the way', async () => {
    faults.add({ match: { verb: 'create' }, fault: { kind: 'html' } });
    expect(await create('html')).toMatchObject({ status: 200, body: expect.stringContaining('<!doctype html>') });
    expect(await exists('html')).toBe(false);
  });
});

describe('watches', () => {
  test.each<[string, Fault, { types: string[]; orderly: boolean }]>([
    ['break off at once', { kind: 'dropWatch' }, { types: [], orderly: false }],
    ['break off after an event', { kind: 'dropWatch', afterEvents: 1 }, { types: ['ADDED'], orderly: false }],
    ['end in order', { kind: 'dropWatch', afterEvents: 1, clean: true }, { types: ['ADDED'], orderly: true }],
    ['end because they are too old', { kind: 'watchError' }, { types: ['ERROR 410'], orderly: true }],
    [
      'end with another error after two events',
      { kind: 'watchError', status: 500, afterEvents: 2 },
      { types: ['ADDED', 'ADDED', 'ERROR 500'], orderly: true },
    ],
  ])('%s', async (_what, fault, expected) => {
    await stage.cluster.admin.apply([configMap('faults', 'w1'), configMap('faults', 'w2')]);
    faults.add({ match: { verb: 'watch' }, fault });
    const { end } = await watch();
    expect(await end).toEqual(expected);
  });

  test('are open and say nothing', async () => {
    faults.add({ match: { verb: 'watch' }, fault: { kind: 'silence' } });
    const { end } = await watch();
    await create('unheard');
    faults.dropWatches(true);
    expect(await end).toEqual({ types: [], orderly: true });
  });

  test('all break off when told', async () => {
    const watches = [await watch(), await watch()];
    await faults.seen({ verb: 'watch' }, 2);
    faults.dropWatches();
    for (const { end } of watches) expect((await end).orderly).toBe(false);
  });
});

describe('held requests', () => {
  test('wait for their release, before or after the effect', async () => {
    for (const when of ['before', 'after'] as const) {
      const held = faults.hold({ verb: 'create' }, when);
      const answer = create(`held-${when}`);
      expect(await held.reached).toMatchObject({ verb: 'create', resource: 'configmaps' });
      expect(await exists(`held-${when}`)).toBe(when === 'after');
      held.release();
      expect((await answer).status).toBe(201);
    }
  });

  test('never reach the API server when their client dies first', async () => {
    const held = faults.hold({ verb: 'create' });
    const dying = new Admin(faults.url, stage.cluster.caData, stage.cluster.adminToken);
    const answer = dying.request('POST', path, configMap('faults', 'dying'));
    await held.reached;
    dying.close();
    await expect(answer).rejects.toMatchObject(fails);
    // The proxy knows by its next request at the latest.
    await admin.request('GET', path);
    held.release();
    await admin.request('GET', path);
    expect(await exists('dying')).toBe(false);
  });
});
