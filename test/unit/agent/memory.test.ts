// Who wants an object: told from every Kustomization's newest build, whatever came and went before it.
import { expect, test } from 'vitest';
import { Memory } from '../../../src/agent/memory.ts';

test('an object is wanted by those whose newest build holds it', () => {
  const memory = new Memory();
  memory.desires('a/one', new Set(['x', 'y']));
  memory.desires('a/two', new Set(['y', 'z']));
  expect(memory.desiring('y')).toEqual(['a/one', 'a/two']);
  memory.desires('a/one', new Set(['x', 'z']));
  expect(memory.desiring('y')).toEqual(['a/two']);
  expect(memory.desiring('z')).toEqual(['a/two', 'a/one']);
  memory.forget('a/two');
  expect(memory.desiring('y')).toEqual([]);
  expect(memory.desiring('z')).toEqual(['a/one']);
  expect(memory.desiring('x')).toEqual(['a/one']);
});

test('one that is made anew under its name is not late from its first look on when it is deleted', () => {
  const memory = new Memory();
  expect(memory.goingSince('a/one', 'first', 1_000)).toBe(1_000);
  expect(memory.goingSince('a/one', 'first', 5_000)).toBe(1_000);
  // A list that came after both its end and its return told neither.
  expect(memory.goingSince('a/one', 'second', 900_000)).toBe(900_000);
  expect(memory.goingSince('a/one', 'second', 901_000)).toBe(900_000);
});
