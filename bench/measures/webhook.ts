// A webhook as GitHub sends it.
import { createHmac, randomUUID } from 'node:crypto';

export const secret = 'a-secret-for-webhooks-of-the-bench';

export interface Webhook {
  readonly url: string;
  readonly body: string;
  /** @defaultValue `pull_request` */
  readonly event?: string;
}

/** @returns milliseconds until it was answered @throws Error where it was not taken */
export async function send({ url, body, event = 'pull_request' }: Webhook): Promise<number> {
  const headers = {
    'content-type': 'application/json',
    'x-github-event': event,
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  };
  const start = performance.now();
  const answer = await fetch(url, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`the webhook was answered with ${answer.status}`);
  return performance.now() - start;
}
