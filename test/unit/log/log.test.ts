import { describe, expect, test } from 'vitest';
import { createLog } from '../../../src/adapters/log/log.ts';
import { createScrubber } from '../../../src/adapters/log/scrub.ts';
import { SluiceError } from '../../../src/errors.ts';

const secret = 'hook-secret/with+odd=chars&"quotes"';
const pem = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEowIBAAKCAQEA'.repeat(4)}\n${'q83vEjRWeJq83vEj'.repeat(4)}\n-----END RSA PRIVATE KEY-----\n`;

function lines(secrets: readonly string[] = []): { log: ReturnType<typeof createLog>; out: string[] } {
  const out: string[] = [];
  return { log: createLog({ level: 'debug', secrets, destination: { write: (line) => void out.push(line) } }), out };
}

const only = (out: readonly string[]): Record<string, unknown> => {
  expect(out).toHaveLength(1);
  expect(out[0]?.endsWith('\n')).toBe(true);
  expect(out[0]?.trimEnd()).not.toContain('\n');
  return JSON.parse(out[0] ?? '');
};

describe('by value', () => {
  const jwt = `eyJ${'h'.repeat(20)}.eyJ${'c'.repeat(20)}.sig`;
  test.each<[string, string]>([
    ['as it is', secret],
    ['in base64', Buffer.from(secret).toString('base64')],
    ['in base64url', Buffer.from(secret).toString('base64url')],
    ['URL-encoded', encodeURIComponent(secret)],
    ['JSON-escaped', JSON.stringify({ value: secret })],
    ['twice JSON-escaped', JSON.stringify(JSON.stringify({ value: secret }))],
    ...['a', 'ab', 'abc'].map((user): [string, string] => [
      `as basic authentication of ${user}`,
      Buffer.from(`${user}:${secret}`).toString('base64'),
    ]),
    ['a line of a key', pem.split('\n')[2] ?? ''],
    ['a JWT', jwt],
  ])('%s', (_, text) => {
    const { log, out } = lines([secret, pem]);
    log.info(`before ${text} after`, { field: text, nested: { list: [text] }, error: new Error(text) });
    const said = only(out);
    const line = out[0] ?? '';
    for (const word of ['hook-secret', 'aG9vay1zZWNyZXQ', 'hvb2stc2VjcmV0', 'q83vEjRWeJ', 'hhhhhhhhhh'])
      expect(line).not.toContain(word);
    expect(line).not.toContain(text);
    expect(said['message']).toContain('***');
    expect(said['message']).toMatch(/^before .* after$/);
  });

  test('a token from the moment it is known', () => {
    const { log, out } = lines();
    log.with({ repository: 'a/b' }).hide('opaque-token-1');
    log.info('x opaque-token-1 y');
    expect(only(out)['message']).toBe('x *** y');
  });

  test('short values hide no ordinary words', () => {
    expect(createScrubber(['main', '']).scrub('main line')).toBe('main line');
  });

  test('a secret within a field name', () => {
    const { log, out } = lines([secret]);
    log.info('x', { nested: { [secret]: 1 } });
    expect(out[0]).not.toContain('hook-secret');
  });
});

