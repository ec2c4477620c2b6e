import { createHmac, randomUUID } from 'node:crypto';
import type { App } from '../app.ts';
import type { World } from '../world.ts';
import type { Delivery } from './delivery.ts';

/** GitHub.com gives ten seconds to answer. */
const patience = 10_000;

export interface Message {
  readonly app: App;
  readonly event: string;
  readonly action: string | undefined;
  readonly installation: number | undefined;
  readonly repository: number | undefined;
  readonly body: string;
  readonly guid: string;
  readonly redelivery: boolean;
}

export function newGuid(): string {
  return randomUUID();
}

/** The headers of a delivery, signed with the App's secret over exactly the bytes of the body. */
export function signedHeaders(message: Message): Record<string, string> {
  const secret = message.app.webhook?.secret ?? '';
  const sign = (algorithm: string): string => createHmac(algorithm, secret).update(message.body).digest('hex');
  return {
    accept: '*/*',
    'content-type': 'application/json',
    'user-agent': 'GitHub-Hookshot/0000000',
    'x-github-delivery': message.guid,
    'x-github-event': message.event,
    'x-github-hook-id': String(message.app.id),
    'x-github-hook-installation-target-id': String(message.app.id),
    'x-github-hook-installation-target-type': 'integration',
    ...(secret !== '' && {
      'x-hub-signature': `sha1=${sign('sha1')}`,
      'x-hub-signature-256': `sha256=${sign('sha256')}`,
    }),
  };
}

/** Remembers a delivery before it is sent, so that one under way is listed. */
export function recordDelivery(world: World, message: Message): Delivery {
  const delivery: Delivery = {
    id: world.nextId(),
    guid: message.guid,
    app: message.app,
    event: message.event,
    action: message.action,
    installation: message.installation,
    repository: message.repository,
    redelivery: message.redelivery,
    body: message.body,
    headers: signedHeaders(message),
    url: message.app.webhook?.url ?? '',
    deliveredAt: new Date(world.clock.now()).toISOString(),
    duration: 0,
    status: '',
    statusCode: 0,
    response: { headers: {}, payload: '' },
  };
  world.deliveries.push(delivery);
  return delivery;
}

/** Sends a delivery once and writes down what came back. Never throws. */
export async function postDelivery(world: World, delivery: Delivery, stop: AbortSignal): Promise<void> {
  const started = performance.now();
  world.counters.deliveries += 1;
  try {
    const answer = await fetch(delivery.url, {
      method: 'POST',
      body: delivery.body,
      headers: { ...delivery.headers },
      redirect: 'manual',
      signal: AbortSignal.any([stop, AbortSignal.timeout(patience)]),
    });
    delivery.response = { headers: Object.fromEntries(answer.headers), payload: await answer.text() };
    delivery.statusCode = answer.status;
    delivery.status = answer.ok ? 'OK' : `Invalid HTTP Response: ${answer.status}`;
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    delivery.statusCode = late ? 504 : 502;
    delivery.status = late ? 'timed out' : 'failed to connect to host';
  }
  delivery.duration = Math.round(performance.now() - started) / 1000;
  world.changed();
}
