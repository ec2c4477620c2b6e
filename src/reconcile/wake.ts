// Who may get on because of what a run has just applied.
import type { Change } from '../apply/change.ts';
import { identityOf } from '../inventory/entry.ts';
import type { ReconcileTools } from './run.ts';

/** What others may have lacked: a place, an account, a right, a kind. */
const freeing: ReadonlySet<string> = new Set([
  'Namespace',
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
]);

/** Makes due those that waited for an object that `key` had, and those that lacked something that it has just brought. */
export function wakeOthers(
  key: string,
  changes: readonly Pick<Change, 'id' | 'action'>[],
  { memory, schedule }: ReconcileTools,
): void {
  for (const waiting of memory.released(key)) schedule.now(waiting, `released by ${key}`);
  const brought = changes.some(
    ({ id, action }) => (action === 'created' || action === 'configured') && freeing.has(identityOf(id)?.kind ?? ''),
  );
  if (!brought) return;
  for (const other of memory.freed()) if (other !== key) schedule.now(other, `applied by ${key}`);
}