describe('by shape', () => {
  test.each([
    ['ghs_16C7e42F292c6912E7710c838347Ae178B4a', '***'],
    [`ghs_123_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0abc.${'s'.repeat(300)}`, '***'],
    ['ghp_16C7e42F292c6912E7710c838347Ae178B4a', '***'],
    ['github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz', '***'],
    ['eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE2MDAwMDAwMDB9.c2lnbmF0dXJl', '***'],
    ['authorization: token abcdef', 'authorization: ***'],
    ['Authorization: Bearer abc.def', 'Authorization: ***'],
    ['{"authorization":"basic dXNlcjpwYXNz"}', '{"authorization":"***"}'],
    ['sent Bearer abcdefghijklmnopqrstuvwxyz', 'sent Bearer ***'],
    ['https://x-access-token:abc@github.com/a/b.git', 'https://***@github.com/a/b.git'],
    ['redis://:hunter2@queue:6379/0', 'redis://***@queue:6379/0'],
    ['postgres://me:p@ss@db/x', 'postgres://***@db/x'],
    ['-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----\n', '***'],
    ['-----BEGIN RSA PRIVATE KEY-----\\nMIIEvQIBADANBg', '***'],
  ])('%s', (text, clean) => {
    expect(createScrubber().scrub(text)).toBe(clean);
  });

  test.each([
    'a basic understanding of the bearer token',
    'https://github.com/acme/shop/pull/12',
    'mailto a@b.example, @team',
    'a'.repeat(40),
    'main@sha1:b5b57875f334f61aebed695e2e4193db5e000000',
  ])('leaves: %s', (text) => {
    expect(createScrubber().scrub(text)).toBe(text);
  });

  test.each([
    ['eyJ'.repeat(60_000)],
    ['://'.repeat(60_000)],
    ['-----BEGIN PRIVATE KEY-----'.repeat(5_000)],
    [`authorization${' '.repeat(100_000)}`],
    ['authorization:'.repeat(10_000)],
    ['ghs_'.repeat(50_000)],
  ])('no text makes it slow: %.20s', (text) => {
    const begun = performance.now();
    createScrubber([secret]).scrub(text);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });
});

describe('lines', () => {
  test('say what they are about', () => {
    const { log, out } = lines();
    log.with({ delivery: 'd-1' }).warn('queued', { repository: 'acme/shop', pull: 12, head: undefined });
    const { time, ...rest } = only(out);
    expect(rest).toEqual({ level: 'warn', delivery: 'd-1', repository: 'acme/shop', pull: 12, message: 'queued' });
    expect(new Date(String(time)).toISOString()).toBe(time);
  });

  test('cannot be forged, and no terminal or reader obeys what stands in them', () => {
    const { log, out } = lines();
    const text = 'x\n{"level":"info","message":"approved"}\r\u001b[31m\u009b31m\u202e\u2028\u200b';
    log.info(text, { [text]: text });
    expect(only(out)['message']).toBe(text);
    const odd = Array.from((out[0] ?? '').trimEnd()).filter(
      (one) => one < ' ' || '\u007f\u009b\u200b\u2028\u202e'.includes(one),
    );
    expect(odd).toEqual([]);
  });

  test('stay short', () => {
    const { log, out } = lines([secret]);
    const deep: Record<string, unknown> = {};
    deep['self'] = deep;
    log.info('m'.repeat(10_000_000), {
      long: `${'x'.repeat(5_000)}`,
      list: Array.from({ length: 1_000 }, () => 'y'.repeat(10)),
      deep,
      bytes: new Uint8Array(1_000_000),
      odd: [1n, Symbol('s'), () => 1, Number.NaN, new Date(Number.NaN)],
    });
    expect(out[0]?.length).toBeLessThan(10_000);
    expect(only(out)).toMatchObject({ message: '(10000000 characters)', bytes: '(1000000 bytes)' });
  });

  test('an error of ours by its words, another with its stack', () => {
    const { log, out } = lines();
    const retryAt = new Date(0);
    log.error('failed', {
      error: new SluiceError('github.limit', 'wait', { kind: 'transient', retryAt, cause: secret }),
    });
    expect(only(out)['error']).toEqual({
      code: 'github.limit',
      kind: 'transient',
      message: 'wait',
      retryAt: '1970-01-01T00:00:00.000Z',
    });
    const other = lines();
    other.log.error('failed', { error: new TypeError('odd') });
    expect(only(other.out)['error']).toMatchObject({ name: 'TypeError', message: 'odd', stack: expect.any(String) });
  });

  test('below the level nothing is written', () => {
    const out: string[] = [];
    createLog({ level: 'warn', destination: { write: (line) => void out.push(line) } }).info('x');
    expect(out).toEqual([]);
  });
});
