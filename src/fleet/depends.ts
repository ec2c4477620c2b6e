// dependsOn across one cluster: cycles never become ready, and Flux does not say so.
import { SluiceError } from '../errors.ts';
import type { ClusterFleet, FleetKustomization, FleetProblem } from './fleet.ts';

/** One error per cycle, naming its path; one warning per dependency that the fleet does not define. */
export function dependencyProblems(cluster: ClusterFleet): FleetProblem[] {
  const out: FleetProblem[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (at: FleetKustomization, path: readonly string[]): void => {
    state.set(at.key, 'open');
    for (const [index, { namespace, name }] of at.spec.dependsOn.entries()) {
      const field = ['spec', 'dependsOn', index];
      const key = `${namespace}/${name}`;
      const next = cluster.kustomizations.get(key);
      if (next === undefined) out.push({ ...missing(cluster, at, key), field });
      else if (state.get(key) === 'open')
        out.push({ ...cycle(cluster, at, [...path.slice(path.indexOf(key)), key]), field });
      else if (state.get(key) === undefined) visit(next, [...path, key]);
    }
    state.set(at.key, 'done');
  };
  for (const kustomization of cluster.kustomizations.values())
    if (!state.has(kustomization.key)) visit(kustomization, [kustomization.key]);
  return out;
}

function cycle(cluster: ClusterFleet, at: FleetKustomization, path: readonly string[]): FleetProblem {
  const error = new SluiceError('fleet.cycle', `dependsOn goes round in a circle: ${path.join(' → ')}`, {
    place: at.declared,
    remedy: 'remove one of these dependencies; none of them can ever become ready',
  });
  return { severity: 'error', error, cluster: cluster.name, kustomization: at.key };
}

function missing(cluster: ClusterFleet, at: FleetKustomization, key: string): FleetProblem {
  const error = new SluiceError(
    'fleet.invalid',
    `Kustomization ${at.key} depends on ${key}, which the fleet does not define`,
    {
      place: at.declared,
      remedy: 'correct spec.dependsOn, or it waits for ever',
    },
  );
  return { severity: 'warning', error, cluster: cluster.name, kustomization: at.key };
}
