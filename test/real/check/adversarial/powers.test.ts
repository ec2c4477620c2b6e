import { afterAll, beforeAll, describe, test } from 'vitest';
import { Arena } from './arena.ts';
import { hostilePlatform } from './fixtures.ts';
import { podRows } from './pods.ts';
import { powerRows } from './powers.ts';

describe('group A: rights, pods, tokens, hosts, stores and Flux documents', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(hostilePlatform);
  });
  afterAll(() => arena.close());

  test.each([...powerRows, ...podRows])('$id $title', (row) => arena.meet(row));
});
