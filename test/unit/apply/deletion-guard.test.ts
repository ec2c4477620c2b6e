import { describe, expect, test } from 'vitest';
import { acknowledgement, deletionGuard, type Deletions } from '../../../src/apply/deletion-guard.ts';

const revision = `main@sha1:${'a'.repeat(40)}`;

function guard(more: Partial<Deletions>): ReturnType<typeof deletionGuard> {
  const usual = {
    kustomization: { namespace: 'apps', name: 'web' },
    built: 5,
    stale: [],
    maxDeletions: 10,
    revision,
    acknowledged: undefined,
  };
  return deletionGuard({ ...usual, ...more });
}

const stale = (count: number): { id: string }[] =>
  Array.from({ length: count }, (_, at) => ({ id: `a_x${at}__ConfigMap` }));

test.each([
  ['nothing goes', { stale: stale(0) }, false],
  ['as many as allowed', { stale: stale(10) }, false],
  ['one more', { stale: stale(11) }, true],
  ['none allowed, one goes', { stale: stale(1), maxDeletions: 0 }, true],
  ['an empty build that deletes one', { built: 0, stale: stale(1) }, true],
  ['an empty build that deletes nothing', { built: 0, stale: [] }, false],
  ['acknowledged', { stale: stale(11), acknowledged: revision }, false],
  ['an empty build, acknowledged', { built: 0, stale: stale(3), acknowledged: revision }, false],
  ['acknowledged for another revision', { stale: stale(11), acknowledged: `main@sha1:${'b'.repeat(40)}` }, true],
  ['acknowledged by half', { stale: stale(11), acknowledged: 'main' }, true],
] as [string, Partial<Deletions>, boolean][])('%s: %s', (_name, more, refused) => {
  expect(guard(more)?.code).toBe(refused ? 'deploy.deletions' : undefined);
});

test('the words say how many, which, and how to go on', () => {
  const error = guard({ stale: [...stale(11), { id: '_data__Namespace' }, { id: 'a_db__PersistentVolumeClaim' }] });
  expect(error).toMatchObject({ kind: 'terminal' });
  expect(error?.message).toBe(
    `${revision} would delete 13 objects, and that is more than deploy.maxDeletions allows (10): Namespace/data, ` +
      'PersistentVolumeClaim/a/db, ConfigMap/a/x0, ConfigMap/a/x1, ConfigMap/a/x2, ConfigMap/a/x3, ConfigMap/a/x4, ' +
      'ConfigMap/a/x5, ConfigMap/a/x6, ConfigMap/a/x7 and 3 more; 2 of them hold data or other objects, which go with them',
  );
  expect(error?.remedy).toBe(
    `if that is meant, run: kubectl annotate kustomization -n apps web --overwrite --field-manager=flux-client-side-apply sluice.dev/acknowledge-deletions=${revision}`,
  );
  expect(guard({ built: 0, stale: stale(1) })?.message).toBe(
    `${revision} would delete 1 object, and the build holds no objects at all: ConfigMap/a/x0`,
  );
});

describe('the command is one that can be pasted', () => {
  test.each([
    ['feature/x@sha1:abc', 'sluice.dev/acknowledge-deletions=feature/x@sha1:abc'],
    ['$(id)@sha1:abc', "'sluice.dev/acknowledge-deletions=$(id)@sha1:abc'"],
    ["a'b;c@sha1:abc", "'sluice.dev/acknowledge-deletions=a'\\''b;c@sha1:abc'"],
  ])('%s', (branch, word) => {
    expect(acknowledgement({ namespace: 'apps', name: 'web' }, branch).endsWith(` ${word}`)).toBe(true);
  });
});
