// The sample organisation on a GitHub of this machine, with the App installed on it and running in this process.
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { CheckRun } from '../lab/github/check.ts';
import { type LabGitHub, startGitHub } from '../lab/github/github.ts';
import type { Comment } from '../lab/github/issue.ts';
import { type Started, startRole } from '../src/roles.ts';
import type { Toolbox } from '../src/toolbox.ts';
import { repositoryNames } from './changes.ts';
import {
  applyChange,
  backToMain,
  branchOf,
  type Change,
  createOrganisation,
  type Organisation,
  repositoryName,
} from './organisation.ts';

export interface HostedOptions {
  /** An empty one; bare repositories, working trees and the App's data go there. */
  readonly folder: string;
  readonly toolbox: Toolbox;
  /** Told what is done, as it is done. */
  readonly progress?: (step: string) => void;
  /** Of the GitHub; without, a free one. */
  readonly port?: number;
  /** The App's queue, `SLUICE_QUEUE`; without, `embedded`. */
  readonly queue?: string;
  /** What the App logs, `SLUICE_LOG_LEVEL`; without, nothing. */
  readonly log?: string;
  /** Prepares clusters once the repositories are there; the answer is `SLUICE_CLUSTERS`. Without, nothing is deployed. */
  readonly clusters?: (github: LabGitHub) => Promise<string>;
}

/** A change set as a pull request. */
export interface Opened {
  readonly change: Change;
  /** `acme/checkout-manifests` */
  readonly repository: string;
  readonly number: number;
  /** `http://127.0.0.1:4000/acme/checkout-manifests/pull/1` */
  readonly address: string;
}

/** What the App said about a pull request's head. */
export interface Reviewed {
  readonly check: CheckRun;
  /** The App's comments, oldest first. */
  readonly comments: readonly Comment[];
}

const manifestFile = z.looseObject({
  default_permissions: z.record(z.string(), z.enum(['read', 'write'])),
  default_events: z.array(z.string()),
});

/** Everybody here is `ada`, who may do everything. */
export const person = 'ada';

export class HostedOrganisation {
  readonly github: LabGitHub;
  readonly organisation: Organisation;
  readonly #app: Started;

  private constructor(github: LabGitHub, organisation: Organisation, app: Started) {
    this.github = github;
    this.organisation = organisation;
    this.#app = app;
  }

  /** Starts the GitHub, pushes the organisation's repositories to it, and starts the App with the rights of `app.yml`. */
  static async start(options: HostedOptions): Promise<HostedOrganisation> {
    const { folder, toolbox, port, progress = () => {} } = options;
    const github = await startGitHub({
      folder: join(folder, 'github'),
      limits: {},
      ...(port === undefined ? {} : { port }),
    });
    try {
      progress(`a GitHub listens at ${github.address}`);
      const organisation = await push(github, join(folder, 'acme'));
      progress(`${repositoryNames.length} repositories are pushed`);
      const clusters = await options.clusters?.(github);
      const app = await startApp(github, { ...options, deployTo: clusters }, toolbox);
      progress('the App takes webhooks and works on its queue');
      return new HostedOrganisation(github, organisation, app);
    } catch (error) {
      await github.stop();
      throw error;
    }
  }

  /** Commits a change set on a branch, pushes it and opens the pull request. One at a time. */
  async open(change: Change): Promise<Opened> {
    const [opened] = await this.openAll([change]);
    return opened as Opened;
  }

  /** The same for several, with one push for each repository. In the order of `changes`. */
  async openAll(changes: readonly Change[]): Promise<readonly Opened[]> {
    const opened = new Map<Change, Opened>();
    await Promise.all(
      repositoryNames.map(async (name) => {
        const own = changes.filter(({ repository }) => repository === name);
        const branches: string[] = [];
        for (const change of own) {
          const applied = await applyChange(this.organisation, change);
          await backToMain(applied);
          branches.push(applied.branch);
        }
        const { dir } = this.organisation.repositories[name];
        const refs = branches.map((branch) => `${branch}:refs/heads/${branch}`);
        if (refs.length > 0) await this.github.push(repositoryName(name), person, dir, ...refs);
        for (const change of own) opened.set(change, await this.#openPullRequest(change));
      }),
    );
    return changes.flatMap((change) => opened.get(change) ?? []);
  }

  async #openPullRequest(change: Change): Promise<Opened> {
    const repository = repositoryName(change.repository);
    const { number } = await this.github.openPullRequest(repository, person, {
      head: branchOf(change),
      base: 'main',
      title: change.title,
      body: change.shows,
    });
    return { change, repository, number, address: `${this.github.address}/${repository}/pull/${number}` };
  }

  /** Waits until the newest head has a completed check. @throws Error where it takes more than three minutes */
  async reviewed({ repository, number }: Opened): Promise<Reviewed> {
    const check = await this.github.waitFor(
      `the review of ${repository}#${number}`,
      () => {
        const { head } = this.github.pull(repository, number).pull;
        const runs = this.github.checkRunsOf(repository, head.sha);
        return runs.every(({ status }) => status === 'completed') ? runs.at(-1) : undefined;
      },
      180_000,
    );
    const comments = this.github.listComments(repository, number).filter(({ app }) => app !== undefined);
    return { check, comments };
  }

  async stop(): Promise<void> {
    await this.#app.stop();
    await this.github.stop();
  }
}

async function push(github: LabGitHub, folder: string): Promise<Organisation> {
  github.createUser(person);
  github.createOrganisation('acme');
  github.addMember('acme', person, 'admin');
  const organisation = await createOrganisation(folder, github.address);
  for (const name of repositoryNames) {
    await github.createRepository(repositoryName(name));
    await github.push(repositoryName(name), person, organisation.repositories[name].dir, 'main:refs/heads/main');
  }
  return organisation;
}

async function startApp(
  github: LabGitHub,
  options: HostedOptions & { readonly deployTo: string | undefined },
  toolbox: Toolbox,
): Promise<Started> {
  const manifest = manifestFile.parse(parse(await readFile(join(import.meta.dirname, '..', 'app.yml'), 'utf8')));
  const { default_permissions: permissions, default_events: events } = manifest;
  const app = github.registerApp({ name: 'sluice', owner: 'acme', permissions, events });
  github.installApp(app, 'acme');
  // As a platform team would have it: what Sluice has not passed is not merged.
  for (const name of repositoryNames)
    await github.protect(repositoryName(name), 'main', { checks: [{ context: 'sluice', app }] });
  const secret = randomBytes(24).toString('hex');
  const environment = {
    SLUICE_APP_ID: String(app.id),
    SLUICE_PRIVATE_KEY: app.privateKey,
    SLUICE_WEBHOOK_SECRET: secret,
    SLUICE_GITHUB_URL: github.address,
    SLUICE_PLATFORM: repositoryName('platform'),
    SLUICE_QUEUE: options.queue ?? 'embedded',
    SLUICE_DATA: join(options.folder, 'data'),
    SLUICE_LISTEN: '127.0.0.1:0',
    SLUICE_ADMIN_LISTEN: '127.0.0.1:0',
    SLUICE_LOG_LEVEL: options.log ?? 'silent',
    ...(options.deployTo === undefined ? {} : { SLUICE_CLUSTERS: options.deployTo }),
  };
  const started = await startRole('start', environment, toolbox);
  github.setWebhook(app, { url: started.webhookUrl ?? '', secret });
  return started;
}
