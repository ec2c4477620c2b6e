// What an API server said when it refused an object, without the values that it repeats.
import { type ErrorCode, SluiceError } from '../errors.ts';
import { carriesSecrets } from '../diff/secret.ts';
import type { SecretValues } from '../diff/secret-values.ts';
import { visible } from '../diff/visible.ts';
import { isMapping } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import { showText } from '../object/show.ts';
import type { KubeRefusal } from '../ports/kube.ts';

/** The server's answer behind an error, where there is one. */
export function refusalOf(error: SluiceError): KubeRefusal | undefined {
  const { cause } = error;
  if (typeof cause !== 'object' || cause === null) return undefined;
  const { status, said, causes } = cause as Partial<KubeRefusal>;
  return typeof status === 'number' && typeof said === 'string' && Array.isArray(causes)
    ? (cause as KubeRefusal)
    : undefined;
}

/** A field that somebody else owns. */
export interface Conflict {
  readonly manager: string;
  /** `.spec.replicas` */
  readonly field: string;
}

/** Whose fields an apply without force would take, as the server names them. */
export function conflictsOf(error: SluiceError): readonly Conflict[] {
  const causes = refusalOf(error)?.causes ?? [];
  return causes.map(({ manager, field }) => ({ manager: manager ?? '', field }));
}

/** `.spec.replicas (owned by "hpa")`, at most ten of them. */
export function showConflicts(conflicts: readonly Conflict[]): string {
  const named = conflicts.slice(0, 10).map(({ manager, field }) => `${visible(field)} (owned by ${showText(manager)})`);
  return [...named, ...(conflicts.length > 10 ? [`${conflicts.length - 10} more`] : [])].join(', ');
}

const remedies: Partial<Record<ErrorCode, string>> = {
  'kube.tooLarge': 'split the object up',
  'kube.invalid': 'correct it in Git',
};

/**
 * The error that may be shown. The client has left out what the server repeats of an object; beside that, of objects that
 * carry Secrets in whatever form only reasons and names of fields stay, and known values are scrubbed from all others.
 */
export function cleaned(error: SluiceError, object: KubeObject, values: SecretValues): SluiceError {
  const refusal = refusalOf(error);
  const bare = refusal !== undefined && error.code === 'kube.invalid' && carriesSecrets(object.kind);
  const remedy = error.remedy ?? remedies[error.code];
  return new SluiceError(error.code, visible(values.scrub(bare ? namesOf(refusal) : error.message)), {
    kind: error.kind,
    place: error.place,
    remedy,
    ...(error.retryAt === undefined ? {} : { retryAt: error.retryAt }),
  });
}

function namesOf({ causes, said, reason, status }: KubeRefusal): string {
  const unknown = [
    ...said.matchAll(/unknown field "([A-Za-z0-9_.[\]-]{1,200})"/g),
    ...said.matchAll(/(\.[A-Za-z0-9_.-]{1,200}): field not declared in schema/g),
  ];
  const told = [
    ...causes.map((cause) => `${visible(cause.field)} (${visible(cause.reason)})`),
    ...unknown.map(([, field = '']) => `${field} (unknown field)`),
  ];
  const why = told.length > 0 ? told.slice(0, 20).join(', ') : visible(reason) || `HTTP ${status}`;
  return `the API server does not take it: ${why}; what else it said is not shown, since it may repeat a secret`;
}

/** Whether the server asks for a field that is missing, which another manager's half of an item can cause. */
export function lacksField(error: SluiceError): boolean {
  const causes = refusalOf(error)?.causes ?? [];
  return causes.some((cause) => isMapping(cause) && cause['reason'] === 'FieldValueRequired');
}
