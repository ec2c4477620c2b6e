// What the API server answered instead of what was asked for, in our words and codes.
import { type ErrorCode, type ErrorKind, SluiceError } from '../../errors.ts';
import { list, mapping } from '../../object/json.ts';
import type { KubeRefusal } from '../../ports/kube.ts';
import { parseMapping } from './exact.ts';
import { fieldName, reasonCode, remedyFor, shown, spoken } from './said.ts';

/** What was asked for, in the words of RBAC. */
export interface Target {
  /** `get`, `list`, `watch`, `patch`, `create`, `delete` */
  readonly verb: string;
  /** `deployments.apps`, `configmaps`, `kustomizations.kustomize.toolkit.fluxcd.io/status` */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** Whom the server sees: `system:serviceaccount:a:flux`; `''` for the agent's own account. */
  readonly user: string;
}

export interface RefusedAnswer {
  readonly status: number;
  readonly text: string;
  /** When to come back, epoch milliseconds. */
  readonly retryAt: number | undefined;
}

/** Translates an answer with a status of 300 or more. The body is looked at with suspicion and hardly ever repeated. */
export function refused(answer: RefusedAnswer, target: Target): SluiceError {
  const said = readStatus(answer);
  const { code, kind, message, remedy } = translate(answer.status, said, target);
  const cause = refusalOf(answer.status, said, target);
  return new SluiceError(code, message, {
    kind,
    cause,
    ...(remedy === undefined ? {} : { remedy }),
    ...(answer.retryAt === undefined ? {} : { retryAt: new Date(answer.retryAt) }),
  });
}

interface Said {
  readonly reason: string;
  readonly message: string;
  readonly causes: readonly { readonly reason: string; readonly field: string; readonly message: string }[];
  readonly about: { readonly kind: string; readonly name: string };
}

interface Translated {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly remedy?: string | undefined;
}

/** The Status in an answer; everything empty where it holds none. */
export function readStatus({ text }: Pick<RefusedAnswer, 'text'>): Said {
  const parsed = mapping(parseMapping(text));
  const status = parsed['kind'] === 'Status' ? parsed : {};
  const details = mapping(status['details']);
  const causes = list(details['causes'])
    .slice(0, 100)
    .map((item) => {
      const cause = mapping(item);
      return { reason: words(cause['reason']), field: words(cause['field']), message: words(cause['message']) };
    });
  const about = { kind: words(details['kind']), name: words(details['name']) };
  return { reason: words(status['reason']), message: words(status['message']), causes, about };
}

/** A 404 is about this very object: its kind is served, and its namespace is not what is missing. */
export function isMissing(text: string, target: Target): boolean {
  const { reason, about } = readStatus({ text });
  const namespace = about.kind === 'namespaces' && target.resource !== 'namespaces';
  return reason === 'NotFound' && about.name === target.name && about.name !== '' && !namespace;
}

function translate(status: number, said: Said, target: Target): Translated {
  const what = described(target);
  switch (status) {
    case 401:
      return {
        code: 'kube.unauthorized',
        kind: 'transient',
        message: `${what}: the API server does not accept the agent’s credential (HTTP 401)`,
        remedy:
          'give the agent a valid credential; the token of a kubeconfig ends (docs/bootstrap.md#an-agent-beside-the-cluster)',
      };
    case 403:
      return denied(said, target);
    case 404:
      return gone(said, target);
    case 409:
      return conflict(said, target);
    case 400:
    case 405:
    case 406:
    case 415:
    case 422:
      return invalid(status, said, target);
    case 410:
      return {
        code: 'kube.unavailable',
        kind: 'transient',
        message: `${what}: the API server has forgotten that state`,
      };
    case 413:
      return tooLarge(target);
    case 500:
      // So the API server answers to an apply of fields that the schema does not have, and of the wrong type.
      return untyped.test(said.message) ? invalid(status, said, target) : unavailable(status, said, target);
    default:
      return unavailable(status, said, target);
  }
}

const untyped = /failed to (?:create typed (?:patch|live|new)|convert new) object/;

function unavailable(status: number, said: Said, target: Target): Translated {
  if (/request is too large|trying to send message larger than max/.test(said.message)) return tooLarge(target);
  const words = spoken(said.message, said.causes, isSecret(target)).sentence ?? unavailableWhy(status);
  const message = `${described(target)}: ${words} (HTTP ${status})`;
  return { code: 'kube.unavailable', kind: 'transient', message };
}

function unavailableWhy(status: number): string {
  if (status === 429) return 'the API server asks to come later';
  if (status >= 300 && status < 400) return 'the address answers with a redirect, which is not followed';
  return status >= 500 ? 'the API server has an outage' : 'the API server gave no usable answer';
}

function tooLarge(target: Target): Translated {
  return {
    code: 'kube.tooLarge',
    kind: 'terminal',
    message: `${described(target)}: the object is too large for the API server`,
    remedy: 'split it: an object may have about 1 MiB',
  };
}

