// One cluster's API server: the agent's own client, from which only clients of service accounts can be had.
import { SluiceError } from '../../errors.ts';
import type { KubeCluster, ServedKind } from '../../ports/kube.ts';
import type { Log } from '../../ports/log.ts';
import type { ClusterAddress } from './address.ts';
import { createCaller, newCounters } from './caller.ts';
import { recordEvent } from './event.ts';
import { patchMetadata, patchStatus } from './flux-writes.ts';
import { type FollowTimes, follow } from './follow.ts';
import { Impersonated, own } from './identity.ts';
import { type KindsOptions, kindsOf } from './kinds.ts';
import { listObjects } from './lists.ts';
import { getObject, metadataAlone, wholeObjects } from './objects.ts';
import { type Clock, realClock } from './patience.ts';
import { tokenSource } from './token.ts';
import { openWire, type WireOptions } from './wire.ts';
import { askVersion } from './version.ts';
import { createWriter } from './writer.ts';

export interface ClusterOptions extends WireOptions, FollowTimes {
  readonly log: Log;
  /** For one request, its tries and pauses together. @defaultValue 30_000 */
  readonly deadlineMs?: number;
  readonly kinds?: KindsOptions;
  readonly clock?: Clock;
}

/**
 * A client of one cluster; nothing is sent before it is asked for. Close it, or its kept connections keep the process.
 * @throws SluiceError `kube.config` where the certificates cannot be used
 */
export function connectCluster(address: ClusterAddress, options: ClusterOptions): KubeCluster {
  const { log, deadlineMs = 30_000, clock = realClock } = options;
  const counters = newCounters();
  const closing = new AbortController();
  const { signal } = closing;
  const wire = openWire(address, options);
  const tokens = tokenSource(address.login, () => clock.now());
  const parts = { wire, tokens, counters, clock, signal, deadlineMs };
  const caller = createCaller(own, parts);
  const followParts = { caller, clock, times: options };
  const until = (other: AbortSignal): AbortSignal => AbortSignal.any([signal, other]);

  return {
    counters,
    kinds: kindsOf(caller, clock, signal, options.kinds),
    version: () => askVersion(caller),
    get: (object) => getObject(caller, object),
    list: async (kind, list = {}) => (await listObjects(caller, kind, list, wholeObjects)).items,
    listMetadata: async (kind, list = {}) => (await listObjects(caller, kind, list, metadataAlone)).items,
    follow: (kind: ServedKind, follower, by) =>
      follow(followParts, kind, follower, { ...by, signal: until(by.signal) }, wholeObjects),
    followMetadata: (kind, follower, by) =>
      follow(followParts, kind, follower, { ...by, signal: until(by.signal) }, metadataAlone),
    patchStatus: (object, status, resourceVersion) => patchStatus(caller, object, status, resourceVersion),
    patchMetadata: (object, metadata, resourceVersion) => patchMetadata(caller, object, metadata, resourceVersion),
    record: async (event) => {
      await recordEvent(caller, event, new Date(clock.date())).catch((error: unknown) => {
        if (!signal.aborted) log.info('an event was not recorded', { error });
      });
    },
    as: (account) => createWriter(account, createCaller(new Impersonated(account), parts)),
    close: () => {
      closing.abort(new SluiceError('kube.unavailable', 'the connection to the cluster is closed'));
      wire.close();
    },
  };
}
