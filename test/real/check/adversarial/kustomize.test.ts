import { afterAll, beforeAll, describe, test } from 'vitest';
import { Arena } from './arena.ts';
import { kustomizeRows } from './kustomize.ts';
import { hostilePlatform } from './manifests.ts';

describe('group B: what a kustomization runs and leaves behind', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(hostilePlatform);
  });
  afterAll(() => arena.close());

  test.each(kustomizeRows)('$id $title', (row) => arena.meet(row));
});
