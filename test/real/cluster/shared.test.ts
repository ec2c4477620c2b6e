import { beforeAll, expect, test } from 'vitest';
import type { ClusterAccess } from '../../../lab/cluster/access.ts';
import { freshNamespace, sharedCluster } from './shared.ts';
import { account, startTimeoutMs } from './stage.ts';

let cluster: ClusterAccess;
beforeAll(async () => {
  cluster = await sharedCluster();
}, startTimeoutMs);

test('all who ask get the same cluster, with tokens and the audit log', async () => {
  const other = await sharedCluster();
  expect(other.url).toBe(cluster.url);
  const name = await freshNamespace(cluster, 'shared');
  const from = await other.auditPosition();
  await cluster.admin.apply(account(name, 'me'));
  expect(await other.serviceAccountToken(name, 'me')).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  const mine = (await other.audit(from)).filter(({ objectRef }) => objectRef?.namespace === name);
  expect(mine.map(({ verb }) => verb)).toEqual(['patch', 'create']);
});
