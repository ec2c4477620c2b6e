import { describe, expect, it } from 'vitest';
import type { ObjectChange } from '../../../src/diff/change.ts';
import { keepUnpruned, type Leaving, massDeletion } from '../../../src/preview/deletions.ts';
import { affectedPairs } from '../../../src/preview/affected.ts';
import { type Pair, pairUp } from '../../../src/preview/pair.ts';
import type { Side, Tools } from '../../../src/preview/side.ts';
import { objectId, objectLabel } from '../../../src/object/id.ts';
import type { BuiltObject } from '../../../src/object/object.ts';
import { type Computed, configMap, documents, type Files, fleetOf, kustomization } from '../fleet/documents.ts';

const side = ({ fleet }: Computed): Side => ({
  fleet,
  policy: { wasm: new Uint8Array(), digest: 'same', rules: [] },
  shipped: new Set(),
  waivers: [],
});

/** The pairs of two platforms, and those of them that the change concerns. */
async function change(
  before: Files,
  after: Files,
): Promise<{ pairs: readonly Pair[]; affected: Record<string, boolean> }> {
  const [base, head] = [await fleetOf(before), await fleetOf(after)];
  const sides = [side(base), side(head)] as const;
  const pairs = pairUp(...sides);
  const tools = { renderer: head.renderer } as unknown as Tools;
  const affected = await affectedPairs(pairs, ...sides, tools);
  return {
    pairs,
    affected: Object.fromEntries(affected.map(({ pair, introducedOnly }) => [pair.key, introducedOnly])),
  };
}

const built = (key: string, annotations: object = {}): BuiltObject => {
  const [namespace = '', name = ''] = key.split('/');
  const metadata = { namespace, name, annotations: { ...annotations } };
  return { object: { apiVersion: 'v1', kind: 'ConfigMap', metadata }, sources: [] };
};
const gone = ({ object }: BuiltObject): ObjectChange => ({
  action: 'deleted',
  id: objectId(object),
  object: objectLabel(object),
  risk: 'delete',
  summary: '',
  diff: '',
  file: null,
  line: null,
});

async function pairOf(before: object | undefined, after: object | undefined): Promise<Pair> {
  const files = (spec: object | undefined): Files => ({
    'clusters/prod/all.yaml': documents(
      configMap('x/any'),
      ...(spec === undefined ? [] : [kustomization('a/k', { path: 'app', ...spec })]),
    ),
    'app/app.yaml': documents(configMap('a/app')),
  });
  const { pairs } = await change(files(before), files(after));
  const pair = pairs.find(({ key }) => key === 'a/k');
  if (pair === undefined) throw new Error('no pair');
  return pair;
}

describe('keepUnpruned', () => {
  const deletes = async (
    before: object,
    after: object | undefined,
    objects: BuiltObject[],
  ): Promise<[string[], string]> => {
    const leaving: Leaving = {
      pair: await pairOf(before, after),
      changes: objects.map(gone),
      baseObjects: objects,
      headObjects: [],
    };
    const { changes, notes } = keepUnpruned([leaving]);
    return [changes[0]?.map(({ object }) => object) ?? [], notes.join()];
  };
  const one = [built('a/one')];

  it.each<{ title: string; before: object; after: object | undefined; deleted: boolean; note: string }>([
    { title: 'pruned', before: {}, after: {}, deleted: true, note: '' },
    { title: 'no longer pruned', before: {}, after: { prune: false }, deleted: false, note: 'spec.prune is not true' },
    { title: 'pruned from now on', before: { prune: false }, after: {}, deleted: true, note: '' },
    {
      title: 'orphaned, but not yet',
      before: { deletionPolicy: 'Orphan' },
      after: { deletionPolicy: 'Orphan' },
      deleted: true,
      note: '',
    },
    { title: 'orphaned', before: { deletionPolicy: 'Orphan' }, after: undefined, deleted: false, note: 'Orphan' },
    {
      title: 'waited for',
      before: { deletionPolicy: 'WaitForTermination', prune: false },
      after: undefined,
      deleted: true,
      note: '',
    },
    {
      title: 'suspended',
      before: { suspend: true, deletionPolicy: 'Delete' },
      after: undefined,
      deleted: false,
      note: 'suspended',
    },
  ])('$title', async ({ before, after, deleted, note }) => {
    const [left, said] = await deletes(before, after, one);
    expect(left).toEqual(deleted ? ['ConfigMap/a/one'] : []);
    expect(said).toContain(note);
    expect(said === '').toBe(deleted);
  });

  it('keeps what is marked, says it once, and lists five', async () => {
    const marked = Array.from({ length: 7 }, (_, index) =>
      built(`a/m${index}`, { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' }),
    );
    const [left, said] = await deletes({}, {}, [...marked, ...one]);
    expect(left).toEqual(['ConfigMap/a/one']);
    expect(said).toMatch(
      /^prod: 7 objects leave Kustomization a\/k and stay, marked .*: disabled: ConfigMap\/a\/m0, .* and 2 more$/,
    );
  });

  it('counts what is left for the mass deletion', async () => {
    const pair = await pairOf({}, {});
    const many = Array.from({ length: 3 }, (_, index) => gone(built(`a/m${index}`)));
    expect(massDeletion(pair, many, 3)).toEqual([]);
    expect(massDeletion(pair, many, 2)).toEqual([
      expect.objectContaining({ rule: 'deploy/deletions', severity: 'warn' }),
    ]);
  });
});

describe('what a change concerns', () => {
  const account = { serviceAccountName: 'deployer' };
  const start: Files = {
    'clusters/prod/all.yaml': documents(
      kustomization('a/a', { path: 'a', ...account }),
      kustomization('b/b', { path: 'b', ...account }),
    ),
    'a/app.yaml': documents(configMap('a/app')),
    'b/app.yaml': documents(configMap('b/app')),
  };
  const role = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'r', namespace: 'b' },
    rules: [],
  };

  it.each<{ title: string; more: Files; affected: Record<string, boolean> }>([
    { title: 'nothing', more: {}, affected: {} },
    { title: 'a file that nothing reads', more: { 'README.yaml': 'x' }, affected: {} },
    {
      title: 'one path',
      more: { 'a/app.yaml': documents(configMap('a/app', { key: 'other' })) },
      affected: { 'a/a': false },
    },
    {
      title: 'an object of the platform in one tenant’s namespace',
      more: { 'clusters/prod/more.yaml': documents(configMap('b/more')) },
      affected: { 'flux-system/flux-system': false, 'b/b': true },
    },
    {
      title: 'RBAC, which decides about everybody',
      more: { 'clusters/prod/more.yaml': documents(role) },
      affected: { 'flux-system/flux-system': false, 'a/a': true, 'b/b': true },
    },
    {
      title: 'sluice.yaml',
      more: { 'sluice.yaml': JSON.stringify({ deploy: { maxDeletions: 3 } }) },
      affected: { 'flux-system/flux-system': true, 'a/a': true, 'b/b': true },
    },
  ])('$title', async ({ more, affected }) => {
    expect((await change(start, { ...start, ...more })).affected).toEqual(affected);
  });
});
