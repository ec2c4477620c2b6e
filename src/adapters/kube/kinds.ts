// Asks a cluster which kinds it serves, and remembers. Asked often, it asks the cluster seldom.
import type { JsonMapping } from '../../object/json.ts';
import type { ServedKinds } from '../../ports/kube.ts';
import { type Answer, type Caller, unusable } from './caller.ts';
import {
  type DiscoveredGroup,
  readAggregated,
  readCoreVersions,
  readGroups,
  readResources,
  servedKinds,
} from './discovery.ts';
import { type ApiPath, discoveryPath } from './path.ts';
import type { Clock } from './patience.ts';

/** The newest form that a server has; both aggregated ones look alike. */
const aggregated = ['v2', 'v2beta1'].map(
  (version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
);
const accept = [...aggregated, 'application/json'].join(',');
const maxBytes = 64 * 1024 * 1024;
const maxGroups = 2_000;
/** Requests at a time to servers that must be asked group by group. */
const inFlight = 8;

export interface KindsOptions {
  /** Between two looks at the cluster. @defaultValue 1_000 */
  readonly pauseMs?: number;
}

/** The function behind `KubeCluster.kinds`. */
export function kindsOf(
  caller: Caller,
  clock: Clock,
  signal: AbortSignal,
  { pauseMs = 1_000 }: KindsOptions = {},
): (fresh?: boolean) => Promise<ServedKinds> {
  const look = discovery(caller);
  let known: ServedKinds | undefined;
  let startedAt = Number.NEGATIVE_INFINITY;
  let running: Promise<ServedKinds> | undefined;
  let next: Promise<ServedKinds> | undefined;

  const looked = async (): Promise<ServedKinds> => {
    try {
      known = await look();
      return known;
    } finally {
      running = undefined;
    }
  };
  const run = (): Promise<ServedKinds> => {
    startedAt = clock.now();
    running = looked();
    return running;
  };

  /** A look that starts after now, shared by everybody who asks before it does. */
  const after = async (): Promise<ServedKinds> => {
    await running?.catch(() => undefined);
    await clock.sleep(Math.max(0, startedAt + pauseMs - clock.now()), signal);
    next = undefined;
    return run();
  };

  return (fresh = false) => {
    if (!fresh) return known === undefined ? (running ?? run()) : Promise.resolve(known);
    next ??= after();
    return next;
  };
}

interface Remembered {
  readonly etag: string;
  readonly groups: readonly DiscoveredGroup[];
}

function discovery(caller: Caller): () => Promise<ServedKinds> {
  const remembered = new Map<ApiPath, Remembered>();
  const get = (path: ApiPath, etag?: string): Promise<Answer> =>
    caller.ask({
      count: 'get',
      target: { verb: 'get', resource: path, namespace: '', name: '' },
      method: 'GET',
      path,
      query: '',
      accept,
      ifNoneMatch: etag,
      repeatable: 'yes',
      maxBytes,
    });
  const plain = async (group: string, version: string): Promise<DiscoveredGroup> => {
    try {
      const { json } = await get(discoveryPath({ group, version }));
      if (json['kind'] !== 'APIResourceList') return { group, versions: [version], kinds: [], complete: false };
      return { group, versions: [version], kinds: readResources(group, version, json), complete: true };
    } catch {
      return { group, versions: [version], kinds: [], complete: false };
    }
  };
  const root = async (path: ApiPath): Promise<readonly DiscoveredGroup[]> => {
    const before = remembered.get(path);
    const { status, json, etag } = await get(path, before?.etag);
    if (status === 304 && before !== undefined) return before.groups;
    const groups = readAggregated(json);
    if (groups === undefined) return mapLimited(versionsIn(json, path), ({ group, version }) => plain(group, version));
    if (etag !== undefined && /^[\x21-\x7e]{1,200}$/.test(etag)) remembered.set(path, { etag, groups });
    return groups;
  };
  return async () => {
    const [core, named] = await Promise.all([root(discoveryPath('core')), root(discoveryPath('groups'))]);
    return servedKinds([...core, ...named]);
  };
}

function versionsIn(json: JsonMapping, path: ApiPath): { group: string; version: string }[] {
  const isGroups = json['kind'] === 'APIGroupList';
  if (!isGroups && json['kind'] !== 'APIVersions')
    throw unusable({ verb: 'get', resource: path, namespace: '', name: '' }, 'it is no discovery');
  const groups = isGroups ? readGroups(json) : [{ group: '', versions: readCoreVersions(json) }];
  return groups.slice(0, maxGroups).flatMap(({ group, versions }) => versions.map((version) => ({ group, version })));
}

async function mapLimited<In, Out>(items: readonly In[], run: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = [];
  let at = 0;
  const hand = async (): Promise<void> => {
    for (let mine = at++; mine < items.length; mine = at++) {
      const item = items[mine];
      if (item !== undefined) results[mine] = await run(item);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, hand));
  return results;
}
