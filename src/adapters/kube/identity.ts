// Who a request acts as. Checked when it is made, and again on the very request that is about to leave.
import type { ClientRequest } from 'node:http';
import { SluiceError } from '../../errors.ts';
import type { ServiceAccountRef } from '../../fleet/tenant.ts';
import { isNamespaceName, isSubdomain } from '../../guard/name.ts';
import { showValue } from '../../object/show.ts';

/** The agent's own account, without impersonation. */
export const own = Symbol('own');

/** Whoever a kubeconfig logs in, with that person's own rights: `sluice bootstrap` alone (admin.ts). */
export const person = Symbol('person');

/** A service account, the agent's own account, or a person. */
export type Identity = Impersonated | typeof own | typeof person;

/** Cannot be had without a well-formed service account. */
export class Impersonated {
  readonly #user: string;

  /** @throws SluiceError `kube.identity` for an empty or malformed namespace or name */
  constructor({ namespace, name }: ServiceAccountRef) {
    if (!isText(namespace) || !isNamespaceName(namespace))
      refuse(`${showValue(namespace)} is not the namespace of a service account`);
    if (!isText(name) || !isSubdomain(name)) refuse(`${showValue(name)} is not the name of a service account`);
    this.#user = `system:serviceaccount:${namespace}:${name}`;
  }

  /** `system:serviceaccount:<namespace>:<name>` */
  get user(): string {
    return this.#user;
  }
}

/** Headers that carry the identity. */
export function identityHeaders(identity: Identity): Record<string, string> {
  return typeof identity === 'symbol' ? {} : { 'Impersonate-User': identity.user };
}

/** Flux documents' status and metadata, and Events: all that the agent's own account may write. */
const ownWrites = [
  /^PATCH \/apis\/[a-z0-9-]+\.toolkit\.fluxcd\.io\/[a-z0-9]+\/namespaces\/[a-z0-9-]+\/[a-z0-9]+\/[a-z0-9.-]+(?:\/status)?(?:\?|$)/,
  /^POST \/api\/v1\/namespaces\/[a-z0-9-]+\/events(?:\?|$)/,
];

/**
 * Looks at a request as it is about to be sent: exactly one `Impersonate-User` with this user and no other impersonation,
 * or none at all and then nothing but a read or one of the agent's own writes.
 * @throws SluiceError `kube.identity`; the request must not be sent then
 */
export function assertIdentity(
  request: Pick<ClientRequest, 'getRawHeaderNames' | 'getHeader' | 'method' | 'path'>,
  identity: Identity,
  prefix = '',
): void {
  const names = request.getRawHeaderNames().filter((name) => name.toLowerCase().startsWith('impersonate-'));
  if (typeof identity === 'symbol') {
    const line = `${request.method} ${request.path.slice(prefix.length)}`;
    if (names.length > 0) refuse('a request of the agent’s own account carried an impersonation');
    if (identity === own && request.method !== 'GET' && !ownWrites.some((form) => form.test(line)))
      refuse('the agent’s own account writes nothing but status, metadata and events');
    return;
  }
  const sent = request.getHeader('impersonate-user');
  if (names.length !== 1 || sent !== identity.user || identity.user === '')
    refuse('a request would have been sent without the service account it acts as');
}

/** Types are lost where something hostile was read: a regular expression would take null for `null`. */
function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function refuse(what: string): never {
  throw new SluiceError('kube.identity', what, {
    remedy: 'give the Kustomization a serviceAccountName that exists in its namespace',
  });
}
