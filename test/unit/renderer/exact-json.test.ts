import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { maxDepth, parseExact } from '../../../src/adapters/renderer/exact-json.ts';

describe('parseExact', () => {
  test.each([
    '9007199254740991',
    '9007199254740993',
    '-9223372036854775808',
    '18446744073709551615',
    '123456789012345678901234567890',
    '1e400',
    '-1e999',
    '[1,2.5,{"a":9007199254740992}]',
    '{"digest":"1234567890123456789"}',
    '0.1',
    '1.5e-7',
  ])('prints %s as it was written', (text) => {
    expect(JSON.stringify(parseExact(text))).toBe(text);
  });

  test('leaves ordinary numbers numbers', () => {
    expect(parseExact('{"port":8080,"big":9007199254740991,"id":"1234567890123456"}')).toEqual({
      port: 8080,
      big: 9007199254740991,
      id: '1234567890123456',
    });
  });

  test('keeps every integer', () => {
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(JSON.stringify(parseExact(`{"n":${value}}`))).toBe(`{"n":${value}}`);
      }),
    );
  });

  test('keeps every JSON value', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        if (text.includes('__proto__')) return;
        expect(JSON.stringify(parseExact(text))).toBe(text);
      }),
    );
  });

  test('freezes all of it', () => {
    const value = parseExact('{"a":[{"b":{}}]}') as { a: [{ b: object }] };
    for (const part of [value, value.a, value.a[0], value.a[0].b]) expect(Object.isFrozen(part)).toBe(true);
  });

  test.each([
    ['no JSON', '{"a"', 'renderer.protocol'],
    ['a prototype key', '{"a":[{"__proto__":{"admin":true}}]}', 'renderer.protocol'],
    ['a prototype key beside a big number', '{"n":12345678901234567890,"b":{"__proto__":1}}', 'renderer.protocol'],
    ['deep nesting', '['.repeat(maxDepth + 2) + ']'.repeat(maxDepth + 2), 'build.tooLarge'],
    ['absurd nesting', `${'['.repeat(200_000)}12345678901234567890${']'.repeat(200_000)}`, 'build.tooLarge'],
  ])('refuses %s', (_, text, code) => {
    expect(() => parseExact(text)).toThrow(expect.objectContaining({ code }));
  });

  test('takes the text "__proto__" for a value', () => {
    expect(parseExact('["__proto__"]')).toEqual(['__proto__']);
  });
});
