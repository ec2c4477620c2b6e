import { expect, test } from 'vitest';
import { isMerged } from '../../../src/object/merge-patch.ts';

test.each([
  [{ a: 1, b: 2 }, { a: 1 }],
  [{ a: { b: 'x', c: 'y' } }, { a: { b: 'x' } }],
  [{ a: 1 }, { b: null }],
  [{ a: 1 }, { b: undefined }],
  [{ list: [{ a: 1, b: 2 }] }, { list: [{ b: 2, a: 1 }] }],
  [{ list: [{ a: 1 }] }, { list: [{ a: 1, b: undefined }] }],
  [{}, {}],
])('%j has %j already', (value, patch) => {
  expect(isMerged(value, patch)).toBe(true);
});

test.each([
  [{ a: 1 }, { a: 2 }],
  [{ a: 1 }, { a: '1' }],
  [{ a: 1 }, { a: null }],
  [undefined, { a: 1 }],
  [{ a: [1] }, { a: { 0: 1 } }],
  [{ list: [1, 2] }, { list: [1] }],
  [{ list: [1, 2] }, { list: [2, 1] }],
  [{ list: [{ a: 1, b: 2 }] }, { list: [{ a: 1 }] }],
  [{ a: 1 }, { toString: null, valueOf: { call: 1 } }],
])('%j has not all of %j', (value, patch) => {
  expect(isMerged(value, patch)).toBe(false);
});
