// postBuild variables of one Kustomization, as far as Git knows them.
import { SluiceError } from '../errors.ts';
import type { KustomizationSpec } from '../flux/kustomization.ts';
import { isKind, stringMap } from '../flux/read.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import type { BuiltObject } from '../object/object.ts';
import type { Substitution } from '../ports.ts';

const variableName = /^[_a-zA-Z][_a-zA-Z0-9]*$/;

/**
 * Merges `substituteFrom` in order, then `substitute` (which wins), with Flux's rules: newlines leave the values, any
 * illegal key fails. A Secret's values are never read, even where it is in Git: it and every ConfigMap that the fleet
 * does not hold go to `undetermined`. Undefined where the Kustomization has no `postBuild`.
 *
 * @throws SluiceError `build.substitute` for an illegal variable name
 */
export function readSubstitution(
  namespace: string,
  spec: KustomizationSpec,
  objects: readonly BuiltObject[],
): Substitution | undefined {
  if (!spec.hasPostBuild) return undefined;
  const variables: Record<string, string> = Object.create(null);
  const undetermined: string[] = [];
  for (const from of spec.substituteFrom) {
    const map = from.kind === 'ConfigMap' ? findConfigMap(namespace, from.name, objects) : undefined;
    if (map === undefined) undetermined.push(`${from.kind} ${namespace}/${from.name}`);
    else addVariables(variables, stringMap(map.object['data']), `ConfigMap ${namespace}/${from.name}`);
  }
  addVariables(variables, spec.substitute, 'spec.postBuild.substitute');
  return { variables, undetermined, always: spec.substituteAlways };
}

export function findConfigMap(
  namespace: string,
  name: string,
  objects: readonly BuiltObject[],
): BuiltObject | undefined {
  return objects.find(
    ({ object }) => isKind(object, '', 'ConfigMap') && nameOf(object) === name && namespaceOf(object) === namespace,
  );
}

/**
 * Lays variables over those of earlier sources, as Flux does: newlines leave the values.
 *
 * @param what names the source in the error: `ConfigMap apps/vars`
 * @throws SluiceError `build.substitute` for an illegal variable name
 */
export function addVariables(into: Record<string, string>, from: Readonly<Record<string, string>>, what: string): void {
  for (const [key, value] of Object.entries(from)) {
    if (!variableName.test(key)) {
      throw new SluiceError(
        'build.substitute',
        `${what} has the key ${JSON.stringify(key)}, which is no variable name`,
        {
          remedy: 'use letters, digits and _, not starting with a digit',
        },
      );
    }
    into[key] = value.replaceAll('\n', '');
  }
}
