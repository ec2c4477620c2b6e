import { afterAll, beforeAll, describe, test } from 'vitest';
import { Arena } from './arena.ts';
import { documentRows } from './documents.ts';
import { hostilePlatform } from './fixtures.ts';

describe('group E: YAML and JSON that two parsers could read differently', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(hostilePlatform);
  });
  afterAll(() => arena.close());

  test.each(documentRows)('$id $title', (row) => arena.meet(row));
});
