// An agent asks an API server for its version before anything else, and goes no further where that one is too old.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectAdmin } from '../../../../src/adapters/kube/admin.ts';
import { openQueues } from '../../../../src/adapters/queue/open.ts';
import { type Agent, startAgent } from '../../../../src/agent.ts';
import { bootstrap } from '../../../../src/bootstrap.ts';
import type { Queues } from '../../../../src/ports/queue.ts';
import { createToolbox, type Toolbox } from '../../../../src/toolbox.ts';
import { json, type Script, type Scripted, startScripted, status, unlogged } from '../../kube/scripted.ts';
import { redisServer, type Server } from '../../queue/servers.ts';

let folder: string;
let store: Server;
let queues: Queues;
let toolbox: Toolbox;
let server: Scripted;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-version-'));
  store = await redisServer(['--maxmemory-policy', 'noeviction']);
  queues = await openQueues(store.address, {});
  toolbox = createToolbox(process.env);
});
afterAll(async () => {
  await queues?.close(1_000);
  await store?.remove();
  await toolbox?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  server = await startScripted();
});
afterEach(() => server.stop());

async function start(script: Script): Promise<Agent> {
  server.answer(script);
  const { renderer, policyEngine, shippedPolicies } = await toolbox.tools(() => {});
  const tools = { queues, renderer, policyEngine, shippedPolicies, log: unlogged, dataFolder: folder };
  return startAgent({ ...tools, cluster: 'eu', address: server.address });
}

const paths = (): readonly string[] => server.asked.map(({ path }) => path);

test.each(['v1.26.15', 'v1.9.0'])(
  '304: %s is too old, which is said with what is needed, and nothing else is asked',
  async (gitVersion) => {
    const error = { code: 'kube.config', kind: 'terminal', remedy: expect.stringContaining('v1.27') };
    await expect(start(json({ gitVersion }))).rejects.toMatchObject(error);
    await expect(start(json({ gitVersion }))).rejects.toThrow(gitVersion);
    expect(new Set(paths())).toEqual(new Set(['/version']));
    // Nobody is to send work to it, and nothing holds the process.
    expect(await queues.clusters()).toEqual([]);
    await expect.poll(() => server.connections.open).toBe(0);
  },
);

test('304: bootstrap refuses it as well, before it looks at anything', async () => {
  server.answer(json({ gitVersion: 'v1.26.15' }));
  const admin = connectAdmin(server.address);
  const options = { cluster: 'eu', repository: 'https://github.com/acme/platform', branch: 'main', dryRun: false };
  const never = (): never => {
    throw new Error('nothing is read before the version');
  };
  const tools = { admin, renderer: never as never, definitions: never, rbac: never, fetch: never, progress: () => {} };
  await expect(bootstrap(options as never, tools)).rejects.toMatchObject({ code: 'kube.config' });
  expect(paths()).toEqual(['/version']);
  admin.close();
});

test('304: a server that says no version is no API server, which may pass', async () => {
  const error = { code: 'kube.unavailable', kind: 'transient', remedy: expect.any(String) };
  await expect(start(json({ kind: 'Status' }))).rejects.toMatchObject(error);
  expect(new Set(paths())).toEqual(new Set(['/version']));
});

test('304: one of the oldest that will do, and one that is newer than any, are gone on with', async () => {
  for (const gitVersion of ['v1.27.0', 'v1.99.1', 'v2.3.0']) {
    // Discovery is what it wants next; no more is served here.
    const only: Script = (response, asked) =>
      (asked.path === '/version' ? json({ gitVersion }) : status(403, 'Forbidden'))(response, asked);
    await expect(start(only)).rejects.toMatchObject({ code: 'kube.denied' });
    expect(paths()).toContain('/api');
  }
});
