// What people and API servers do around an agent: a push is heard of, somebody edits, the audit log is read.
import type { AuditEvent } from '../../../lab/cluster/audit.ts';
import type { KubeObject } from '../../../lab/cluster/object.ts';
import { clusterName, namespace, type Running, type Stand } from './stand.ts';

const documents = '/apis/kustomize.toolkit.fluxcd.io/v1/namespaces';
const annotateCommand =
  /kubectl annotate kustomization -n (\S+) (\S+) --overwrite --field-manager=(\S+) '?([^\s'=]+)=([^\s']+)'?/;

/** Gives namespaces the Secret with which the agent fetches. */
export async function welcome(stand: Stand, ...names: readonly string[]): Promise<void> {
  await stand.cluster.admin.apply(names.flatMap((name) => [namespace(name) as KubeObject, stand.credentials(name)]));
}

/** What a webhook of a push comes to: a job in the cluster's queue. `commit` is what the webhook said, if anything. */
export async function hear(
  { queues }: Running,
  stand: Stand,
  repository: string,
  commit?: string,
  ref = 'refs/heads/main',
): Promise<void> {
  const queue = await queues.open(`reconcile-${clusterName}`);
  const url = stand.url(repository).replace(/\.git$/, '');
  const said = commit === undefined ? {} : { commit };
  await queue.add({ kind: 'pushed', version: 1, cluster: clusterName, url, ref, ...said, cause: 'test' });
}

export async function liveOf(
  stand: Stand,
  [apiVersion, kind]: readonly [string, string],
  place: string,
): Promise<KubeObject | undefined> {
  const [first = '', second] = place.split('/');
  const where = second === undefined ? { name: first } : { namespace: first, name: second };
  return stand.cluster.admin.get({ apiVersion, kind, ...where });
}

export const configMaps = ['v1', 'ConfigMap'] as const;

export async function dataOf(stand: Stand, place: string): Promise<unknown> {
  const object = await liveOf(stand, configMaps, place);
  return object === undefined ? undefined : (object['data'] ?? {});
}

export async function uidOf(
  stand: Stand,
  place: string,
  kind: readonly [string, string] = configMaps,
): Promise<string> {
  return String((await liveOf(stand, kind, place))?.metadata['uid']);
}

/** Waits until a ConfigMap's data (undefined: it is not there) is so. */
export async function untilData(
  stand: Stand,
  place: string,
  holds: (data: Readonly<Record<string, string>> | undefined) => boolean,
  timeoutMs = 60_000,
): Promise<void> {
  const [namespaceName = '', name = ''] = place.split('/');
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace: namespaceName, name };
  await stand.cluster.admin.until(
    ref,
    (object) => holds(object === undefined ? undefined : ((object['data'] ?? {}) as never)),
    timeoutMs,
  );
}

/** Edits a document as a person with kubectl does. */
export async function edit(stand: Stand, key: string, body: object, manager = 'kubectl-edit'): Promise<void> {
  const [namespaceName, name] = key.split('/');
  const path = `${documents}/${namespaceName}/kustomizations/${name}?fieldManager=${encodeURIComponent(manager)}`;
  const { status } = await stand.cluster.admin.request('PATCH', path, body, {
    contentType: 'application/merge-patch+json',
  });
  if (status !== 200) throw new Error(`${key} was not edited: ${status}`);
}

/** Does exactly what the words of a condition say: runs their `kubectl annotate`. */
export async function obey(stand: Stand, words: string): Promise<void> {
  const command = annotateCommand.exec(words);
  if (command === null) throw new Error(`no command in: ${words}`);
  const [, namespaceName = '', name = '', manager = '', key = '', value = ''] = command;
  await edit(stand, `${namespaceName}/${name}`, { metadata: { annotations: { [key]: value } } }, manager);
}

/** As `flux reconcile kustomization` does. */
export async function request(stand: Stand, key: string, at = new Date().toISOString()): Promise<void> {
  await edit(stand, key, { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': at } } }, 'flux');
}

export interface Write {
  readonly verb: string;
  /** Who asked, and as whom it was done. */
  readonly user: string;
  readonly as: string | undefined;
  /** `configmaps`, `kustomizations.kustomize.toolkit.fluxcd.io/status` */
  readonly resource: string;
  readonly place: string;
  readonly dry: boolean;
  readonly code: number;
}

export const agentUser = 'system:serviceaccount:sluice-system:sluice-agent';
const writing = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Every write that the agent asked for since a position of the log, as itself or as somebody else. */
export async function writesSince(stand: Stand, from = 0): Promise<readonly Write[]> {
  return (await stand.cluster.audit(from)).filter(isWrite).map(written);
}

function isWrite({ verb, user }: AuditEvent): boolean {
  return writing.has(verb) && user.username === agentUser;
}

function written({ verb, user, impersonatedUser, objectRef = {}, requestURI, responseStatus }: AuditEvent): Write {
  const { resource = '', apiGroup, subresource, namespace: within, name = '' } = objectRef;
  const group = apiGroup === undefined ? '' : `.${apiGroup}`;
  const sub = subresource === undefined ? '' : `/${subresource}`;
  return {
    verb,
    user: user.username,
    as: impersonatedUser?.username,
    resource: `${resource}${group}${sub}`,
    place: within === undefined ? name : `${within}/${name}`,
    dry: requestURI.includes('dryRun='),
    code: responseStatus?.code ?? 0,
  };
}
