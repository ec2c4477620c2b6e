// What makes objects of a cluster come to life: the controller manager, the scheduler, and kwok with one node.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterAccess } from './access.ts';
import type { Plane } from './api-server.ts';
import type { Children } from './child.ts';
import { conditionOf, type ObjectRef } from './object.ts';

const nodeName = 'lab';
const node: ObjectRef = { apiVersion: 'v1', kind: 'Node', name: nodeName };
const account: ObjectRef = { apiVersion: 'v1', kind: 'ServiceAccount', namespace: 'default', name: 'default' };

export interface ControllerPaths {
  readonly 'kube-controller-manager': string;
  readonly 'kube-scheduler': string;
  readonly kwok: string;
}

/** Starts them and resolves when the node takes pods and namespaces get their service account. */
export async function startControllers(
  access: ClusterAccess,
  plane: Plane,
  children: Children,
  programs: ControllerPaths,
): Promise<void> {
  const certificateFile = join(plane.folder, 'certificates', 'apiserver.crt');
  await children.start('kube-controller-manager', programs['kube-controller-manager'], [
    `--kubeconfig=${await kubeconfigOf('system:kube-controller-manager', access, plane)}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--service-account-private-key-file=${plane.accountKeyFile}`,
    `--root-ca-file=${certificateFile}`,
  ]);
  await children.start('kube-scheduler', programs['kube-scheduler'], [
    `--kubeconfig=${await kubeconfigOf('system:kube-scheduler', access, plane)}`,
    '--leader-elect=false',
    '--secure-port=0',
  ]);
  await children.start('kwok', programs.kwok, [
    `--kubeconfig=${await kubeconfigOf('system:kwok', access, plane)}`,
    `--config=${join(import.meta.dirname, 'kwok.yaml')}`,
  ]);
  const labels = { 'kubernetes.io/hostname': nodeName, 'kubernetes.io/os': 'linux' };
  await access.admin.apply({ apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName, labels } });
  await children.until('a node that takes pods', async () => {
    const found = await access.admin.get(node);
    const spec = found?.['spec'] as { taints?: readonly unknown[] } | undefined;
    const takes = conditionOf(found, 'Ready')?.status === 'True' && (spec?.taints ?? []).length === 0;
    return takes ? true : undefined;
  });
  await children.until('service accounts', async () => await access.admin.get(account));
}

async function kubeconfigOf(user: string, access: ClusterAccess, plane: Plane): Promise<string> {
  const file = join(plane.folder, `${user.replace('system:', '')}.kubeconfig`);
  await writeFile(file, access.kubeconfig(plane.controllerTokens[user]), { mode: 0o600 });
  return file;
}
