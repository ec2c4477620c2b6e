// postBuild variables as the cluster has them, read as whoever applies: what an account may not read is not substituted.
import { SluiceError } from '../errors.ts';
import { addVariables } from '../fleet/substitution.ts';
import type { KustomizationSpec, SubstituteReference } from '../flux/kustomization.ts';
import { secretTexts, stringMap } from '../flux/read.ts';
import { configMapKind, secretKind } from '../flux/served.ts';
import type { KubeWriter, ServedKind } from '../ports/kube.ts';
import type { Substitution } from '../ports.ts';

export interface Variables {
  readonly substitution: Substitution | undefined;
  /** Values that came from Secrets: nothing that a person reads may hold one. */
  readonly secrets: readonly string[];
  /** What is optional and was not there: `Secret media/cdn-account`. */
  readonly absent: readonly string[];
}

const kinds: Readonly<Record<SubstituteReference['kind'], ServedKind>> = {
  ConfigMap: configMapKind,
  Secret: secretKind,
};

/**
 * Merges as Flux does: `substituteFrom` in order, then `substitute`.
 *
 * @throws SluiceError `build.substitute`: not ready where a reference is missing, terminal for an illegal name;
 *   `kube.denied` where the account may not read it
 */
export async function readVariables(
  namespace: string,
  spec: KustomizationSpec,
  writer: Pick<KubeWriter, 'get'>,
): Promise<Variables> {
  if (!spec.hasPostBuild) return { substitution: undefined, secrets: [], absent: [] };
  const variables: Record<string, string> = Object.create(null);
  const secrets: string[] = [];
  const absent: string[] = [];
  const found = await Promise.all(
    spec.substituteFrom.map(({ kind, name }) => writer.get({ kind: kinds[kind], namespace, name })),
  );
  for (const [at, from] of spec.substituteFrom.entries()) {
    const what = `${from.kind} ${namespace}/${from.name}`;
    const object = found[at];
    if (object === undefined) {
      if (from.optional) {
        absent.push(what);
        continue;
      }
      throw new SluiceError('build.substitute', `${what} of spec.postBuild.substituteFrom is not there`, {
        kind: 'notReady',
        remedy: 'create it, or mark the reference optional: true',
      });
    }
    const values = from.kind === 'Secret' ? secretTexts(object) : stringMap(object['data']);
    if (from.kind === 'Secret') secrets.push(...Object.values(values));
    addVariables(variables, values, what);
  }
  addVariables(variables, spec.substitute, 'spec.postBuild.substitute');
  return { substitution: { variables, undetermined: [], always: spec.substituteAlways }, secrets, absent };
}

/** The same error; of a variable without a value it names what may have given one. */
export function withAbsent(error: SluiceError, absent: readonly string[]): SluiceError {
  const unset = error.code === 'build.substitute' && /\b(?:has|have) no value$/.test(error.message);
  if (!unset || absent.length === 0) return error;
  const { code, kind, message, place, remedy } = error;
  const first = `See whether ${absent.join(', ')} of spec.postBuild.substituteFrom should give it: optional, and not there.`;
  const all = remedy === undefined ? first : `${first} Otherwise: ${remedy}`;
  return new SluiceError(code, message, { kind, place, remedy: all, cause: error });
}
