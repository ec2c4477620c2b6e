// The App in its own process, the sample organisation on a GitHub of our own, and webhooks sent by hand.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { CheckRun } from '../../lab/github/check.ts';
import type { ApiCall } from '../../lab/github/counters.ts';
import { type LabGitHub, startGitHub } from '../../lab/github/github.ts';
import { createSampleOrganisation, registerSluice, sampleName } from '../../lab/organisation.ts';
import { git } from '../peers/process.ts';
import { secret, send } from './webhook.ts';

export interface HostedTenant {
  readonly github: LabGitHub;
  /** With credentials. */
  readonly cloneUrl: string;
  /** A branch with the tenant's tag set to `nonce`, its pull request, and its first review. @returns its number */
  open(branch: string, nonce: number): Promise<number>;
  /** Pushes another tag; nobody is told. */
  push(pull: number, nonce: number): Promise<void>;
  /** Tells the App of a pull request, and returns the completed check of its head. */
  review(pull: number): Promise<CheckRun>;
  /** Tells the App of pull requests, one after the other, until the work ends. @returns milliseconds of each answer */
  deliverDuring(pulls: readonly number[], work: Promise<unknown>): Promise<readonly number[]>;
  /** Tells the App for so long of a pull request that is not there, while it has nothing else to do. @returns as above */
  deliverIdle(ms: number): Promise<readonly number[]>;
  /** Resolves when the App has nothing left to do, and would begin any review at once. */
  quiet(): Promise<void>;
  /** How many calls to GitHub's API there were, up to the one that completed a check. */
  calls(): Promise<number>;
  /** A copy of the tenant's files. @returns the folder */
  writeTree(folder: string): Promise<string>;
  pids(): readonly number[];
  close(): Promise<void>;
}

const repository = sampleName('checkout');
const author = 'carla';
const file = 'base/kustomization.yaml';
/** Pull requests of one number begin two seconds apart at least. */
const quietMs = 2_500;
const nobodys = 999_999;

/** `sluice start`; or with an address of Redis, `sluice serve` and `sluice worker`. */
export async function hostTenant(directory: string, redis?: string): Promise<HostedTenant> {
  const github = await startGitHub({ limits: {} });
  await createSampleOrganisation(github);
  const app = await registerSluice(github, undefined);
  const environment = {
    ...process.env,
    SLUICE_APP_ID: String(app.id),
    SLUICE_PRIVATE_KEY: app.privateKey,
    SLUICE_WEBHOOK_SECRET: secret,
    SLUICE_GITHUB_URL: github.address,
    SLUICE_PLATFORM: sampleName('platform'),
    SLUICE_QUEUE: redis ?? 'embedded',
    SLUICE_LISTEN: '127.0.0.1:0',
    SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
    SLUICE_LOG_LEVEL: 'error',
  };
  const roles = redis === undefined ? ['start'] : ['serve', 'worker'];
  const children = roles.map((role) =>
    fork(join(import.meta.dirname, 'app-process.ts'), [role], {
      env: { ...environment, SLUICE_DATA: join(directory, role) },
    }),
  );
  const [url = ''] = await Promise.all(children.map(started));
  const cloneUrl = github.cloneUrl(repository, author);
  const installation = [...github.world.installations.values()][0]?.id;
  const id = github.repository(repository).id;
  const branches = new Map<number, string>();
  const deliver = async (pulls: readonly number[], until: Promise<unknown>): Promise<readonly number[]> => {
    const workerData = { url, bodies: pulls.map(bodyOf) };
    const worker = new Worker(join(import.meta.dirname, 'deliverer.ts'), { workerData });
    const answered = once(worker, 'message').then(([times]) => times as readonly number[]);
    await Promise.race([until, answered]);
    worker.postMessage('stop');
    return answered;
  };
  const before = await readMain(cloneUrl, directory);

  const bodyOf = (pull: number): string =>
    JSON.stringify({
      action: 'synchronize',
      installation: { id: installation },
      repository: { id, full_name: repository, default_branch: 'main' },
      pull_request: { number: pull },
    });
  const review = async (pull: number): Promise<CheckRun> => {
    await send({ url, body: bodyOf(pull) });
    const { head } = github.pull(repository, pull).pull;
    const done = (): CheckRun | undefined =>
      github.checkRunsOf(repository, head.sha).findLast(({ status }) => status === 'completed');
    return github.waitFor(`the review of pull request ${pull}`, done, 60_000);
  };
  const push = async (pull: number, nonce: number): Promise<void> => {
    const files = { [file]: retagged(before, nonce) };
    await github.pushFiles(repository, author, { branch: branches.get(pull) ?? '', files });
  };
  return {
    github,
    cloneUrl,
    open: async (branch, nonce) => {
      await github.pushFiles(repository, author, { branch, files: { [file]: retagged(before, nonce) } });
      const { number } = await github.openPullRequest(repository, author, { head: branch, base: 'main' });
      branches.set(number, branch);
      await review(number);
      return number;
    },
    push,
    review,
    deliverDuring: deliver,
    deliverIdle: (ms) => deliver([nobodys], sleep(ms)),
    quiet: async () => {
      let seen = -1;
      while (seen !== github.counters.log.length) {
        seen = github.counters.log.length;
        await sleep(quietMs);
      }
    },
    // The check is there a moment before the call is counted.
    calls: () => {
      const { log } = github.counters;
      const isLast = ({ route }: ApiCall): boolean => route.startsWith('PATCH ') && route.includes('/check-runs/');
      return github.waitFor('the last call', () => (log.some(isLast) ? log.length : undefined));
    },
    writeTree: async (folder) => {
      await git(directory, 'clone', '--quiet', cloneUrl, folder);
      return folder;
    },
    pids: () => children.flatMap(familyOf),
    close: async () => {
      const exited = Promise.all(children.map((child) => once(child, 'exit')));
      for (const child of children) child.disconnect();
      await exited;
      await github.stop();
    },
  };
}

/** @returns where webhooks go, or nothing where that is another role */
async function started(child: ChildProcess): Promise<string> {
  return Promise.race([
    once(child, 'message').then(([address]) => String(address ?? '')),
    once(child, 'exit').then(() => {
      throw new Error('the App did not start');
    }),
  ]);
}

/** The App and its renderers, as far as the system tells. */
function familyOf({ pid }: ChildProcess): readonly number[] {
  if (pid === undefined) return [];
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(/\s+/);
    return [pid, ...children.map(Number).filter((one) => one > 0)];
  } catch {
    return [pid];
  }
}

async function readMain(cloneUrl: string, directory: string): Promise<string> {
  const copy = join(directory, 'before.git');
  await git(directory, 'clone', '--quiet', '--bare', cloneUrl, copy);
  return git(copy, 'show', `main:${file}`);
}

/** Gives the worker another image. @throws Error where the sample has changed its shape */
export function retagged(kustomization: string, nonce: number): string {
  const changed = kustomization.replace(/newTag: \S+\n$/, `newTag: 9.9.${nonce}\n`);
  if (changed === kustomization) throw new Error('the sample tenant sets no tag last');
  return changed;
}
