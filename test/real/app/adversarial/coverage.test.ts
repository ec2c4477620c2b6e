// Every case of the groups that a review answers for is in a test's title here, or listed with where or when it is met.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The ids of the list of adversarial cases; they have gaps. */
const groups: Readonly<Record<string, readonly number[]>> = {
  'F: pull requests': [137, 139, 141, 142, 144, 146, 147, 149, 151, 152, 154, 156, 157, 159, 161],
  'K: Secrets': [224, 226, 227, 229, 231, 232, 234, 236, 237, 239],
  "P: GitHub's API": [306, 307, 309, 311, 312],
  'Q: Git servers': [314, 316, 317, 319, 321],
};

/** Cases that no test here meets. */
const elsewhere: Readonly<Record<number, string>> = {
  154: 'a revert that overtakes an apply: only an apply has a generation',
  157: 'rights that are lost between approval and apply: reviews take no approvals',
  227: 'a dry run against a live Secret: a review asks no cluster',
  231: 'SOPS: nothing is decrypted for a review, so a wrong MAC is found by the apply',
  232: 'SOPS outside of Secrets: decrypting is the apply’s, a review shows the ciphertext',
  234: 'SOPS recipients without end: nothing is decrypted for a review',
  311: 'a wrong clock: test/real/github, where the clock can be set',
};

/** Cases in the tests with a part that only an apply, or commands in comments, meet. */
const partly: Readonly<Record<number, string>> = {
  142: 'who may apply a branch that was forced is the apply’s question',
  144: 'there are no commands in comments yet; that they do nothing is what is tested',
  239: 'what the cluster and the inventory keep is the apply’s',
  307: 'an apply goes on where GitHub takes no comment',
  314: 'hold or apply is the apply’s question; a review reads the new head',
  319: 'whether the new head descends from the applied commit is the apply’s question',
};

const here = dirname(fileURLToPath(import.meta.url));
const titles = readdirSync(here)
  .filter((name) => name.endsWith('.test.ts') && name !== 'coverage.test.ts')
  .flatMap((name) => [...readFileSync(join(here, name), 'utf8').matchAll(/['"`]((?:\d{3} ?)+)(?=[ '"`%])/g)])
  .flatMap(([, ids = '']) => ids.trim().split(' ').map(Number));
const met = new Set(titles);

test.each(Object.entries(groups))('group %s', (_group, ids) => {
  expect(ids.filter((id) => !met.has(id) && !(id in elsewhere))).toEqual([]);
  expect(ids.filter((id) => met.has(id) && id in elsewhere)).toEqual([]);
});

test('no reason is about a case that is not listed', () => {
  const listed = new Set(Object.values(groups).flat());
  expect([...Object.keys(elsewhere), ...Object.keys(partly)].map(Number).filter((id) => !listed.has(id))).toEqual([]);
  expect(
    Object.keys(partly)
      .map(Number)
      .filter((id) => !met.has(id)),
  ).toEqual([]);
});
