// Writes data/kinds-builtin.json, data/cluster-roles.json and the recorded RBAC answers from a real API server.
// `npm run tables`; the first run builds Kubernetes and etcd from their Go modules into .cache.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordAnswers } from './answers.ts';
import { startControlPlane } from './control-plane.ts';
import { readClusterRoles } from './cluster-roles.ts';
import { readKinds } from './kinds.ts';

const root = join(import.meta.dirname, '../..');

const plane = await startControlPlane();
try {
  write('data/kinds-builtin.json', { kubernetes: plane.version, ...(await readKinds(plane)) });
  const { clusterRoles, clusterRoleBindings } = await readClusterRoles(plane);
  write('data/cluster-roles.json', { kubernetes: plane.version, clusterRoles, clusterRoleBindings });
  const answers = await recordAnswers(plane);
  write('test/unit/fleet/rbac-answers.json', { kubernetes: plane.version, ...answers });
} finally {
  await plane.stop();
}

/** JSON with one line for each entry of each list, so that a new Kubernetes version reads well in a diff. */
function write(file: string, value: Record<string, unknown>): void {
  const fields = Object.entries(value).map(([key, field]) => {
    if (!Array.isArray(field)) return `${JSON.stringify(key)}: ${JSON.stringify(field)}`;
    return `${JSON.stringify(key)}: [\n${field.map((entry) => JSON.stringify(entry)).join(',\n')}\n]`;
  });
  writeFileSync(join(root, file), `{\n${fields.join(',\n')}\n}\n`);
  console.log(`wrote ${file}`);
}
