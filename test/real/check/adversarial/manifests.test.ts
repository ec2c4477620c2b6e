import { afterAll, beforeAll, describe, test } from 'vitest';
import { Arena } from './arena.ts';
import { hostilePlatform } from './fixtures.ts';
import { manifestRows } from './manifests.ts';
import { metadataRows } from './metadata.ts';

describe('group A: objects that are not what, or where, they seem', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(hostilePlatform);
  });
  afterAll(() => arena.close());

  test.each([...manifestRows, ...metadataRows])('$id $title', (row) => arena.meet(row));
});
