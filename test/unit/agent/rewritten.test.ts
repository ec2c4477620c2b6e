import { expect, test } from 'vitest';
import { rewriting } from '../../../src/agent/rewritten.ts';
import type { SourceState } from '../../../src/agent/sources.ts';
import { SluiceError } from '../../../src/errors.ts';
import type { KubeObject } from '../../../src/object/object.ts';
import type { Repository, Tree } from '../../../src/ports.ts';

const [old, grown, other] = ['a', 'b', 'c'].map((one) => one.repeat(40)) as [string, string, string];
const url = 'https://github.com/acme/shop';

/** `old` ← `grown`, and `other` beside them. */
const repository = {
  resolve: async (commit: string) => (commit === 'd'.repeat(40) ? undefined : commit),
  mergeBase: async (one: string, two: string) => (one === old && two === grown ? old : undefined),
} as unknown as Repository;

const at = (revision: string, ref: SourceState['ref'] = { branch: 'main' }, from = url): SourceState => {
  const commit = revision.slice(-40);
  return { key: 'shop/shop', url: from, ref, revision, commit, tree: {} as Tree };
};

function source(artifact?: { url: string; revision: string }): KubeObject {
  const status = artifact === undefined ? {} : { status: { artifact } };
  return { apiVersion: 'v1', kind: 'GitRepository', metadata: { namespace: 'shop', name: 'shop' }, ...status };
}

const main = (commit: string): string => `main@sha1:${commit}`;

test.each<[string, { object?: KubeObject; before?: SourceState; state: SourceState }, boolean]>([
  ['it grew', { before: at(main(old)), state: at(main(grown)) }, false],
  ['it was forced', { before: at(main(grown)), state: at(main(other)) }, true],
  ['it went back', { before: at(main(grown)), state: at(main(old)) }, true],
  ['what was here is gone', { before: at(main('d'.repeat(40))), state: at(main(other)) }, true],
  ['nobody knows where it was', { state: at(main(other)) }, false],
  ['it is where it was', { before: at(main(old)), state: at(main(old)) }, false],
  ['another branch was chosen', { before: at(`next@sha1:${grown}`), state: at(main(other)) }, false],
  ['another repository was chosen', { before: at(main(grown), undefined, `${url}2`), state: at(main(other)) }, false],
  ['a tag moved', { before: at(`v1@sha1:${old}`), state: at(`v1@sha1:${other}`, { tag: 'v1' }) }, false],
  ['a commit is named', { before: at(main(old)), state: at(main(other), { branch: 'main', commit: other }) }, false],
  ['its status knows', { object: source({ url, revision: main(old) }), state: at(main(other)) }, true],
  [
    'its status is about something else',
    { object: source({ url: 'http://source-controller/x.tar.gz', revision: main(old) }), state: at(main(other)) },
    false,
  ],
])('%s', async (_what, { object = source(), before, state }, isTold) => {
  const event = await rewriting(object, { state, before, repository });
  expect(event === undefined).toBe(!isTold);
  if (isTold) expect(event).toMatchObject({ type: 'Warning', reason: 'BranchRewritten', about: object });
});

test('a history that is too long to tell is no alarm', async () => {
  const endless = {
    ...repository,
    mergeBase: () => Promise.reject(new SluiceError('source.tooMany', 'too long')),
  } as unknown as Repository;
  const moved = { state: at(main(other)), before: at(main(old)), repository: endless };
  expect(await rewriting(source(), moved)).toBeUndefined();
});
