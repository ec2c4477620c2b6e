import { afterAll, beforeAll, describe, test } from 'vitest';
import { Arena } from './arena.ts';
import { hostilePlatform } from './fixtures.ts';
import { outsideRows } from './outside.ts';

describe('group B: what is outside the repository', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(hostilePlatform);
  });
  afterAll(() => arena.close());

  test.each(outsideRows)('$id $title', (row) => arena.meet(row));
});
