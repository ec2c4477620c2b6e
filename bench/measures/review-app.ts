// The App in its own process, the sample organisation on a GitHub of our own, and webhooks sent by hand.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
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

export async function hostTenant(directory: string): Promise<HostedTenant> {
  const github = await startGitHub({ limits: {} });
  await createSampleOrganisation(github);
  const app = await registerSluice(github, undefined);
  const child = fork(join(import.meta.dirname, 'app-process.ts'), {
    env: {
      ...process.env,
      SLUICE_APP_ID: String(app.id),
      SLUICE_PRIVATE_KEY: app.privateKey,
      SLUICE_WEBHOOK_SECRET: secret,
      SLUICE_GITHUB_URL: github.address,
      SLUICE_PLATFORM: sampleName('platform'),
      SLUICE_QUEUE: 'embedded',
      SLUICE_DATA: join(directory, 'data'),
      SLUICE_LISTEN: '127.0.0.1:0',
      SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
      SLUICE_LOG_LEVEL: 'error',
    },
  });
  const url = await Promise.race([
    once(child, 'message').then(([address]) => String(address)),
    once(child, 'exit').then(() => {
      throw new Error('the App did not start');
    }),
  ]);
  const cloneUrl = github.cloneUrl(repository, author);
  const installation = [...github.world.installations.values()][0]?.id;
  const id = github.repository(repository).id;
  const branches = new Map<number, string>();
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
    deliverDuring: async (pulls, work) => {
      const workerData = { url, bodies: pulls.map(bodyOf) };
      const worker = new Worker(join(import.meta.dirname, 'deliverer.ts'), { workerData });
      const answered = once(worker, 'message').then(([times]) => times as readonly number[]);
      await Promise.race([work, answered]);
      worker.postMessage('stop');
      return answered;
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
    pids: () => familyOf(child),
    close: async () => {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
      await github.stop();
    },
  };
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
