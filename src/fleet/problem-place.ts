// The line of a problem's field in the file that declares the Kustomization.
import { SluiceError } from '../errors.ts';
import { isKustomization, keyOf } from '../flux/kustomization.ts';
import { findPlaces, type PlaceQuestion } from '../object/place.ts';
import type { Renderer } from '../ports.ts';
import type { ClusterFleet, FleetProblem } from './fleet.ts';

/** The same problems, in order; those that name a field stand at its line where it can be found. */
export async function placeProblems(
  cluster: ClusterFleet,
  problems: readonly FleetProblem[],
  renderer: Renderer,
): Promise<readonly FleetProblem[]> {
  const asked = problems.flatMap((problem, index) => {
    const question = questionOf(cluster, problem);
    return question === undefined ? [] : [{ index, question }];
  });
  const places = await findPlaces(
    asked.map(({ question }) => question),
    renderer,
  );
  const found = new Map(asked.map(({ index }, at) => [index, places[at]]));
  return problems.map((problem, index) => {
    const { file, line } = found.get(index) ?? { file: null, line: null };
    if (file === null || line === null) return problem;
    const { code, message, remedy } = problem.error;
    return { ...problem, error: new SluiceError(code, message, { remedy, place: { file, line } }) };
  });
}

function questionOf(cluster: ClusterFleet, { field, kustomization }: FleetProblem): PlaceQuestion | undefined {
  const parentKey = cluster.kustomizations.get(kustomization ?? '')?.parent;
  const parent = parentKey === undefined ? undefined : cluster.kustomizations.get(parentKey);
  if (field === undefined || parent?.source.type !== 'tree') return undefined;
  const built = parent.build?.objects.find(({ object }) => isKustomization(object) && keyOf(object) === kustomization);
  if (built === undefined) return undefined;
  return { tree: parent.source.tree, object: built.object, sources: built.sources, path: field, changed: new Set() };
}
