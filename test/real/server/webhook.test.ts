import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SluiceError } from '../../../src/errors.ts';
import { type Hooked, headersFor, hooked, opened, previous, raw, secret, send, sign } from './hook.ts';

let hook: Hooked;
const body = JSON.stringify(opened);

beforeEach(async () => {
  hook = await hooked();
});
afterEach(() => hook.server.close(0));

const said = (): Record<string, unknown>[] => hook.lines.map((line) => JSON.parse(line)).slice(1);

describe('a delivery', () => {
  test('becomes a job, and is answered once the queue has it', async () => {
    const queued = Promise.withResolvers<void>();
    let asked = 0;
    hook.add = () => {
      asked += 1;
      return queued.promise;
    };
    let answered = false;
    const response = send(hook.server, body).then((one) => {
      answered = true;
      return one;
    });
    await expect.poll(() => asked).toBe(1);
    expect(answered).toBe(false);
    queued.resolve();
    expect(await response).toMatchObject({ status: 202, text: 'Accepted\n' });
    expect(hook.jobs).toEqual([
      {
        kind: 'review',
        version: 1,
        installation: 3,
        repository: 7,
        fullName: 'acme/shop',
        pull: 12,
        cause: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      },
    ]);
    expect(said()).toEqual([
      expect.objectContaining({
        level: 'info',
        message: 'queued',
        delivery: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
        event: 'pull_request',
        repository: 'acme/shop',
        pull: 12,
        jobs: 'review',
      }),
    ]);
  });

  test('of a push tells every cluster that has an agent, once all have it', async () => {
    const { installation, repository } = opened;
    const push = JSON.stringify({ installation, repository, ref: 'refs/heads/topic' });
    const headers = headersFor(push, { 'x-github-event': 'push' });
    expect(await send(hook.server, push, { headers })).toMatchObject({ status: 202 });
    expect(hook.jobs).toEqual([]);
    hook.clusters = async () => ['prod-eu', 'prod/us'];
    expect(await send(hook.server, push, { headers })).toMatchObject({ status: 202 });
    const job = { kind: 'pushed', version: 1, url: 'https://github.com/acme/shop', ref: 'refs/heads/topic' };
    const cause = '72d3162e-cc78-11e3-81ab-4c9367dc0958';
    expect(hook.jobs).toEqual(['prod-eu', 'prod/us'].map((cluster) => ({ ...job, cluster, cause })));
    hook.clusters = () => Promise.reject(new SluiceError('queue.unavailable', 'away', { kind: 'transient' }));
    expect(await send(hook.server, push, { headers })).toMatchObject({ status: 503 });
    expect(said().slice(0, 3)).toMatchObject([
      { message: 'ignored', reason: 'not the tracked branch, and no cluster to tell' },
      { message: 'queued', jobs: 'pushed×2' },
      { message: 'not queued', code: 'queue.unavailable' },
    ]);
  });

  test('that asks for nothing is accepted, and the log says why', async () => {
    expect(await send(hook.server, '{"zen":"x"}', { headers: { 'x-github-event': 'ping' } })).toMatchObject({
      status: 202,
    });
    expect(await send(hook.server, '{}', { headers: { 'x-github-event': 'of_tomorrow' } })).toMatchObject({
      status: 202,
    });
    expect(hook.jobs).toEqual([]);
    expect(said().map(({ message, reason }) => [message, reason])).toEqual([
      ['ignored', 'a ping'],
      ['ignored', 'an event of no interest'],
    ]);
  });

  test('for another App is dropped', async () => {
    const headers = {
      'x-github-hook-installation-target-type': 'integration',
      'x-github-hook-installation-target-id': '98',
    };
    expect(await send(hook.server, body, { headers })).toMatchObject({ status: 202 });
    expect(hook.jobs).toEqual([]);
    await send(hook.server, body, { headers: { ...headers, 'x-github-hook-installation-target-id': '99' } });
    expect(hook.jobs).toHaveLength(1);
  });

  test('sent a hundred times is the same job a hundred times, for the queue to make one of', async () => {
    const sent = await Promise.all(Array.from({ length: 100 }, () => send(hook.server, body)));
    expect(new Set(sent.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(hook.jobs.map((job) => JSON.stringify(job))).size).toBe(1);
  });

  test('that the queue does not take is answered 503, so that GitHub counts it as failed', async () => {
    hook.add = () => Promise.reject(new SluiceError('queue.unavailable', 'redis is down', { kind: 'transient' }));
    expect(await send(hook.server, body)).toMatchObject({ status: 503, text: 'Service Unavailable\n' });
    hook.add = () => Promise.reject(new Error(`odd: ${secret}`));
    expect(await send(hook.server, body)).toMatchObject({ status: 503, text: 'Service Unavailable\n' });
    expect(said().map(({ level, message }) => [level, message])).toEqual([
      ['error', 'not queued'],
      ['warn', 'request refused'],
      ['error', 'not queued'],
      ['warn', 'request refused'],
    ]);
    expect(hook.lines.join('')).not.toContain(secret);
  });
});

describe('a signature', () => {
  test('of the secret before is good while it is given', async () => {
    const headers = { 'x-hub-signature-256': sign(body, previous) };
    expect(await send(hook.server, body, { headers })).toMatchObject({ status: 202 });
    await hook.server.close(0);
    hook = await hooked({ webhookSecrets: [secret] });
    expect(await send(hook.server, body, { headers })).toMatchObject({ status: 401 });
  });

  test('is over the bytes as they came, odd ones too', async () => {
    const spaced = `  ${body.replace('opened', '\\u006fpened')}\n`;
    expect(await send(hook.server, spaced)).toMatchObject({ status: 202 });
    expect(hook.jobs).toHaveLength(1);
    expect(await send(hook.server, spaced, { headers: { 'x-hub-signature-256': sign(body) } })).toMatchObject({
      status: 401,
    });
    const bytes = Uint8Array.of(0x7b, 0xff, 0x7d);
    expect(await send(hook.server, bytes)).toMatchObject({ status: 400 });
    const replaced = { 'x-hub-signature-256': sign(new TextDecoder().decode(bytes)) };
    expect(await send(hook.server, bytes, { headers: replaced })).toMatchObject({ status: 401 });
  });

  test.each<[string, string | undefined]>([
    ['missing', undefined],
    ['empty', ''],
    ['of a wrong secret', sign(body, 'another-secret')],
    ['of an empty secret', sign(body, '')],
    ['of another body', sign(`${body} `)],
    ['sha1', `sha1=${'0'.repeat(40)}`],
    ['without its name', sign(body).slice(7)],
    ['in capitals', sign(body).toUpperCase()],
    ['too short', sign(body).slice(0, -2)],
    ['too long', `${sign(body)}00`],
    ['two', `${sign(body)},${sign(body)}`],
  ])('that is %s is refused', async (_, signature) => {
    const headers = { 'x-hub-signature-256': signature };
    expect(await send(hook.server, body, { headers })).toMatchObject({ status: 401, text: 'Unauthorized\n' });
    expect(hook.jobs).toEqual([]);
    expect(said()).toEqual([expect.objectContaining({ message: 'request refused', status: 401 })]);
    expect(hook.lines.join('')).not.toContain(sign(body).slice(7));
  });
});

describe('not a delivery', () => {
  test.each([
    ['//webhook'],
    ['/webhook/'],
    ['/webhook/../webhook'],
    ['/webhook/../metrics'],
    ['/%77ebhook'],
    ['/webhook?x=1'],
    ['/webhook#x'],
    ['/WEBHOOK'],
    ['/'],
    ['/healthz'],
    ['/readyz'],
    ['/metrics'],
    ['http://127.0.0.1/webhook'],
    ['*'],
  ])('path %s', async (path) => {
    expect(await send(hook.server, body, { path })).toMatchObject({ status: 404, text: 'Not Found\n' });
    expect(hook.jobs).toEqual([]);
  });

  test.each([['GET'], ['HEAD'], ['PUT'], ['DELETE'], ['OPTIONS'], ['PATCH'], ['TRACE']])(
    'method %s',
    async (method) => {
      const response = await send(hook.server, body, { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
    },
  );

  test.each([
    ['application/x-www-form-urlencoded'],
    ['text/plain'],
    ['application/json; charset=utf-7'],
    [''],
    ['application/jsonp'],
  ])('content type %j', async (type) => {
    expect(await send(hook.server, body, { headers: { 'content-type': type } })).toMatchObject({ status: 415 });
  });

  test('a compressed body is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip'])
      expect(await send(hook.server, bomb, { headers: { 'content-encoding': encoding } })).toMatchObject({
        status: 415,
      });
  });

  test.each([
    ['x-github-event', ''],
    ['x-github-event', 'Pull-Request'],
    ['x-github-event', 'a'.repeat(65)],
    ['x-github-delivery', ''],
    ['x-github-delivery', 'x y'],
    ['x-github-delivery', 'a'.repeat(65)],
  ])('%s: %j', async (name, value) => {
    expect(await send(hook.server, body, { headers: { [name]: value } })).toMatchObject({ status: 400 });
    expect(hook.jobs).toEqual([]);
  });

  test.each([['{'], [''], ['{"a":1}x'], ['\u0000']])('signed %j', async (text) => {
    expect(await send(hook.server, text)).toMatchObject({ status: 400, text: 'Bad Request\n' });
  });

  test('signed and hostile: depth, __proto__, duplicate keys', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    expect(await send(hook.server, deep)).toMatchObject({ status: 202 });
    expect(await send(hook.server, `{"repository":${deep}}`)).toMatchObject({ status: 202 });
    expect(
      await send(hook.server, '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    ).toMatchObject({
      status: 202,
    });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(hook.jobs).toEqual([]);
    expect(await send(hook.server, body.replace('{', '{"action":"labeled",'))).toMatchObject({ status: 202 });
    expect(hook.jobs).toHaveLength(1);
  });
});

