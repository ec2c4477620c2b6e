// The server in its own thread, with a store that this thread has open.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { createLog } from '../../../src/adapters/log/log.ts';
import { embeddedDoor } from '../../../src/adapters/queue/embedded.ts';
import { openQueue } from '../../../src/adapters/queue/open.ts';
import type { Queue } from '../../../src/ports/queue.ts';
import type { Server } from '../../../src/server.ts';
import { startServerApart } from '../../../src/server-apart.ts';
import { layStore } from '../queue/made.ts';
import { headersFor, opened, secret, send } from './hook.ts';

const body = JSON.stringify(opened);
let folder: string;
let queue: Queue;
const lines: string[] = [];
const servers: Server[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-apart-'));
  await layStore(folder);
  queue = await openQueue('embedded', { folder });
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});
afterAll(async () => {
  await queue.close(0);
  await rm(folder, { recursive: true, force: true });
});

async function start(port = 0): Promise<Server> {
  const options = {
    appId: 99,
    github: { web: 'https://github.com', api: 'https://api.github.com' },
    platform: 'acme/fleet',
    webhookSecrets: [secret],
    listen: { host: '127.0.0.1', port },
    admin: { host: '127.0.0.1', port: 0 },
  };
  const log = createLog({ level: 'info', secrets: [secret], destination: { write: (line) => void lines.push(line) } });
  const server = await startServerApart(options, { queue: 'embedded', door: embeddedDoor(folder), log });
  servers.push(server);
  return server;
}

test('takes webhooks, and says so in the log of its owner', async () => {
  const server = await start();
  expect(await send(server, body)).toMatchObject({ status: 202 });
  expect(await queue.counts()).toEqual({ waiting: 1, active: 0 });
  await expect
    .poll(() => lines.map((line) => JSON.parse(line)))
    .toContainEqual(expect.objectContaining({ message: 'queued', repository: 'acme/shop', pull: 12, jobs: 'review' }));
  expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(200);
});

test('answers while its owner is busy', async () => {
  const server = await start();
  const answered = new Int32Array(new SharedArrayBuffer(4));
  const github = new Worker(
    `const { url, headers, body, answered } = require('node:worker_threads').workerData;
    fetch(url, { method: 'POST', headers, body }).then(({ status }) => Atomics.store(answered, 0, status));`,
    { eval: true, workerData: { url: server.webhookUrl, headers: headersFor(body), body, answered } },
  );
  // This thread does nothing else; a server that needed it would never answer.
  const end = performance.now() + 30_000;
  while (Atomics.load(answered, 0) === 0 && performance.now() < end);
  expect(Atomics.load(answered, 0)).toBe(202);
  await github.terminate();
});

test('says at the start that its port is taken', async () => {
  const server = await start();
  await expect(start(Number(new URL(server.webhookUrl).port))).rejects.toMatchObject({ code: 'configuration' });
});

test('is not ready when the store is closed', async () => {
  const server = await start();
  await queue.close(0);
  expect((await fetch(`${server.adminUrl}/readyz`)).status).toBe(503);
  expect(await send(server, body)).toMatchObject({ status: 503 });
});
