// The image's last stage, laid out and started: every role becomes ready with what the manifests give it, as somebody
// without rights who can write the data alone, and stops when it is told to.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Cluster, startCluster } from '../../../lab/cluster/cluster.ts';
import manifest from '../../../package.json' with { type: 'json' };
import { createRenderer } from '../../../src/adapters/renderer/renderer.ts';
import { list } from '../../../src/object/json.ts';
import { installPlatform } from '../bootstrap/install.ts';
import { redisServer, type Server } from '../queue/servers.ts';
import { Image } from './image.ts';
import { buildOverlay, workloadsOf } from './overlays.ts';

let folder: string;
let image: Image;
let cluster: Cluster;
let redis: Server;
let settings: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-image-'));
  image = await Image.layOut(folder, { SLUICE_RENDERER: inject('renderer') });
  const progress = (step: string): void => void process.stderr.write(`${step}\n`);
  cluster = await startCluster({ name: 'roles', folder: join(folder, 'cluster'), progress });
  await installPlatform(cluster);
  await writeFile(join(folder, 'users.acl'), 'user default on >let-me-in ~* &* +@all');
  redis = await redisServer([...(await redisSettings()), '--aclfile', join(folder, 'users.acl')]);
  await writeFile(
    join(folder, 'agent.kubeconfig'),
    cluster.kubeconfig(await cluster.serviceAccountToken('sluice-system', 'sluice-agent')),
  );
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  settings = {
    SLUICE_APP_ID: '1',
    SLUICE_PRIVATE_KEY: privateKey.export({ type: 'pkcs1', format: 'pem' }).toString(),
    SLUICE_WEBHOOK_SECRET: 'x'.repeat(32),
    SLUICE_PLATFORM: 'acme/platform',
    SLUICE_GITHUB_URL: 'http://127.0.0.1:9',
    SLUICE_LISTEN: '127.0.0.1:0',
    SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
  };
}, 900_000);

afterAll(async () => {
  await redis?.remove();
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the manifest tells Redis, but for its files. */
async function redisSettings(): Promise<readonly string[]> {
  const renderer = createRenderer({ binary: inject('renderer'), children: 1 });
  try {
    const found = workloadsOf(await buildOverlay(renderer, 'redis')).find(({ name }) => name === 'sluice-redis');
    const args = list(found?.containers[0]?.['args']).map((arg) => String(arg as string));
    const files = args.flatMap((arg, index) => (arg === '--dir' || arg === '--aclfile' ? [index, index + 1] : []));
    expect(files).toHaveLength(4);
    return args.filter((_, index) => !files.includes(index));
  } finally {
    await renderer.close();
  }
}

test.each([
  [['version'], new RegExp(`^sluice ${manifest.version.replaceAll('.', '\\.')}`)],
  [['help'], /sluice bootstrap --cluster/],
])('sluice %s', async (args, words) => {
  const { said, ended } = image.start(args);
  expect([await ended, said()]).toEqual([0, expect.stringMatching(words)]);
});

describe('a role', () => {
  test.each(['start', 'serve', 'worker', 'agent'])('is ready and stops: %s', async (role) => {
    const queue = redis.address.replace('redis://', 'redis://:let-me-in@');
    const shared = role === 'start' ? {} : { SLUICE_QUEUE: queue };
    const { SLUICE_ADMIN_LISTEN, ...app } = settings;
    const own =
      role === 'agent'
        ? { SLUICE_CLUSTER: 'prod-eu', SLUICE_KUBECONFIG: join(folder, 'agent.kubeconfig') }
        : { ...app, ...(role === 'start' ? { SLUICE_CLUSTERS: `prod-eu=${join(folder, 'agent.kubeconfig')}` } : {}) };
    const { child, said, ended } = image.start([role], {
      SLUICE_ADMIN_LISTEN: SLUICE_ADMIN_LISTEN ?? '',
      ...shared,
      ...own,
    });
    await expect.poll(said, { timeout: 100_000 }).toMatch(/"message":"ready"/);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(said()).not.toMatch(/let-me-in|EACCES|EROFS/);
    expect(await readdir(image.app)).not.toContain('.cache');
  });

  test('ends in order that is asked to in the moment in which it says that it is ready', async () => {
    const asking = `import fs from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const { writeSync } = fs;
      fs.writeSync = (to, bytes, ...more) => {
        if (String(bytes).includes('"message":"ready"')) process.kill(process.pid, 'SIGTERM');
        return writeSync(to, bytes, ...more);
      };
      syncBuiltinESMExports();`;
    const { said, ended } = image.start(['worker'], {
      ...settings,
      SLUICE_QUEUE: redis.address.replace('redis://', 'redis://:let-me-in@'),
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(asking)}`,
    });
    expect([await ended, said()]).toEqual([0, expect.stringMatching(/"message":"ready"[^]*"message":"stopping"/)]);
  });
});
