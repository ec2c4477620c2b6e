// Every case of the groups that a check answers for is in a table, or listed here with the reason why only an apply meets it.
import { expect, test } from 'vitest';
import type { Row } from './arena.ts';
import { diskRows } from './disk.ts';
import { documentRows } from './documents.ts';
import { exhaustionRows } from './exhaustion.ts';
import { kustomizeRows } from './kustomize.ts';
import { manifestRows } from './manifests.ts';
import { metadataRows } from './metadata.ts';
import { objectRows } from './objects.ts';
import { outsideRows } from './outside.ts';
import { podRows } from './pods.ts';
import { policyRows } from './policies.ts';
import { powerRows } from './powers.ts';
import { programRows } from './programs.ts';
import { valueRows } from './values.ts';

/** The ids of the list of adversarial cases; they have gaps. */
const groups: Readonly<Record<string, readonly number[]>> = {
  'A: manifests': [
    1, 2, 4, 6, 7, 9, 11, 12, 14, 16, 17, 19, 21, 22, 24, 26, 27, 29, 31, 32, 34, 36, 37, 39, 41, 42, 44, 46, 47, 49,
    51, 52, 54,
  ],
  'B: kustomize': [56, 57, 59, 61, 62, 64, 66, 67, 69, 71, 72, 74, 76, 77, 79, 81, 82, 84],
  'D: Git objects': [99, 101, 102, 104, 106, 107, 109, 111, 112, 114, 116],
  'E: YAML and JSON': [117, 119, 121, 122, 124, 126, 127, 129, 131, 132, 134, 136],
  'G and K: values': [171, 172, 224],
  'L: policy': [241, 242, 244, 246, 247, 249],
};

interface ApplyOnly {
  readonly id: number;
  readonly reason: string;
}

/** Cases whose whole point is a live object, a running controller or a later moment: test/real/agent meets them. */
const applyOnly: readonly ApplyOnly[] = [
  {
    id: 49,
    reason: 'a Job patches the inventory from inside the namespace: real/agent/adversarial/cluster.cases.ts',
  },
  {
    id: 52,
    reason:
      'a field newer than a typed client would be dropped on the way to the API server: real/kube/transport.test.ts',
  },
  {
    id: 246,
    reason:
      'a check compiles the Rego of the platform repository itself, so that there is no bundle to verify or downgrade; a ' +
      'half-written module is met in test/real/policy',
  },
  { id: 249, reason: 'policy that changes between plan and apply: real/agent/identity.test.ts' },
];

/** Cases in the tables with a part that only an apply meets, in the map of test/real/agent but for what is said here. */
const partly: readonly ApplyOnly[] = [
  {
    id: 6,
    reason: 'discovery that is down makes a kind unknown for a while: real/agent/adversarial/cluster.cases.ts',
  },
  { id: 11, reason: 'the API server refuses the escalation where policy is off: real/apply/webhooks.test.ts' },
  { id: 29, reason: 'switches on live objects: real/agent/adversarial/cluster.cases.ts' },
  { id: 31, reason: 'two inventories that claim one live object: real/agent/adversarial/cluster.cases.ts' },
  { id: 37, reason: 'Pod Security admission of the namespace is the second net: real/apply/webhooks.test.ts' },
  { id: 71, reason: 'nothing is decrypted yet: spec.decryption is refused' },
  { id: 84, reason: 'an acknowledgement of an empty build names a revision: real/agent/deletions.test.ts' },
  { id: 111, reason: 'a transfer that was cut is fetched again from scratch: real/app/adversarial/git-faults.test.ts' },
  { id: 171, reason: 'values of Secrets that only the cluster has: real/agent/adversarial/secrets.cases.ts' },
];

const rows: readonly Pick<Row, 'id' | 'title'>[] = [
  ...manifestRows,
  ...metadataRows,
  ...powerRows,
  ...podRows,
  ...outsideRows,
  ...programRows,
  ...kustomizeRows,
  ...exhaustionRows,
  ...objectRows,
  ...diskRows,
  ...documentRows,
  ...valueRows,
  ...policyRows,
];
const met = new Set(rows.map(({ id }) => Number(id)));

test.each(Object.entries(groups))('group %s', (_group, ids) => {
  const left = new Set(applyOnly.map(({ id }) => id));
  expect(ids.filter((id) => !met.has(id) && !left.has(id))).toEqual([]);
  expect(ids.filter((id) => met.has(id) && left.has(id))).toEqual([]);
});

test('no row and no reason is about a case that is not listed', () => {
  const listed = new Set(Object.values(groups).flat());
  expect([...met, ...[...applyOnly, ...partly].map(({ id }) => id)].filter((id) => !listed.has(id))).toEqual([]);
  expect(partly.filter(({ id }) => !met.has(id))).toEqual([]);
});

test('no two rows of a case have one title', () => {
  const titles = rows.map(({ id, title }) => `${id} ${title}`);
  expect(titles.filter((title, at) => titles.indexOf(title) !== at)).toEqual([]);
});
