// The ClusterRoles and ClusterRoleBindings that every API server makes for itself, in the shape of src/fleet/rbac.
import { readRbacObject } from '../../src/fleet/rbac-object.ts';
import { objectLabel } from '../../src/object/id.ts';
import type { KubeObject } from '../../src/object/object.ts';
import type { ControlPlane } from './control-plane.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/**
 * Roles of controllers are left out, since nobody binds them, and so are bindings that hold no service account. An
 * aggregated role carries its selectors and no rules: those are made from the roles it selects, with the fleet's own.
 */
export async function readClusterRoles(
  plane: ControlPlane,
): Promise<{ clusterRoles: unknown[]; clusterRoleBindings: unknown[] }> {
  const roles = await items(plane, 'clusterroles', 'ClusterRole');
  const bindings = await items(plane, 'clusterrolebindings', 'ClusterRoleBinding');
  return {
    clusterRoles: roles.flatMap((object) => {
      const read = readRbacObject(object);
      if (read.is !== 'clusterRole') throw new Error(`cannot read ${objectLabel(object)}`);
      if (read.role.name.startsWith('system:controller:')) return [];
      const { name, labels, rules, selectors } = read.role;
      return [{ name, labels, rules: selectors === undefined ? rules : [], selectors: selectors ?? null }];
    }),
    clusterRoleBindings: bindings.flatMap((object) => {
      const read = readRbacObject(object);
      if (read.is !== 'clusterRoleBinding') throw new Error(`cannot read ${objectLabel(object)}`);
      const { name, roleRef, subjects } = read.binding;
      const accounts = subjects.some((subject) => subject.name.startsWith('system:') && subject.kind === 'Group');
      return accounts ? [{ name, roleRef, subjects }] : [];
    }),
  };
}

async function items(plane: ControlPlane, resource: string, kind: string): Promise<KubeObject[]> {
  const { items: found = [] } = (await plane.call('GET', `${rbac}/${resource}`)).body;
  return [...found]
    .sort((one, other) => (one.metadata.name < other.metadata.name ? -1 : 1))
    .map((item) => ({ ...item, apiVersion: 'rbac.authorization.k8s.io/v1', kind }));
}
