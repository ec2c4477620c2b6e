// From the webhook of a merge to the first request of its apply, next to fetching and building alone.
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Count, timingOf, type Timing } from '../gate.ts';
import { type Parts, type Round, runPaired } from '../pairing/rounds.ts';
import { git, runProcess } from '../peers/process.ts';
import { createMirrors } from '../../src/adapters/git/mirrors.ts';
import { createRenderer } from '../../src/adapters/renderer/renderer.ts';
import { readKustomization } from '../../src/flux/kustomization.ts';
import { appFiles, appKustomization, appName, smallTenant } from './deploy-fleet.ts';
import { startSluice } from './deploy-processes.ts';
import { firstApplySince } from './deploy-requests.ts';
import type { DeployStand } from './deploy-stand.ts';
import { type Bench, sameAnswer } from './measure.ts';
import type { KubeObject } from '../../src/object/object.ts';
import type { GitCredential } from '../../src/ports/mirror.ts';
import { secret, send } from './webhook.ts';

const effort = { rounds: 25, seconds: 60, fewest: 10 };
const quickEffort = { rounds: 12, seconds: 30, fewest: 10 };
const name = 'deploy: webhook to the first dry run';
const longMs = 30_000;

/** `sluice serve` beside the agent. Each round changes the one Kustomization of a small tenant. */
export async function measureLatency(
  bench: Bench,
  stand: DeployStand,
): Promise<{ readonly timings: readonly Timing[]; readonly counts: readonly Count[] }> {
  bench.say(name);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const environment = {
    SLUICE_APP_ID: '1',
    SLUICE_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    SLUICE_WEBHOOK_SECRET: secret,
    SLUICE_GITHUB_URL: stand.github.address,
    SLUICE_PLATFORM: 'acme/platform',
    SLUICE_QUEUE: stand.redis,
    SLUICE_LISTEN: '127.0.0.1:0',
    SLUICE_LOG_LEVEL: 'info',
  };
  const serve = await startSluice('serve', join(bench.directory, 'serve'), environment, '"ready"');
  try {
    return await measure(bench, stand, webhookOf(serve.log()));
  } finally {
    await serve.stop();
  }
}

async function measure(bench: Bench, stand: DeployStand, url: string) {
  const theirs = join(bench.directory, 'theirs.git');
  await git(bench.directory, 'clone', '--quiet', '--bare', stand.cloneUrl(smallTenant), theirs);
  const folder = join(bench.directory, 'tree');
  const repository = `acme/${smallTenant}`;
  const { id } = stand.github.repository(repository);
  await stand.cluster.admin.apply(appKustomization(0, smallTenant));
  sameAnswer(name, await isLive(stand, 'blue'));
  let commit = '';
  const bodyOf = (after: string): string =>
    JSON.stringify({
      ref: 'refs/heads/main',
      after,
      installation: { id: 1 },
      repository: { id, full_name: repository, default_branch: 'main' },
    });
  const own = ownParts(bench, stand);
  const paired = await runPaired(
    {
      name,
      prepare: async (round) => {
        const files = appFiles(0, `shade-${round}`, smallTenant);
        await writeAll(folder, files);
        commit = await stand.push(files, smallTenant);
      },
      product: {
        name: 'serve, Redis, agent',
        times: 1,
        pids: () => stand.pids(),
        run: async (round) => {
          const position = await stand.cluster.auditPosition();
          const start = performance.timeOrigin + performance.now();
          await send({ url, body: bodyOf(commit), event: 'push' });
          const first = await firstApply(stand, position);
          sameAnswer(name, await isLive(stand, `shade-${round}`));
          return { wait: first - start };
        },
      },
      peer: {
        name: 'git fetch, kustomize build',
        times: 1,
        pids: () => stand.pids(),
        run: async () => {
          const start = performance.now();
          await git(theirs, 'fetch', '--quiet', 'origin', '+refs/heads/main:refs/theirs');
          const fetched = performance.now();
          await runProcess(bench.peers.kustomize, ['build', join(folder, 'apps', appName(0))]);
          const built = performance.now();
          return { fetch: fetched - start, kustomize: built - fetched, ...(await own.run()) };
        },
      },
    },
    bench.quick ? quickEffort : effort,
    bench.journal,
  );
  await own.close();
  const against = (floor: readonly string[]) => (round: Round) => ({
    product: round.product.parts['wait'] ?? Number.NaN,
    peer: floor.reduce((sum, part) => sum + (round.peer.parts[part] ?? Number.NaN), 0),
  });
  const first = timingOf(paired, 1.3, against(['fetch', 'kustomize']), name);
  const second = timingOf(paired, 1.3, against(['ownFetch', 'ownBuild']), name);
  return { timings: [first, { ...second, peer: 'its own fetch and build alone' }], counts: [] };
}

/** The agent's own way to fetch and to build, warm and in this process, with nothing around it. */
function ownParts(bench: Bench, stand: DeployStand): { run(): Promise<Parts>; close(): Promise<void> } {
  const mirrors = createMirrors({ folder: join(bench.directory, 'own') });
  const renderer = createRenderer({ binary: bench.renderer, children: 1 });
  const { username, password, origin, pathname } = new URL(stand.cloneUrl(smallTenant));
  const token = (): Promise<GitCredential> => Promise.resolve({ username, password });
  const remote = { key: 'own', url: `${origin}${pathname}`, token };
  const { path, build } = readKustomization(appKustomization(0, smallTenant) as KubeObject).spec;
  return {
    run: async () => {
      const start = performance.now();
      const found = await mirrors.fetch(remote, 'refs/heads/main');
      if (found === undefined) throw new Error('the small tenant has no main');
      const tree = await found.repository.tree(found.commit);
      const fetched = performance.now();
      await renderer.build({ tree, path: path.replace('./', ''), spec: build });
      return { ownFetch: fetched - start, ownBuild: performance.now() - fetched };
    },
    close: () => renderer.close(),
  };
}

async function firstApply({ cluster }: DeployStand, position: number): Promise<number> {
  const until = performance.now() + longMs;
  while (performance.now() < until) {
    const first = await firstApplySince(cluster, position);
    if (first !== undefined) return first;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('nothing was applied after a webhook');
}

/** The change has arrived, and the Kustomization says so, so that the next round begins from rest. */
async function isLive({ cluster, queue }: DeployStand, colour: string): Promise<boolean> {
  const object = { apiVersion: 'v1', kind: 'ConfigMap', namespace: smallTenant, name: appName(0) };
  await cluster.admin.until(
    object,
    (live) => (live?.['data'] as { colour?: string } | undefined)?.colour === colour,
    longMs,
  );
  for (let busy = true; busy; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const { waiting, active } = await queue.counts();
    busy = waiting + active > 0;
  }
  return true;
}

async function writeAll(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

/** Where a server says that it listens. */
function webhookOf(log: string): string {
  const found = /http:\/\/127\.0\.0\.1:\d+\/[\w/-]*/.exec(log)?.[0];
  if (found === undefined) throw new Error('sluice serve does not say where it listens');
  return found;
}
