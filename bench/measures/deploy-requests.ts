// What the API server was asked, from its own audit log: the counters that no noise reaches.
import type { AuditEvent } from '../../lab/cluster/audit.ts';
import type { Cluster } from '../../lab/cluster/cluster.ts';

export interface Requests {
  /** Reads of one object. */
  readonly get: number;
  readonly list: number;
  readonly watch: number;
  readonly dryRun: number;
  readonly apply: number;
  readonly status: number;
  /** Other patches: finalizers. */
  readonly patch: number;
  /** Events. */
  readonly create: number;
  readonly delete: number;
}

const agentUser = 'system:serviceaccount:sluice-system:sluice-agent';

/** What the agent asked since a position of the log, for itself and as service accounts. */
export async function requestsSince(cluster: Cluster, position: number): Promise<Requests> {
  const counted = { get: 0, list: 0, watch: 0, dryRun: 0, apply: 0, status: 0, patch: 0, create: 0, delete: 0 };
  for (const event of await cluster.audit(position)) {
    const verb = event.user.username === agentUser ? verbOf(event) : undefined;
    if (verb !== undefined) counted[verb] += 1;
  }
  return counted;
}

/** When the first dry run or apply reached the API server, in milliseconds since the epoch. */
export async function firstApplySince(cluster: Cluster, position: number): Promise<number | undefined> {
  const events = (await cluster.audit(position)).filter((event) => {
    const verb = event.user.username === agentUser ? verbOf(event) : undefined;
    return verb === 'dryRun' || verb === 'apply';
  });
  const times = events.map(({ requestReceivedTimestamp }) => epochMs(requestReceivedTimestamp));
  return times.length === 0 ? undefined : Math.min(...times);
}

function verbOf({ verb, requestURI, objectRef, stage }: AuditEvent): keyof Requests | undefined {
  if (verb === 'watch') return stage === 'ResponseStarted' ? 'watch' : undefined;
  if (verb === 'get') return objectRef === undefined ? undefined : 'get';
  if (verb === 'list' || verb === 'create' || verb === 'delete') return verb;
  if (verb !== 'patch') return undefined;
  if (requestURI.includes('fieldManager=kustomize-controller')) {
    return requestURI.includes('dryRun=All') ? 'dryRun' : 'apply';
  }
  return objectRef?.subresource === 'status' ? 'status' : 'patch';
}

/** The log knows microseconds, which Date cuts. */
function epochMs(timestamp: string): number {
  const micros = /\.\d{3}(\d{3})Z$/.exec(timestamp)?.[1] ?? '0';
  return Date.parse(timestamp) + Number(micros) / 1_000;
}
