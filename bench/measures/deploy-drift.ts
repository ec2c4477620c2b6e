// A field that somebody changes by hand: how soon it is back, and what looking for it costs.
import type { Count } from '../gate.ts';
import { median } from '../pairing/statistics.ts';
import { appName, tenantName } from './deploy-fleet.ts';
import { requestsSince } from './deploy-requests.ts';
import type { DeployStand } from './deploy-stand.ts';

const rounds = 15;
const longMs = 15_000;

export async function measureDrift({ cluster, kube }: DeployStand, all: number): Promise<readonly Count[]> {
  const kind = (await kube.kinds()).find('', 'ConfigMap');
  if (kind === undefined) throw new Error('the cluster serves no ConfigMaps');
  const times: number[] = [];
  const position = await cluster.auditPosition();
  for (let round = 0; round < rounds; round += 1) {
    // Another one each time: who changes the same thing again and again is looked at less and less soon.
    const name = appName(Math.floor((round * all) / rounds));
    const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: tenantName, name };
    await cluster.admin.patch(object, { data: { colour: 'red' } }, { type: 'merge' });
    const start = performance.now();
    for (let back = false; !back; ) {
      const live = await kube.get({ kind, namespace: tenantName, name });
      back = (live?.['data'] as { colour?: string } | undefined)?.colour === 'blue';
      if (performance.now() - start > longMs) throw new Error(`${name} was not put right`);
      if (!back) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    times.push(performance.now() - start);
  }
  const { list, dryRun, apply } = await requestsSince(cluster, position);
  const name = 'deploy: a field changed by hand';
  return [
    { name: `${name} is back after`, counted: median(times), unit: 'ms', expected: undefined },
    {
      name: `${name} is back after, at most`,
      counted: Math.max(...times),
      unit: 'ms',
      expected: undefined,
      most: 10_000,
    },
    { name: `${name}: lists to find it`, counted: list, expected: 0 },
    { name: `${name}: applies each`, counted: apply / rounds, expected: 1 },
    // Once as is, which another manager's field refuses, and once with force.
    { name: `${name}: dry runs each`, counted: dryRun / rounds, expected: undefined, most: 2 },
  ];
}
