import { afterAll, beforeAll, describe, test } from 'vitest';
import { Arena } from './arena.ts';
import { valuePlatform, valueRows } from './values.ts';

describe('Secrets in Git, and values that substitution brings', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(valuePlatform);
  });
  afterAll(() => arena.close());

  test.each(valueRows)('$id $title', (row) => arena.meet(row));
});
