import { afterEach, describe, expect, test } from 'vitest';
import { type Hooked, headersFor, hooked, opened, raw, secret, send, sign } from './hook.ts';

let hook: Hooked;
const body = JSON.stringify(opened);
const maximum = 5 * 1024 * 1024;

afterEach(() => hook.server.close(0));

const head = (headers: Record<string, string>): string =>
  `POST /webhook HTTP/1.1\r\nhost: x\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

describe('bodies', () => {
  test('an announced gigabyte is refused before a byte of it', async () => {
    hook = await hooked();
    const { text } = await raw(hook.server, head({ ...headersFor(''), 'content-length': '1000000000' }));
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  test('who asks first is told no', async () => {
    hook = await hooked();
    const headers = { ...headersFor(''), 'content-length': '1000000000', expect: '100-continue' };
    const { text } = await raw(hook.server, head(headers));
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(text).not.toContain('100 Continue');
  });

  test('who asks first with a body that fits is told to go on', async () => {
    hook = await hooked();
    const length = String(Buffer.byteLength(body));
    const headers = { ...headersFor(body), 'content-length': length, expect: '100-continue', connection: 'close' };
    const { text } = await raw(hook.server, head(headers), (write) => write(body));
    expect(text).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 202 /);
  });

  test('chunks without end are cut at the limit, and not kept', async () => {
    hook = await hooked();
    const block = Buffer.alloc(64 * 1024, 'x');
    const chunk = Buffer.concat([Buffer.from(`${block.byteLength.toString(16)}\r\n`), block, Buffer.from('\r\n')]);
    const before = process.memoryUsage().arrayBuffers;
    const { text } = await raw(
      hook.server,
      head({ ...headersFor(''), 'transfer-encoding': 'chunked' }),
      (write, closed) => {
        let sent = 0;
        const more = (): void => {
          if (closed() || sent > 200 * 1024 * 1024) return;
          sent += chunk.byteLength;
          write(chunk);
          setImmediate(more);
        };
        more();
      },
    );
    expect(text).toMatch(/^HTTP\/1.1 413 /);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(400 * 1024 * 1024);
    expect(hook.jobs).toEqual([]);
  });

  test('the largest body that fits, and one byte more', async () => {
    hook = await hooked();
    const filler = 'x'.repeat(maximum - Buffer.byteLength(body) - '{"filler":"",'.length + 1);
    const largest = body.replace('{', `{"filler":"${filler}",`);
    expect(Buffer.byteLength(largest)).toBe(maximum);
    expect(await send(hook.server, largest)).toMatchObject({ status: 202 });
    expect(await send(hook.server, `${largest} `)).toMatchObject({ status: 413 });
    expect(hook.jobs).toHaveLength(1);
  });

  test('many large ones at once do not fill the memory: some are told to come again', async () => {
    hook = await hooked();
    const half = 'x'.repeat(maximum - 100);
    const headers = { ...headersFor(''), 'content-length': String(maximum) };
    const held: Promise<{ readonly text: string }>[] = [];
    for (let count = 0; count < 20; count += 1)
      held.push(raw(hook.server, head({ ...headers, connection: 'close' }), (write) => write(half)));
    await expect.poll(() => hook.lines.filter((line) => line.includes('too many bodies')).length).toBeGreaterThan(0);
    await hook.server.close(0);
    const answers = (await Promise.all(held)).map(({ text }) => text.slice(9, 12)).filter((status) => status !== '');
    expect(new Set(answers)).toEqual(new Set(['503']));
  });
});

describe('slow senders', () => {
  test('headers that never end', async () => {
    hook = await hooked({ limits: { headersMs: 300, requestMs: 600 } });
    const { text, ms } = await raw(hook.server, 'POST /webhook HTTP/1.1\r\nhost: x\r\nx-a: ');
    expect(text).toMatch(/^(?:HTTP\/1.1 408 |$)/);
    // Long before what a server takes that is told nothing.
    expect(ms).toBeLessThan(9_000);
  });

  test('a body that never ends', async () => {
    hook = await hooked({ limits: { headersMs: 300, requestMs: 600 } });
    const { text, ms } = await raw(
      hook.server,
      head({ ...headersFor(body), 'content-length': '500' }),
      (write, closed) => {
        const drop = setInterval(() => (closed() ? clearInterval(drop) : write('x')), 50);
      },
    );
    expect(text).toMatch(/^(?:HTTP\/1.1 40[08] |$)/);
    // Long before what a server takes that is told nothing.
    expect(ms).toBeLessThan(9_000);
    expect(hook.jobs).toEqual([]);
  });

  test('a hundred of them keep nobody else waiting', async () => {
    hook = await hooked();
    const slow = Array.from({ length: 100 }, () => raw(hook.server, 'POST /webhook HTTP/1.1\r\nx: '));
    const begun = performance.now();
    expect(await send(hook.server, body)).toMatchObject({ status: 202 });
    expect(performance.now() - begun).toBeLessThan(9_000);
    await hook.server.close(0);
    await Promise.all(slow);
  });
});

describe('a flood', () => {
  test('of refusals fills no log', async () => {
    hook = await hooked();
    for (let count = 0; count < 200; count += 1)
      await send(hook.server, body, { headers: { 'x-hub-signature-256': sign(body, 'wrong') } });
    expect(hook.lines.filter((line) => line.includes('request refused'))).toHaveLength(60);
  });

  test('of signed deliveries costs one job each, and each answer waits for its own alone', async () => {
    hook = await hooked();
    const never = Promise.withResolvers<void>();
    let first = true;
    hook.add = async () => {
      const stuck = first;
      first = false;
      if (stuck) await never.promise;
    };
    const stuck = send(hook.server, body);
    await expect.poll(() => first).toBe(false);
    const others = await Promise.all(Array.from({ length: 300 }, () => send(hook.server, body)));
    expect(new Set(others.map(({ status }) => status))).toEqual(new Set([202]));
    never.resolve();
    expect(await stuck).toMatchObject({ status: 202 });
  });
});

describe('health, on a port of its own', () => {
  const get = async (path: string, method = 'GET'): Promise<number> =>
    (await fetch(`${hook.server.adminUrl}${path}`, { method })).status;

  test('alive, and ready while the queue answers', async () => {
    hook = await hooked();
    expect([await get('/healthz'), await get('/readyz')]).toEqual([200, 200]);
    hook.healthy = async () => false;
    expect([await get('/healthz'), await get('/readyz')]).toEqual([200, 503]);
    hook.healthy = () => Promise.reject(new Error('down'));
    expect(await get('/readyz')).toBe(503);
  });

  test('a queue that hangs is not ready, within seconds', async () => {
    hook = await hooked();
    hook.healthy = () => new Promise(() => {});
    expect(await get('/readyz')).toBe(503);
  });

  test('nothing else is there', async () => {
    hook = await hooked();
    expect(await get('/webhook')).toBe(404);
    expect(await get('/metrics')).toBe(404);
    expect(await get('/healthz', 'POST')).toBe(405);
  });
});

describe('stopping', () => {
  test('lets the delivery under way finish, and takes no other', async () => {
    hook = await hooked();
    const queued = Promise.withResolvers<void>();
    let asked = false;
    hook.add = () => {
      asked = true;
      return queued.promise;
    };
    const last = send(hook.server, body);
    await expect.poll(() => asked).toBe(true);
    const closing = hook.server.close(60_000);
    await expect(send(hook.server, body)).rejects.toThrow('ECONNREFUSED');
    queued.resolve();
    expect(await last).toMatchObject({ status: 202 });
    await closing;
  });

  test('a port that is taken is said at the start', async () => {
    hook = await hooked();
    const port = Number(new URL(hook.server.webhookUrl).port);
    await expect(hooked({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({ code: 'configuration' });
  });
});

test('no secret, signature or body of a delivery stands in the log', async () => {
  hook = await hooked();
  await send(hook.server, body);
  await send(hook.server, body, { headers: { 'x-hub-signature-256': sign(body, 'wrong') } });
  await send(hook.server, body, { headers: { 'x-github-event': 'issue_comment' } });
  const all = hook.lines.join('');
  for (const word of [secret, sign(body).slice(7), 'ghs_', 'title']) expect(all).not.toContain(word);
});
