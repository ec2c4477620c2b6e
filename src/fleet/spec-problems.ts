// What an agent and the API server would refuse in a Kustomization's document, and what they would not know.
import { SluiceError } from '../errors.ts';
import { readDeploySpec } from '../flux/deploy-spec.ts';
import { keyOf, readKustomization } from '../flux/kustomization.ts';
import { asObject } from '../flux/read.ts';
import { unknownFields } from '../flux/spec-fields.ts';
import { showIdentifier } from '../object/show.ts';
import type { BuiltObject, FieldPath } from '../object/object.ts';
import type { FleetProblem } from './fleet.ts';

/** One error for each field that nothing can be applied with, one warning for each that is not a field. */
export function specProblems(cluster: string, { object, sources }: BuiltObject): FleetProblem[] {
  const key = keyOf(object);
  const common = { cluster, kustomization: key };
  const place = sources[0];
  // What cannot be read at all is an error of the Kustomization itself.
  const unread = new Set(readKustomization(object).problems);
  const wrong = readDeploySpec(object)
    .problems.filter((problem) => !unread.has(problem))
    .map((problem): FleetProblem => {
      const error = new SluiceError('fleet.invalid', `Kustomization ${key}: ${problem}`, {
        place,
        remedy: 'correct it, or nothing of this Kustomization is applied',
      });
      return { ...common, severity: 'error', error, field: fieldOf(problem) };
    });
  const unknown = unknownFields(asObject(object['spec']) ?? {}).map((name): FleetProblem => {
    const error = new SluiceError('fleet.invalid', `Kustomization ${key}: spec.${showIdentifier(name)} is no field`, {
      place,
      remedy: 'correct its name or take it out: the API server refuses a field that it does not know',
    });
    return { ...common, severity: 'warning', rule: 'fleet/spec-field', error, field: ['spec', name] };
  });
  return [...wrong, ...unknown];
}

function fieldOf(problem: string): FieldPath {
  const name = /^spec\.(\w+)/.exec(problem)?.[1];
  return name === undefined || problem.endsWith('is missing') ? ['spec'] : ['spec', name];
}
