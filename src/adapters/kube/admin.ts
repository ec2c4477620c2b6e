// The client of `sluice bootstrap`, and of nothing else: whoever the kubeconfig logs in, with no impersonation.
import type { ClusterAdmin } from '../../ports/kube-admin.ts';
import { SluiceError } from '../../errors.ts';
import type { ClusterAddress } from './address.ts';
import { createCaller, newCounters } from './caller.ts';
import { person } from './identity.ts';
import { kindsOf } from './kinds.ts';
import { listObjects } from './lists.ts';
import { getObject, wholeObjects } from './objects.ts';
import { realClock } from './patience.ts';
import { tokenSource } from './token.ts';
import { askVersion } from './version.ts';
import { openWire } from './wire.ts';
import { applyObject } from './writer.ts';

/**
 * The field manager of what bootstrap applies. Flux, and Sluice as Flux, take over what a manager whose name begins with
 * `kubectl` owns: as soon as Git has an object it has all of its fields, and none lingers under another's name.
 */
export const bootstrapManager = 'kubectl-sluice-bootstrap';

const deadlineMs = 30_000;

/**
 * Nothing is sent before it is asked for. Close it, or its kept connections keep the process.
 * @throws SluiceError `kube.config` where the certificates cannot be used
 */
export function connectAdmin(address: ClusterAddress): ClusterAdmin {
  const counters = newCounters();
  const closing = new AbortController();
  const { signal } = closing;
  const clock = realClock;
  const wire = openWire(address, {});
  const tokens = tokenSource(address.login, () => clock.now());
  const caller = createCaller(person, { wire, tokens, counters, clock, signal, deadlineMs });
  return {
    version: () => askVersion(caller),
    kinds: kindsOf(caller, clock, signal),
    get: (object) => getObject(caller, object),
    list: async (kind, options = {}) => (await listObjects(caller, kind, options, wholeObjects)).items,
    apply: (object, manifest, { dryRun }) =>
      applyObject(caller, object, manifest, { dryRun, force: true, manager: bootstrapManager }),
    close: () => {
      closing.abort(new SluiceError('kube.unavailable', 'the connection to the cluster is closed'));
      wire.close();
    },
  };
}
