// Sends webhooks one after the other in a thread of its own, where nothing else delays its clock, until it is told to stop.
import { parentPort, workerData } from 'node:worker_threads';
import { send, type Webhook } from './webhook.ts';

const { url, bodies } = workerData as { readonly url: string; readonly bodies: readonly string[] };
const state = { stopped: false };
parentPort?.once('message', () => {
  state.stopped = true;
});
const answered: number[] = [];
while (!state.stopped) {
  const webhook: Webhook = { url, body: bodies[answered.length % bodies.length] ?? '' };
  answered.push(await send(webhook));
}
parentPort?.postMessage(answered);
