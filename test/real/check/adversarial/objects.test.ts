import { afterAll, beforeAll, describe, test } from 'vitest';
import { RawRepository } from '../../git/objects.ts';
import { urlOf } from '../fleet.ts';
import { Arena } from './arena.ts';
import { diskRows } from './disk.ts';
import { hostilePlatform } from './fixtures.ts';
import { Objects, objectRows } from './objects.ts';

describe('group D: Git objects', () => {
  const raw = new RawRepository();
  const objects = new Objects(raw);
  let arena: Arena;
  beforeAll(async () => {
    arena = await Arena.create(hostilePlatform);
  });
  afterAll(async () => {
    raw.remove();
    await arena.close();
  });

  test.each(objectRows)('$id $title', async (row) => {
    const more = ['--as', urlOf('a'), `--head=${row.head(objects)}`];
    await arena.expect(arena.bare(raw.folder), { ...row, more });
    await arena.expectGoodTenant();
  });

  test.each(diskRows)('$id $title', (row) => arena.meet(row));
});
