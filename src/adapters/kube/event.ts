// Kubernetes events about Flux documents, as `kubectl describe` shows them.
import { randomBytes } from 'node:crypto';
import { asString } from '../../flux/read.ts';
import { nameOf, namespaceOf } from '../../object/id.ts';
import type { KubeEvent, ServedKind } from '../../ports/kube.ts';
import type { Caller } from './caller.ts';
import { targetOf } from './objects.ts';
import { listPath, queryOf } from './path.ts';
import { fieldManager } from './writer.ts';

const maxMessage = 1024;
const events: ServedKind = { group: '', version: 'v1', kind: 'Event', plural: 'events', namespaced: true, verbs: [] };

/** @throws SluiceError `kube.*` */
export async function recordEvent(caller: Caller, event: KubeEvent, now: Date): Promise<void> {
  const { about, type, reason, message, annotations } = event;
  const name = `${nameOf(about)
    .slice(0, 230)
    .replace(/[-.]+$/, '')}.${randomBytes(8).toString('hex')}`;
  // Events of what is in no namespace live in this one (client-go, tools/record).
  const namespace = namespaceOf(about) === '' ? 'default' : namespaceOf(about);
  // Events know seconds.
  const at = `${now.toISOString().slice(0, 19)}Z`;
  const body = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace, ...(annotations === undefined ? {} : { annotations }) },
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      namespace: namespaceOf(about),
      name: nameOf(about),
      uid: asString(about.metadata['uid']),
      resourceVersion: asString(about.metadata['resourceVersion']),
    },
    type,
    reason,
    message: message.length > maxMessage ? `${message.slice(0, maxMessage - 1)}…` : message,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    source: { component: fieldManager },
    reportingComponent: fieldManager,
    reportingInstance: fieldManager,
  };
  await caller.ask({
    count: 'create',
    target: targetOf('create', events, namespace, name),
    method: 'POST',
    path: listPath(events, namespace),
    query: queryOf({ fieldManager }),
    body: { type: 'application/json', text: JSON.stringify(body) },
    repeatable: 'unseen',
  });
}
