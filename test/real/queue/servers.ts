// Real stores on loopback: Debian's redis-server and postgresql, started and ended by the tests.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { freePort } from '../../../lab/cluster/port.ts';

export interface Server {
  readonly address: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
  /** Stops it where it is, connections open; `thaw` lets it go on. */
  freeze(): void;
  thaw(): void;
  /** Sends one command to Redis. */
  command(name: string, ...parts: readonly string[]): Promise<unknown>;
  /** Ends it and removes its data. */
  remove(): Promise<void>;
}

export async function redisServer(settings: readonly string[] = []): Promise<Server> {
  const program = find('redis-server', 'redis-server', []);
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-redis-'));
  const port = await freePort();
  const command = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...settings];
  return await served(
    `redis://127.0.0.1:${port}/0`,
    folder,
    async () => await begin(program, command, /Ready to accept/),
  );
}

export async function postgresServer(): Promise<Server> {
  const initdb = find('initdb', 'postgresql', debianPostgres());
  const program = find('postgres', 'postgresql', debianPostgres());
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-postgres-'));
  // Postgres refuses to run as root.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  if (nobody.uid !== undefined) await chown(folder, nobody.uid, nobody.gid);
  const environment = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
  await promisify(execFile)(initdb, ['-D', folder, '-U', 'sluice', '--auth=trust', '--no-sync', '--encoding=UTF8'], {
    ...nobody,
    env: environment,
    cwd: '/',
  });
  const port = await freePort();
  const command = ['-D', folder, '-p', String(port), '-F'];
  for (const setting of ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=60']) {
    command.push('-c', setting);
  }
  return await served(`postgres://sluice@127.0.0.1:${port}/postgres`, folder, async () =>
    begin(program, command, /ready to accept connections/, { ...nobody, env: environment, cwd: '/' }),
  );
}

async function served(address: string, folder: string, begun: () => Promise<ChildProcess>): Promise<Server> {
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    child = await begun();
  };
  const kill = async (): Promise<void> => {
    const ended = child;
    child = undefined;
    if (ended === undefined || ended.exitCode !== null || ended.signalCode !== null) return;
    const exit = new Promise((resolve) => ended.once('exit', resolve));
    // Postgres takes SIGQUIT for "at once"; its helpers would outlive a SIGKILL.
    ended.kill('SIGQUIT');
    const timer = setTimeout(() => ended.kill('SIGKILL'), 5_000);
    await exit;
    clearTimeout(timer);
  };
  await start();
  return {
    address,
    kill,
    start,
    freeze: () => child?.kill('SIGSTOP'),
    thaw: () => child?.kill('SIGCONT'),
    command: async (name, ...parts) => {
      const client = new Redis(address);
      try {
        return await client.call(name, ...parts);
      } finally {
        client.disconnect();
      }
    },
    remove: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function begin(
  program: string,
  command: readonly string[],
  ready: RegExp,
  options: {
    readonly uid?: number;
    readonly gid?: number;
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
  } = {},
): Promise<ChildProcess> {
  const child = spawn(program, command, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    let said = '';
    const hear = (chunk: Buffer): void => {
      said = (said + chunk.toString()).slice(-10_000);
      if (ready.test(said)) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${path.basename(program)} ended with ${code}: ${said}`)));
  });
  return child;
}

function find(program: string, packageName: string, more: readonly string[]): string {
  for (const folder of [
    ...(process.env['PATH'] ?? '').split(':'),
    '/usr/sbin',
    '/usr/bin',
    '/usr/local/bin',
    ...more,
  ]) {
    if (folder !== '' && existsSync(path.join(folder, program))) return path.join(folder, program);
  }
  throw new Error(
    `The queue's tests need ${program}, and it is not here. Install it (Debian: apt-get install ${packageName}); they are never skipped.`,
  );
}

function debianPostgres(): readonly string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .toSorted((one, other) => Number(other) - Number(one))
    .map((version) => path.join(root, version, 'bin'));
}
