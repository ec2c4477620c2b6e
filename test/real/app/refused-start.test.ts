// A role that cannot start says why and ends, whatever of it had begun already.
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { layStore } from '../queue/made.ts';
import { freePort } from '../../../lab/cluster/port.ts';

const program = fileURLToPath(new URL('../../../bin/sluice.js', import.meta.url));
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

let folder: string;
let taken: Server;
let port: number;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-refused-'));
  await layStore(join(folder, 'queue'));
  taken = createServer();
  port = await freePort();
  taken.listen(port, '127.0.0.1');
  await once(taken, 'listening');
});

afterAll(async () => {
  taken.close();
  await rm(folder, { recursive: true });
});

test.each([
  ['webhooks arrive at a port that is taken', () => ({ SLUICE_LISTEN: `127.0.0.1:${port}` }), 'SLUICE_LISTEN'],
  [
    'health is asked at a port that is taken',
    () => ({ SLUICE_ADMIN_LISTEN: `127.0.0.1:${port}` }),
    'SLUICE_ADMIN_LISTEN',
  ],
  ['a kubeconfig is not there', () => ({ SLUICE_CLUSTERS: 'prod=not-there' }), 'cluster "prod"'],
])(
  'ends where %s',
  async (_why, wrong, names) => {
    const child = spawn(process.execPath, [program, 'start'], {
      env: {
        SLUICE_APP_ID: '1',
        SLUICE_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        SLUICE_WEBHOOK_SECRET: 'x'.repeat(32),
        SLUICE_PLATFORM: 'acme/platform',
        SLUICE_GITHUB_URL: 'http://127.0.0.1:9',
        SLUICE_DATA: folder,
        SLUICE_LISTEN: '127.0.0.1:0',
        SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
        ...wrong(),
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const late = setTimeout(() => child.kill('SIGKILL'), 40_000);
    const said = await text(child.stderr);
    const end = child.exitCode ?? child.signalCode ?? (await once(child, 'exit'))[0];
    clearTimeout(late);
    expect([end, said]).toEqual([2, expect.stringContaining(names)]);
  },
  60_000,
);
