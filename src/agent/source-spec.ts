// What a GitRepository says (source.toolkit.fluxcd.io/v1), as far as an agent fetches by it.
import { parseDuration } from '../flux/duration.ts';
import { readSourceRef } from '../flux/kustomization.ts';
import { asList, asObject, stringAt, valueAt } from '../flux/read.ts';
import type { KubeObject } from '../object/object.ts';
import type { SourceRef } from '../ports.ts';

export interface SourceSpec {
  readonly url: string;
  readonly ref: SourceRef;
  readonly intervalMs: number;
  /** In the source's own namespace. */
  readonly secretName: string | undefined;
  /** `generic` or `github`. */
  readonly provider: string;
  readonly suspended: boolean;
  /** Why it cannot be fetched as it says, and what to do. */
  readonly refused: string | undefined;
  /** Why nobody but the App can fetch it, and what to do where there is none in this process. */
  readonly onlyAsApp: string | undefined;
}

const defaultIntervalMs = 60_000;
const overSsh =
  'spec.url: ssh:// is fetched only where the App sees the repository and runs in one process with the agent; ' +
  'use https:// with a token in secretRef';
const shortestIntervalMs = 1_000;

/** Reads a document whose every value may be of another type than it should be; never throws. */
export function readSourceSpec(object: KubeObject): SourceSpec {
  const { spec } = object;
  const url = stringAt(spec, 'url') ?? '';
  const interval = parseDuration(stringAt(spec, 'interval') ?? '');
  return {
    url,
    ref: readSourceRef(object),
    intervalMs: Math.max(shortestIntervalMs, interval ?? defaultIntervalMs),
    secretName: stringAt(spec, 'secretRef', 'name'),
    provider: stringAt(spec, 'provider') ?? 'generic',
    suspended: asObject(spec)?.['suspend'] === true,
    refused: refusedUrl(url) ?? refusedField(object),
    onlyAsApp: URL.parse(url)?.protocol === 'ssh:' ? overSsh : undefined,
  };
}

function refusedUrl(url: string): string | undefined {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.hostname === '') return 'spec.url is no address; write https://host/owner/name';
  const { protocol, username, password, hostname } = parsed;
  if (password !== '' || (username !== '' && protocol !== 'ssh:'))
    return 'spec.url holds credentials; put them into a Secret and name it in secretRef';
  // By the App it is fetched over HTTPS, and otherwise not at all.
  if (protocol === 'ssh:') return undefined;
  if (protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname))) return undefined;
  return 'spec.url is not https://; what is deployed does not travel in clear text';
}

/** A server on this machine, for tests and trials. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

const notYet: readonly (readonly [field: string, instead: string])[] = [
  ['verify', 'protect the branch, and require signed commits there'],
  ['proxySecretRef', 'let the agent reach the server directly'],
  ['recurseSubmodules', 'use spec.include, or copy the files'],
  ['sparseCheckout', 'leave it out: only what a build reads is read anyway'],
  ['serviceAccountName', 'name a Secret in secretRef'],
];

function refusedField({ spec }: KubeObject): string | undefined {
  for (const [field, instead] of notYet) {
    const value = valueAt(spec, field);
    if (
      value === undefined ||
      value === null ||
      value === false ||
      (asList(value).length === 0 && Array.isArray(value))
    )
      continue;
    return `spec.${field} is not supported yet; ${instead}`;
  }
  const provider = stringAt(spec, 'provider') ?? 'generic';
  if (provider === 'generic' || provider === 'github') return undefined;
  return 'spec.provider is not supported yet but for generic and github; name a Secret in secretRef';
}
