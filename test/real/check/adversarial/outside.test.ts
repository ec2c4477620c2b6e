import { afterAll, beforeAll, describe, test } from 'vitest';
import { Arena } from './arena.ts';
import { remoteRows } from './kustomize.ts';
import { hostilePlatform } from './manifests.ts';

describe('group B: what is outside the repository', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(hostilePlatform);
  });
  afterAll(() => arena.close());

  test.each(remoteRows)('$id $title', (row) => arena.meet(row));
});
