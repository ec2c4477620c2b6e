import { afterEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/adapters/github/clock.ts';
import { createGitHub } from '../../../src/adapters/github/github.ts';
import { SluiceError } from '../../../src/errors.ts';
import type { GitHub } from '../../../src/ports/github.ts';
import { type Answering, type Asked, answering, privateKey, pull, type Reply } from './answering.ts';

const at = { installation: 3, repository: 7 };
const start = Math.floor(Date.now() / 1000) * 1000;
let server: Answering;
let time: number;
let slept: number[];

const clock: Clock = {
  now: () => time,
  sleep: async (ms) => {
    slept.push(ms);
    time += ms;
  },
};

async function github(reply: (asked: Asked, count: number) => Reply): Promise<GitHub> {
  time = start;
  slept = [];
  server = await answering((asked, count) => (asked.line.endsWith('/access_tokens') ? {} : reply(asked, count)));
  return createGitHub({ appId: 99, privateKey, apiUrl: server.url, clock });
}

afterEach(() => server.close());

async function failure(promise: Promise<unknown>): Promise<SluiceError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(SluiceError);
  return error as SluiceError;
}

const forToken = (address: Parameters<typeof fetch>[0]): boolean =>
  typeof address === 'string' && address.endsWith('/access_tokens');
const seconds = (error: SluiceError): number => Math.round(((error.retryAt?.getTime() ?? Number.NaN) - start) / 1000);
const reset = (inSeconds: number): string => String(Math.floor(start / 1000) + inSeconds);

describe('limits', () => {
  test.each<[string, Reply, number]>([
    [
      'primary, used up',
      { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset(1800) }, body: {} },
      1801,
    ],
    ['secondary, with a time', { status: 403, headers: { 'retry-after': '77' }, body: {} }, 77],
    ['secondary as 429', { status: 429, headers: { 'retry-after': '5' }, body: {} }, 5],
    ['429 without a time', { status: 429, body: {} }, 60],
    ['secondary without a time', { status: 403, body: { message: 'You have exceeded a secondary rate limit' } }, 60],
    ['abuse detection', { status: 403, body: { message: 'You have triggered an abuse detection mechanism' } }, 60],
    ['a time that makes no sense', { status: 429, headers: { 'retry-after': 'soon' }, body: {} }, 60],
    ['a time without end', { status: 429, headers: { 'retry-after': '999999999' }, body: {} }, 86_400],
  ])('%s', async (_, reply, wait) => {
    const hub = await github(() => reply);
    const error = await failure(hub.createComment(at, 2, 'x'));
    expect(error).toMatchObject({ code: 'github.limit', kind: 'transient' });
    expect(Math.abs(seconds(error) - wait)).toBeLessThanOrEqual(1);
    expect(slept).toEqual([]);
  });

  test('no call goes out before the time, for anything of that installation; others go on', async () => {
    const hub = await github(({ line }) =>
      line.includes('/repositories/7/')
        ? { status: 403, headers: { 'retry-after': '30' }, body: {} }
        : { body: pull(1) },
    );
    await failure(hub.createComment(at, 2, 'x'));
    const before = server.asked.length;
    for (let call = 0; call < 50; call += 1)
      expect(seconds(await failure(hub.pullRequest({ ...at, repository: 8 }, call)))).toBe(30);
    expect(server.asked).toHaveLength(before);
    expect(await hub.pullRequest({ installation: 4, repository: 8 }, 1)).toBeDefined();
    time += 31_000;
    expect(await hub.pullRequest({ ...at, repository: 8 }, 1)).toBeDefined();
  });

  test('the last call of the hour pauses before GitHub has to say so', async () => {
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset(600) };
    const hub = await github(() => ({ headers, body: pull(1) }));
    expect(await hub.pullRequest(at, 1)).toBeDefined();
    expect(seconds(await failure(hub.pullRequest(at, 1)))).toBe(601);
    expect(server.lines()).toHaveLength(1);
  });

  test('limits without a time get longer, and calls that fail together count once', async () => {
    const hub = await github(() => ({ status: 429, body: {} }));
    await Promise.all(Array.from({ length: 10 }, () => failure(hub.pullRequest(at, 1))));
    const waits = [];
    for (let round = 0; round < 5; round += 1) {
      time += 16 * 60_000;
      const error = await failure(hub.pullRequest(at, 1));
      waits.push(Math.round(((error.retryAt?.getTime() ?? 0) - time) / 60_000));
    }
    expect(waits).toEqual([2, 4, 8, 15, 15]);
  });

  test('the reset is on GitHub’s clock', async () => {
    const ahead = 600;
    const date = new Date(start + ahead * 1000).toUTCString();
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset(ahead + 60), date };
    const hub = await github(() => ({ status: 403, headers, body: {} }));
    expect(Math.abs(seconds(await failure(hub.pullRequest(at, 1))) - 61)).toBeLessThanOrEqual(2);
  });
});

