import { afterAll, beforeAll, describe, test } from 'vitest';
import { Arena } from './arena.ts';
import { exhaustionRows } from './exhaustion.ts';
import { hostilePlatform } from './fixtures.ts';
import { kustomizeRows } from './kustomize.ts';
import { programRows } from './programs.ts';

describe('group B: what a kustomization runs and leaves behind', () => {
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(hostilePlatform);
  });
  afterAll(() => arena.close());

  test.each([...programRows, ...kustomizeRows, ...exhaustionRows])('$id $title', (row) => arena.meet(row));
});
