// The whole check of a small tenant, warm, against what nobody can leave out: a fetch and two kustomize builds.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createOrganisation, type Organisation } from '../../examples/organisation.ts';
import { check } from '../../src/check.ts';
import type { CheckOptions } from '../../src/checkout/options.ts';
import type { Report } from '../../src/report/report.ts';
import type { Timing } from '../gate.ts';
import { timingOf } from '../gate.ts';
import { runPaired } from '../pairing/rounds.ts';
import { type GitServer, serveGit } from '../peers/git-server.ts';
import { git, runProcess } from '../peers/process.ts';
import { type CountedTools, openTools } from '../tools.ts';
import type { Bench, Measured } from './measure.ts';
import { sameAnswer } from './measure.ts';
import { retagged } from './review-app.ts';

const effort = { rounds: 25, seconds: 25, fewest: 7 };
const quickEffort = { rounds: 15, seconds: 7, fewest: 5 };
const overlays = ['clusters/prod-eu-west-1', 'clusters/prod-us-east-1'];

/** A change that every cluster builds, another one in each round, and one that no build reads. */
const changes = {
  touched: { file: 'base/kustomization.yaml', text: (before: string, nonce: number) => retagged(before, nonce) },
  untouched: { file: 'README.md', text: (before: string, nonce: number) => `${before}\nRevision ${nonce}.\n` },
};

export async function measureCheck(bench: Bench): Promise<Measured> {
  const organisation = await createOrganisation(join(bench.directory, 'organisation'));
  const server = await serveGit(bench.directory);
  const tools = await openTools();
  try {
    const tenant = await publish(organisation, server, bench.directory);
    const touched = await measureChange('touched', { bench, organisation, tenant, tools });
    const untouched = await measureChange('untouched', { bench, organisation, tenant, tools });
    return {
      timings: [...touched.timings, ...untouched.timings],
      counts: [
        { name: 'check: builds of a change on two clusters', counted: touched.builds, expected: overlays.length },
        { name: 'check: builds of a change that no build reads', counted: untouched.builds, expected: 0 },
        { name: 'check: objects that policy saw', counted: touched.evaluations, expected: undefined },
      ],
    };
  } finally {
    await tools.close();
    await server.close();
  }
}

/** Copies of the tenant's repository: `author` has a working tree, the others are bare and fetch from the server. */
interface Tenant {
  readonly url: string;
  readonly author: string;
  readonly ours: string;
  readonly theirs: string;
}

async function publish(organisation: Organisation, server: GitServer, directory: string): Promise<Tenant> {
  const { dir, url } = organisation.repositories.checkout;
  await git(directory, 'clone', '--quiet', '--bare', dir, 'origin.git');
  const copies = ['ours.git', 'theirs.git'];
  for (const copy of copies) {
    await git(directory, 'clone', '--quiet', '--bare', `${server.url}/origin.git`, copy);
    await git(join(directory, copy), 'config', 'remote.origin.fetch', '+refs/heads/*:refs/heads/*');
  }
  await git(dir, 'checkout', '--quiet', '-B', 'change', 'main');
  const [ours = '', theirs = ''] = copies.map((copy) => join(directory, copy));
  return { url, author: dir, ours, theirs };
}

interface Setting {
  readonly bench: Bench;
  readonly organisation: Organisation;
  readonly tenant: Tenant;
  readonly tools: CountedTools;
}

interface ChangeMeasured {
  readonly timings: readonly Timing[];
  /** Of one check, the same in every round. */
  readonly builds: number;
  readonly evaluations: number;
}

async function measureChange(
  kind: keyof typeof changes,
  { bench, organisation, tenant, tools }: Setting,
): Promise<ChangeMeasured> {
  const name = kind === 'touched' ? 'check of a small tenant' : 'check of what no build reads';
  bench.say(name);
  const file = join(tenant.author, changes[kind].file);
  await git(tenant.author, 'reset', '--quiet', '--hard', 'main');
  const before = await readFile(file, 'utf8');
  const spent = { builds: new Set<number>(), evaluations: 0 };
  const paired = await runPaired(
    {
      name,
      // Commit, push, and bring the commit to our copy; theirs fetches it within the measured time.
      prepare: async (round) => {
        await writeFile(file, changes[kind].text(before, round));
        await git(tenant.author, 'commit', '--quiet', '--all', '--message', `Round ${round}`);
        await git(tenant.author, 'push', '--quiet', '--force', join(bench.directory, 'origin.git'), 'change');
        await git(tenant.ours, 'fetch', '--quiet');
      },
      product: {
        name: 'check',
        times: 1,
        pids: () => tools.pids(),
        run: async (round) => {
          const builds = tools.counters.builds;
          const evaluations = tools.counters.evaluations;
          const report = await check(optionsOf(tenant, organisation), tools.tools);
          spent.evaluations = tools.counters.evaluations - evaluations;
          // The first check also builds the fleet and the base.
          if (round > 0) spent.builds.add(tools.counters.builds - builds);
          sameAnswer(name, isExpected(kind, report));
          return undefined;
        },
      },
      peer: {
        name: 'git fetch, kustomize ×2',
        times: 1,
        pids: () => tools.pids(),
        run: async () => {
          const start = performance.now();
          await git(tenant.theirs, 'fetch', '--quiet');
          const fetched = performance.now();
          await Promise.all(
            overlays.map((overlay) => runProcess(bench.peers.kustomize, ['build', join(tenant.author, overlay)])),
          );
          return { fetch: fetched - start, kustomize: performance.now() - fetched };
        },
      },
    },
    bench.quick ? quickEffort : effort,
    bench.journal,
  );
  const withFetch = timingOf(
    paired,
    undefined,
    ({ product, peer }) => ({ product: product.wallMs + (peer.parts['fetch'] ?? 0), peer: peer.wallMs }),
    `${name}, with the fetch`,
  );
  return {
    timings: [timingOf(paired, kind === 'touched' ? 0.5 : undefined), withFetch],
    builds: spent.builds.size === 1 ? Number([...spent.builds][0]) : Number.NaN,
    evaluations: spent.evaluations,
  };
}

function optionsOf(tenant: Tenant, organisation: Organisation): CheckOptions {
  return {
    directory: tenant.ours,
    platform: organisation.repositories.platform.dir,
    as: tenant.url,
    base: undefined,
    head: 'refs/heads/change',
    repositories: [],
    today: '2026-05-05',
  };
}

function isExpected(kind: keyof typeof changes, report: Report): boolean {
  if (kind === 'untouched') return report.verdict === 'pass' && report.changes.length === 0;
  return report.changes.some(({ clusters }) => clusters.length === overlays.length);
}