describe('requests read two ways', () => {
  const lines = Object.entries(headersFor(body)).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = (more: string, first = 'POST /webhook HTTP/1.1'): string =>
    `${first}\r\nhost: x\r\nconnection: close\r\n${lines.join('')}${more}\r\n`;
  const length = Buffer.byteLength(body);

  test('the same by hand is taken', async () => {
    const { text } = await raw(hook.server, head(`content-length: ${length}\r\n`) + body);
    expect(text).toMatch(/^HTTP\/1.1 202 /);
  });

  test.each([
    ['a length and chunks', head(`content-length: ${length}\r\ntransfer-encoding: chunked\r\n`)],
    ['two lengths', head(`content-length: ${length}\r\ncontent-length: 0\r\n`)],
    ['a length that is none', head('content-length: +5\r\n')],
    ['chunks that are none', head('transfer-encoding: xchunked\r\n')],
    ['chunks, and something else', head('transfer-encoding: chunked, identity\r\n')],
    ['a header with a space before the colon', head('content-length : 5\r\n')],
    ['a folded header', head(`x-a: b\r\n c\r\ncontent-length: ${length}\r\n\u0000`)],
    ['no host', head('').replace('host: x\r\n', '')],
    ['headers without end', head(`x: ${'y'.repeat(20_000)}\r\n`)],
  ])('%s', async (_, text) => {
    const answered = await raw(hook.server, text + body);
    expect(answered.text).toMatch(/^HTTP\/1.1 4\d\d /);
    expect(hook.jobs).toEqual([]);
  });
});