describe('our own pace', () => {
  test('80 comments a minute; the 81st is told when, and does not sleep', async () => {
    const hub = await github(() => ({ body: { id: 1 } }));
    const made = await Promise.allSettled(Array.from({ length: 90 }, () => hub.createComment(at, 2, 'x')));
    const refused = made.flatMap((one) => (one.status === 'rejected' ? [one.reason as SluiceError] : []));
    expect(refused).toHaveLength(10);
    for (const error of refused) {
      expect(error).toMatchObject({ code: 'github.limit', kind: 'transient' });
      expect(seconds(error)).toBe(60);
    }
    expect(server.lines()).toHaveLength(80);
    // Changing one is no new content, and goes on.
    await hub.updateComment(at, 1, 'y');
    time += 59_000;
    // A second is waited for.
    await hub.createComment(at, 2, 'x');
    expect(slept).toEqual([1000]);
  });

  test('500 comments an hour', async () => {
    const hub = await github(() => ({ body: { id: 1 } }));
    let made = 0;
    for (let minute = 0; minute < 10; minute += 1) {
      const results = await Promise.allSettled(Array.from({ length: 80 }, () => hub.createComment(at, 2, 'x')));
      made += results.filter(({ status }) => status === 'fulfilled').length;
      time += 60_000;
    }
    expect(made).toBe(500);
  });

  test('at most 20 calls at once for an installation', async () => {
    let now = 0;
    let most = 0;
    const slow: typeof fetch = async (address, init) => {
      if (forToken(address)) return fetch(address, init);
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return Response.json(pull(1));
    };
    await github(() => ({}));
    const hub = createGitHub({ appId: 99, privateKey, apiUrl: server.url, clock, fetch: slow });
    await Promise.all(Array.from({ length: 200 }, () => hub.pullRequest(at, 1)));
    expect(most).toBe(20);
  });
});

describe('outages', () => {
  test.each<[string, Reply]>([
    ['500', { status: 500, body: { message: 'secret' } }],
    ['502', { status: 502, body: {} }],
    ['503 with a time', { status: 503, headers: { 'retry-after': '9' }, body: {} }],
    ['a connection that is cut', { cut: true }],
  ])('%s is transient, tried once, and says nothing of the answer', async (name, reply) => {
    const hub = await github(() => reply);
    const error = await failure(hub.createComment(at, 2, 'x'));
    expect(error).toMatchObject({ code: 'github.unavailable', kind: 'transient' });
    expect(error.retryAt === undefined ? undefined : seconds(error)).toBe(name.endsWith('time') ? 9 : undefined);
    expect(`${error.message}${error.stack}${JSON.stringify(error)}`).not.toMatch(/secret|ghs_/);
    expect(error.cause).toBeUndefined();
    expect(server.lines()).toHaveLength(1);
  });

  test('nobody there', async () => {
    const hub = await github(() => ({}));
    await server.close();
    expect(await failure(hub.pullRequest(at, 1))).toMatchObject({ code: 'github.unavailable', kind: 'transient' });
  });

  test('an answer without end is cut off', async () => {
    await github(() => ({}));
    const endless: typeof fetch = async (address, init) => {
      if (forToken(address)) return fetch(address, init);
      const block = new Uint8Array(1024 * 1024);
      return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(block) }));
    };
    const hub = createGitHub({ appId: 99, privateKey, apiUrl: server.url, clock, fetch: endless });
    expect(await failure(hub.pullRequest(at, 1))).toMatchObject({ code: 'github.unavailable' });
  });

  test('a redirect is not followed', async () => {
    const hub = await github(() => ({ status: 301, headers: { location: 'http://127.0.0.1:1/elsewhere' }, body: {} }));
    expect(await failure(hub.createComment(at, 1, 'x'))).toMatchObject({ code: 'github.rejected', kind: 'terminal' });
    expect(server.lines()).toHaveLength(1);
  });
});
