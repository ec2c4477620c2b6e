import { describe, expect, test } from 'vitest';
import { isTooDeep, maxDepth, parseMapping } from '../../../src/adapters/kube/exact.ts';
import { backOffMs, jittered, retryAfterMs } from '../../../src/adapters/kube/patience.ts';
import { readVersion } from '../../../src/adapters/kube/version.ts';
import { WireFailure } from '../../../src/adapters/kube/wire-failure.ts';

describe('JSON', () => {
  test.each([
    '{"a":9007199254740993}',
    '{"a":-9223372036854775808}',
    '{"a":1e400}',
    '{"a":[{"b":123456789012345678901234567890}],"c":"1234567890123456"}',
    '{"a":1.5,"b":9007199254740991}',
  ])('comes out as it went in: %s', (text) => {
    expect(JSON.stringify(parseMapping(text))).toBe(text);
  });

  test.each(['', '{', '{"a":1', '[1]', 'null', '5', '"x"', '<html>', '{"a":01}', '{}{}'])('%j is no answer', (text) => {
    expect(parseMapping(text)).toBeUndefined();
  });

  test.each(['{"__proto__":{"a":1},"b":2}', '{"\\u005f_proto__":{"a":1},"b":2}', '{"x":[{"__proto__":null}],"b":2}'])(
    'reaches no prototype: %s',
    (text) => {
      const parsed = parseMapping(text);
      expect(parsed).toMatchObject({ b: 2 });
      expect(Object.assign({}, parsed)).not.toHaveProperty('a');
      expect(JSON.stringify(parsed)).not.toContain('__proto__');
    },
  );

  test('is too deep at one level more than allowed', () => {
    const nested = (depth: number): unknown => parseMapping(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`);
    expect(isTooDeep(nested(maxDepth))).toBe(false);
    expect(isTooDeep(nested(maxDepth + 1))).toBe(true);
    expect(isTooDeep(nested(100_000))).toBe(true);
  });
});

describe('patience', () => {
  test.each([
    ['0', 0],
    ['7', 7_000],
    ['300', 300_000],
    ['999999', 300_000],
    ['-1', undefined],
    ['1.5', undefined],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('Retry-After %j is %j ms', (header, ms) => {
    expect(retryAfterMs(header)).toBe(ms);
  });

  test('backs off by doubling, at least half of it, never over the cap', () => {
    expect([0, 1, 2, 3, 50].map((failures) => backOffMs(failures, 0, 100, 1_000))).toEqual([50, 100, 200, 400, 500]);
    expect([0, 1, 50].map((failures) => backOffMs(failures, 1, 100, 1_000))).toEqual([100, 200, 1_000]);
    expect([jittered(1_000, 0), jittered(1_000, 1)]).toEqual([1_000, 1_200]);
  });
});

describe('versions', () => {
  test.each(['v1.36.3', 'v1.27.0', 'v1.31.4-gke.1183000', 'v1.30.5+k3s1', 'v2.0.0'])('%s will do', (version) => {
    expect(readVersion(version)).toBe(version);
  });

  test.each(['v1.26.15', 'v1.9.0', 'v0.99.0'])('%s will not', (version) => {
    expect(() => readVersion(version)).toThrow(expect.objectContaining({ code: 'kube.config', kind: 'terminal' }));
  });

  test.each([undefined, null, 5, '', '1.36', 'v1', 'v1.x', `v1.36.${'0'.repeat(100)}`, 'v1.36.3\nx'])(
    '%j is none',
    (version) => {
      expect(() => readVersion(version)).toThrow(expect.objectContaining({ code: 'kube.unavailable' }));
    },
  );
});

describe('failures of a connection', () => {
  const from = (code: string, reusedSocket = false): WireFailure =>
    WireFailure.from(Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:6443'), { code }), { reusedSocket });

  test.each([
    ['ECONNREFUSED', 'unused'],
    ['ENOTFOUND', 'unused'],
    ['ECONNRESET', 'broken'],
    ['EPIPE', 'broken'],
    ['HPE_INVALID_CONSTANT', 'broken'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'certificate'],
    ['CERT_HAS_EXPIRED', 'certificate'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'certificate'],
    ['', 'broken'],
  ])('%s is %s, without an address', (code, kind) => {
    const failure = from(code);
    expect(failure.kind).toBe(kind);
    expect(failure.message).toContain(code);
    expect(failure.message).not.toContain('10.1.2.3');
  });
});
