// The App in this process, the sample organisation on a GitHub of our own, and webhooks sent by hand.
import { createHmac, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { CheckRun } from '../../lab/github/check.ts';
import type { ApiCall } from '../../lab/github/counters.ts';
import { type LabGitHub, startGitHub } from '../../lab/github/github.ts';
import { createSampleOrganisation, registerSluice, sampleName } from '../../lab/organisation.ts';
import { startRole } from '../../src/roles.ts';
import { createToolbox } from '../../src/toolbox.ts';
import { git } from '../peers/process.ts';

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
  /** Tells the App of a pull request. @returns milliseconds until it answered */
  deliver(pull: number): Promise<number>;
  /** How many calls to GitHub's API there were, up to the one that completed a check. */
  calls(): Promise<number>;
  /** A copy of the tenant's files. @returns the folder */
  writeTree(folder: string): Promise<string>;
  pids(): readonly number[];
  close(): Promise<void>;
}

const secret = 'a-secret-for-webhooks-of-the-bench';
const repository = sampleName('checkout');
const author = 'carla';
const file = 'base/kustomization.yaml';

export async function hostTenant(directory: string): Promise<HostedTenant> {
  const github = await startGitHub({ limits: {} });
  await createSampleOrganisation(github);
  const app = await registerSluice(github, undefined);
  const toolbox = createToolbox(process.env);
  const { renderer } = await toolbox.tools(() => {});
  const role = await startRole(
    'start',
    {
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
    toolbox,
  );
  const cloneUrl = github.cloneUrl(repository, author);
  const installation = [...github.world.installations.values()][0]?.id;
  const id = github.repository(repository).id;
  const branches = new Map<number, string>();
  const before = await readMain(cloneUrl, directory);

  const deliver = async (pull: number): Promise<number> => {
    const body = JSON.stringify({
      action: 'synchronize',
      installation: { id: installation },
      repository: { id, full_name: repository, default_branch: 'main' },
      pull_request: { number: pull },
    });
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'pull_request',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    };
    const start = performance.now();
    const answer = await fetch(role.webhookUrl ?? '', { method: 'POST', headers, body });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`the webhook was answered with ${answer.status}`);
    return performance.now() - start;
  };
  const review = async (pull: number): Promise<CheckRun> => {
    await deliver(pull);
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
    deliver,
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
    pids: () => ('pids' in renderer ? (renderer.pids as readonly number[]) : []),
    close: async () => {
      await role.stop();
      await toolbox.close();
      await github.stop();
    },
  };
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
