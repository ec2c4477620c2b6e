// The App on a GitHub of our own: real pushes, real webhooks, real reviews.
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App, Installation } from '../../../lab/github/app.ts';
import type { CheckRun } from '../../../lab/github/check.ts';
import { type LabGitHub, startGitHub } from '../../../lab/github/github.ts';
import type { Comment } from '../../../lab/github/issue.ts';
import { type Started, startRole } from '../../../src/roles.ts';
import { createToolbox, type Toolbox } from '../../../src/toolbox.ts';
import { configMap, platformFiles, yaml } from '../check/fleet.ts';
import { layStore } from '../queue/made.ts';

export const platformName = 'acme/platform';
export const secret = 'a-secret-for-webhooks-of-the-lab';

export interface AppOptions {
  /** `embedded` unless said. */
  readonly queue?: string;
  /** Keeps the log lines of the level `debug` in `log`. */
  readonly keepLog?: boolean;
  /** How often it looks for what is lost; five minutes unless said. */
  readonly sweepSeconds?: number;
}

/** One organisation, the small fleet of `../check/fleet.ts`, and the App in this process. */
export class RunningApp {
  readonly github: LabGitHub;
  readonly toolbox: Toolbox;
  readonly environment: Record<string, string>;
  readonly app: App;
  readonly log: string[] = [];
  /** Everything that the App keeps. */
  readonly folder: string;
  #role: Started | undefined;

  private constructor({ github, app, folder, environment }: Organisation, keepLog: boolean) {
    this.github = github;
    this.app = app;
    this.folder = folder;
    this.environment = keepLog ? { ...environment, SLUICE_LOG_LEVEL: 'debug' } : environment;
    this.toolbox = createToolbox(process.env);
  }

  static async start(options: AppOptions = {}): Promise<RunningApp> {
    const organisation = await startOrganisation(options);
    const { github, app } = organisation;
    const running = new RunningApp(organisation, options.keepLog === true);
    await running.startRole();
    github.setWebhook(app, { url: running.#role?.webhookUrl ?? '', secret });
    return running;
  }

  async startRole(): Promise<void> {
    this.#role = await startRole('start', this.environment, this.toolbox, {
      write: (line: string): void => {
        if (this.environment['SLUICE_LOG_LEVEL'] === 'debug') this.log.push(line);
        else process.stdout.write(line);
      },
    });
  }

  async stop(): Promise<void> {
    await this.#role?.stop();
    await this.toolbox.close();
    await this.github.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Pushes a branch with these files and opens a pull request from it. @returns its number */
  async open(repository: string, branch: string, files: Readonly<Record<string, string | null>>): Promise<number> {
    await this.github.pushFiles(repository, 'ada', { branch, files });
    return (await this.github.openPullRequest(repository, 'ada', { head: branch, base: 'main' })).number;
  }

  /** The completed check of the newest head, once it is there and deliveries are quiet. */
  async reviewed(repository: string, number: number): Promise<CheckRun> {
    return this.github.waitFor(
      `the review of ${repository}#${number}`,
      () => {
        const { head } = this.github.pull(repository, number).pull;
        const runs = this.github.checkRunsOf(repository, head.sha);
        return runs.every(({ status }) => status === 'completed') ? runs.at(-1) : undefined;
      },
      120_000,
    );
  }

  get webhookUrl(): string {
    return this.#role?.webhookUrl ?? '';
  }

  /** The App at its organisation. */
  get installation(): Installation {
    const [found] = [...this.github.world.installations.values()].filter(({ app }) => app.id === this.app.id);
    if (found === undefined) throw new Error('the App is not installed');
    return found;
  }

  comments(repository: string, number: number): readonly Comment[] {
    return this.github.listComments(repository, number).filter(({ app }) => app !== undefined);
  }
}

async function create(github: LabGitHub, name: string, files: Readonly<Record<string, string>>): Promise<void> {
  await github.createRepository(name);
  await github.pushFiles(name, 'ada', { branch: 'main', files, message: 'start' });
}

export interface Organisation {
  readonly github: LabGitHub;
  readonly app: App;
  /** For what the App keeps; whoever starts it removes it. */
  readonly folder: string;
  /** What the App is started with. */
  readonly environment: Record<string, string>;
}

/** A GitHub with one organisation, the small fleet and the installed App, which does not run yet. */
export async function startOrganisation(options: AppOptions = {}): Promise<Organisation> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-app-'));
  const github = await startGitHub({ limits: {} });
  github.createUser('ada');
  github.createOrganisation('acme');
  github.addMember('acme', 'ada', 'admin');
  // The fleet's documents name this GitHub.
  const tenants = String(platformFiles['clusters/prod/tenants.yaml']).replaceAll('https://github.com', github.address);
  await create(github, platformName, { 'clusters/prod/tenants.yaml': tenants });
  await create(github, 'acme/a', { 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) });
  await create(github, 'acme/b', { 'deploy/app.yaml': yaml(configMap('app', 'b-dev')) });
  const app = github.registerApp({
    name: 'sluice',
    owner: 'acme',
    permissions: {
      contents: 'read',
      pull_requests: 'write',
      checks: 'write',
      deployments: 'write',
      metadata: 'read',
      merge_queues: 'read',
    },
    events: ['pull_request', 'push', 'check_run', 'check_suite', 'issue_comment', 'merge_group'],
  });
  github.installApp(app, 'acme');
  const { queue = 'embedded' } = options;
  if (queue === 'embedded') await layStore(join(folder, 'data', 'queue'));
  const environment = {
    SLUICE_APP_ID: String(app.id),
    SLUICE_PRIVATE_KEY: app.privateKey,
    SLUICE_WEBHOOK_SECRET: secret,
    SLUICE_GITHUB_URL: github.address,
    SLUICE_PLATFORM: platformName,
    SLUICE_QUEUE: queue,
    SLUICE_DATA: join(folder, 'data'),
    SLUICE_LISTEN: '127.0.0.1:0',
    SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
    SLUICE_LOG_LEVEL: process.env['SLUICE_TEST_LOG'] ?? 'silent',
    ...(options.sweepSeconds === undefined ? {} : { SLUICE_SWEEP_SECONDS: String(options.sweepSeconds) }),
  };
  return { github, app, folder, environment };
}

/** Sends a `pull_request` webhook as GitHub would. @returns the status */
export async function sendWebhook(url: string, body: string): Promise<number> {
  const answer = await fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'pull_request',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  });
  return answer.status;
}