/** From the very start of what it says, since an admission may say the same in its own name. */
const rbacForm =
  /^(?:\S{1,600}(?: "[^"\n]{1,600}")? is )?forbidden: User "([^"\n]{1,600})" cannot ([a-z*:-]{1,80}) resource "([^"\n]{1,300})" in API group "([^"\n]{0,253})"(?: in the namespace "([^"\n]{1,63})"| at the cluster scope)/;

/** The user, verb and resource as the server says them where it is RBAC that speaks, else as they were asked for. */
function denied(said: Said, target: Target): Translated {
  const rbac = rbacForm.exec(said.message);
  if (rbac !== null) {
    const [, user = '', verb = '', resource = '', group = '', namespace] = rbac.map((part) => part && shown(part, 300));
    if (verb.startsWith('impersonate')) return notImpersonated(user, target);
    const full = group === '' ? resource : dotted(resource, group);
    const where = namespace === undefined ? 'in the cluster' : `in namespace ${namespace}`;
    const [bound, role] = namespace === undefined ? ['ClusterRoleBinding', 'ClusterRole'] : ['RoleBinding', 'Role'];
    return {
      code: 'kube.denied',
      kind: 'terminal',
      message: `${user} may not ${verb} ${full} ${where}${target.resource.startsWith(full) ? named(target) : ''}`,
      remedy: `grant it by a ${role} and a ${bound}${namespace === undefined ? '' : ` in ${namespace}`}`,
    };
  }
  return notAdmitted(said, target);
}

/** RBAC would have allowed it: admission, a quota, a namespace that goes. */
function notAdmitted(said: Said, target: Target): Translated {
  const { sentence, fields } = spoken(said.message, said.causes, isSecret(target));
  const why = [sentence, ...fields].filter((one) => one !== undefined).join('; ');
  const message = `${described(target)}: denied to ${target.user === '' ? 'the agent' : target.user}${why === '' ? '' : `: ${why}`}`;
  const remedy = remedyFor(said.message);
  return { code: 'kube.denied', kind: 'terminal', message, ...(remedy === undefined ? {} : { remedy }) };
}

/** `impersonate`, or `impersonate-on:serviceaccount:get` of API servers that have constrained impersonation (KEP-5284). */
function notImpersonated(user: string, target: Target): Translated {
  return {
    code: 'kube.denied',
    kind: 'terminal',
    message: `${user} may not impersonate ${target.user}`,
    remedy: 'run sluice bootstrap for this cluster again: it grants this to the agent',
  };
}

function gone(said: Said, target: Target): Translated {
  const namespaced =
    said.about.kind === 'namespaces' && said.about.name !== '' && !target.resource.startsWith('namespaces');
  const message = namespaced
    ? `${described(target)}: there is no namespace ${shown(said.about.name, 63)}`
    : `${described(target)}: ${said.reason === 'NotFound' && said.about.name !== '' ? 'it is not there' : 'the API server serves no such kind'}`;
  return { code: 'kube.gone', kind: 'notReady', message };
}

function conflict(said: Said, target: Target): Translated {
  const owned = said.causes.filter((cause) => cause.reason === 'FieldManagerConflict');
  if (owned.length > 0) {
    const managers = owned
      .slice(0, 8)
      .map((cause) => `${fieldName(cause.field)} (${managerOf(cause.message) ?? 'another manager'})`);
    return {
      code: 'kube.conflict',
      kind: 'terminal',
      message: `${described(target)}: fields that another field manager owns: ${managers.join(', ')}`,
      remedy: 'leave these fields out of the manifest, or let the other manager give them up',
    };
  }
  const words = said.reason === 'AlreadyExists' ? 'it exists already' : 'it was changed meanwhile';
  return { code: 'kube.conflict', kind: 'transient', message: `${described(target)}: ${words}` };
}

function invalid(status: number, said: Said, target: Target): Translated {
  const { fields, sentence } = spoken(said.message, said.causes, isSecret(target));
  const reason = reasonCode(said.reason) === '' ? `it does not fit the schema (HTTP ${status})` : said.reason;
  const why = [sentence, ...fields].filter((one) => one !== undefined).join('; ');
  const message = `${described(target)}: the API server does not take it: ${why === '' ? reason : why}`;
  return { code: 'kube.invalid', kind: 'terminal', message };
}

/** `conflict with "hpa-controller" using autoscaling/v2`, `conflict with "kubectl" with subresource "status" using apps/v1 at …`. */
export function managerOf(message: string): string | undefined {
  const found = /^conflict with "([^"\n]{1,128})"/.exec(message)?.[1];
  return found === undefined ? undefined : shown(found, 128);
}

function refusalOf(status: number, said: Said, target: Target): KubeRefusal {
  const causes = said.causes.map(({ reason, field, message }) => {
    const manager = reason === 'FieldManagerConflict' ? managerOf(message) : undefined;
    return { reason: reasonCode(reason), field: fieldName(field), ...(manager === undefined ? {} : { manager }) };
  });
  const verb = status === 403 ? rbacForm.exec(said.message)?.[2] : undefined;
  const missingRight = verb !== undefined && !verb.startsWith('impersonate');
  const refusal = { status, reason: reasonCode(said.reason), causes, missingRight };
  // Not enumerable: a log line or a report that prints the cause does not print it.
  Object.defineProperty(refusal, 'said', { value: isSecret(target) ? '' : said.message, enumerable: false });
  return refusal as unknown as KubeRefusal;
}

/** `patch deployments.apps a-dev/web`, `list configmaps a-dev`, `watch namespaces`. */
export function described({ verb, resource, namespace, name }: Target): string {
  const where = [namespace, name].filter((part) => part !== '').join('/');
  return `${verb} ${resource}${where === '' ? '' : ` ${where}`}`;
}

function named({ name }: Target): string {
  return name === '' ? '' : ` (${name})`;
}

/** `deployments/status` of `apps` is `deployments.apps/status`. */
function dotted(resource: string, group: string): string {
  const [plural, ...rest] = resource.split('/');
  return [`${plural}.${group}`, ...rest].join('/');
}

function isSecret({ resource }: Target): boolean {
  return resource === 'secrets' || resource.startsWith('secrets/');
}

function words(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 64 * 1024) : '';
}
