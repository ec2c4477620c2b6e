// dependsOn across one cluster: cycles never become ready, and Flux does not say so.
import { SluiceError } from '../errors.ts';
import type { ClusterFleet, FleetKustomization, FleetProblem } from './fleet.ts';

/** One error per cycle, naming its path; one warning per dependency that the fleet does not define. */
export function dependencyProblems(cluster: ClusterFleet): FleetProblem[] {
  const out: FleetProblem[] = [];
  const done = new Set<string>();
  for (const start of cluster.kustomizations.values()) {
    // Depth first with a list of our own: a chain of dependencies may be longer than the call stack.
    const path: Step[] = done.has(start.key) ? [] : [{ at: start, next: 0 }];
    const open = new Map<string, number>(path.map(({ at }, index) => [at.key, index]));
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const index = step.next;
      const dependency = step.at.spec.dependsOn[index];
      if (dependency === undefined) {
        done.add(step.at.key);
        open.delete(step.at.key);
        path.pop();
        continue;
      }
      step.next += 1;
      const field = ['spec', 'dependsOn', index];
      const key = `${dependency.namespace}/${dependency.name}`;
      const found = cluster.kustomizations.get(key);
      const from = open.get(key);
      if (found === undefined) out.push({ ...missing(cluster, step.at, key), field });
      else if (from !== undefined) {
        const keys = path.slice(from).map(({ at }) => at.key);
        out.push({ ...cycle(cluster, step.at, [...keys, key]), field });
      } else if (!done.has(key)) {
        open.set(key, path.length);
        path.push({ at: found, next: 0 });
      }
    }
  }
  return out;
}

interface Step {
  readonly at: FleetKustomization;
  /** Index of the dependency to look at next. */
  next: number;
}

function cycle(cluster: ClusterFleet, at: FleetKustomization, path: readonly string[]): FleetProblem {
  const error = new SluiceError('fleet.cycle', `dependsOn goes round in a circle: ${shortened(path).join(' → ')}`, {
    place: at.declared,
    remedy: 'remove one of these dependencies; none of them can ever become ready',
  });
  return { severity: 'error', error, cluster: cluster.name, kustomization: at.key };
}

function shortened(path: readonly string[]): readonly string[] {
  return path.length <= 20 ? path : [...path.slice(0, 10), `(${path.length - 20} more)`, ...path.slice(-10)];
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
  return { severity: 'warning', rule: 'fleet/depends-on', error, cluster: cluster.name, kustomization: at.key };
}
