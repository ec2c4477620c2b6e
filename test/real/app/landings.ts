// Merges on the lab's GitHub, a fleet of some clusters, and workers that take what agents would report.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { App, Installation } from '../../../lab/github/app.ts';
import type { DeploymentState } from '../../../lab/github/deployment.ts';
import { type LabGitHub, startGitHub } from '../../../lab/github/github.ts';
import { createMirrors } from '../../../src/adapters/git/mirrors.ts';
import { createGitHub } from '../../../src/adapters/github/github.ts';
import { noticePrefix } from '../../../src/deployment/notice.ts';
import type { Expected } from '../../../src/deployment/section.ts';
import { asSluiceError } from '../../../src/errors.ts';
import type { Log } from '../../../src/ports/log.ts';
import type { DeployedJob, TakenJob } from '../../../src/ports/queue.ts';
import { hostedRepositories } from '../../../src/pull-request/hosted.ts';
import { newPullMemory } from '../../../src/pull-request/publication.ts';
import { takeTurns } from '../../../src/pull-request/turns.ts';
import { type ReportBackTools, reportBack } from '../../../src/report-back.ts';
import { createToolbox, type Toolbox } from '../../../src/toolbox.ts';
import { configMap, platformFiles, reads, yaml } from '../check/fleet.ts';

const manifest = parse(readFileSync(new URL('../../../app.yml', import.meta.url), 'utf8')) as {
  default_permissions: App['permissions'];
};

/** A merged pull request. */
export interface Merged {
  readonly repository: string;
  readonly number: number;
  readonly commit: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

const silent: Log = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silent,
  hide: () => {},
};

/** acme: `a` is followed by prod-eu and prod-us, `b` by all of these and, suspended, by prod-asia. */
export class Landings {
  readonly github: LabGitHub;
  readonly app: App;
  readonly installation: Installation;
  readonly permissions = manifest.default_permissions;
  readonly #folder: string;
  readonly #toolbox: Toolbox;
  #number = 0;
  #workers = 0;

  private constructor(github: LabGitHub, app: App, folder: string) {
    this.github = github;
    this.app = app;
    this.installation = github.installApp(app, 'acme');
    this.#folder = folder;
    this.#toolbox = createToolbox(process.env);
  }

  static async start(): Promise<Landings> {
    const github = await startGitHub({ contract: true, limits: {} });
    github.createUser('ada');
    github.createOrganisation('acme');
    github.addMember('acme', 'ada', 'admin');
    const local = (text: string): string => text.replaceAll('https://github.com', github.address);
    const tenants = local(String(platformFiles['clusters/prod/tenants.yaml']));
    const asleep = yaml(...reads('b-dev', 'b', `${github.address}/acme/b`, { suspend: true }));
    for (const [name, files] of Object.entries({
      platform: {
        'clusters/prod-eu/tenants.yaml': tenants,
        'clusters/prod-us/tenants.yaml': tenants,
        'clusters/prod-asia/tenants.yaml': asleep,
      },
      a: { 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) },
      b: { 'deploy/app.yaml': yaml(configMap('app', 'b-dev')) },
      unfollowed: { 'readme.md': 'nobody reads this' },
    })) {
      await github.createRepository(`acme/${name}`);
      await github.pushFiles(`acme/${name}`, 'ada', { branch: 'main', files, message: 'start' });
    }
    const permissions = manifest.default_permissions;
    const app = github.registerApp({ name: 'sluice', owner: 'acme', permissions, events: [] });
    return new Landings(github, app, await mkdtemp(join(tmpdir(), 'sluice-landings-')));
  }

  async stop(): Promise<void> {
    await this.#toolbox.close();
    await this.github.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A worker that knows nothing yet. */
  async worker(): Promise<Worker> {
    this.#workers += 1;
    const github = createGitHub({
      appId: this.app.id,
      privateKey: this.app.privateKey,
      apiUrl: this.github.apiUrl,
    });
    const mirrors = createMirrors({ folder: join(this.#folder, String(this.#workers)) });
    const { renderer } = await this.#toolbox.tools(() => {});
    return new Worker({
      github,
      mirrors,
      renderer,
      hosted: hostedRepositories({ github, mirrors, platform: 'acme/platform', branch: undefined }),
      memory: newPullMemory(),
      turns: takeTurns(),
      live: new Set(),
      followers: new Map<string, Promise<readonly Expected[]>>(),
      log: silent,
      progress: () => {},
      now: () => new Date(this.github.clock.now()),
    });
  }

  /** Opens a pull request, lets the App comment on it as a review does, and merges it. */
  async merge(
    repository: string,
    {
      method = 'merge',
      reviewed = true,
    }: { readonly method?: 'merge' | 'squash' | 'rebase'; readonly reviewed?: boolean } = {},
  ): Promise<Merged> {
    this.#number += 1;
    const branch = `change-${this.#number}`;
    const files = { [`deploy/${branch}.yaml`]: yaml(configMap(branch, 'a-dev')) };
    await this.github.pushFiles(repository, 'ada', { branch, files });
    const { number } = await this.github.openPullRequest(repository, 'ada', { head: branch, base: 'main' });
    if (reviewed) await this.#review(repository, number);
    const commit = await this.github.merge(repository, number, 'ada', { method });
    return { repository, number, commit, at: Date.parse(this.github.pull(repository, number).pull.mergedAt ?? '') };
  }

  async #review(repository: string, number: number): Promise<void> {
    const { token } = this.github.tokenOf(this.installation);
    const answer = await fetch(`${this.github.apiUrl}/repos/${repository}/issues/${number}/comments`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify({ body: review }),
    });
    if (answer.status !== 201) throw new Error(`the review: ${answer.status}`);
  }

  report(merged: Merged, more: Partial<DeployedJob> = {}): DeployedJob {
    return {
      kind: 'deployed',
      version: 1,
      cluster: 'prod-eu',
      url: `${this.github.address}/${merged.repository}`,
      branch: 'main',
      commit: merged.commit,
      state: 'in_progress',
      startedAt: new Date(merged.at + 2_000).toISOString(),
      kustomizations: [{ key: 'a-dev/a', state: 'in_progress', reason: 'Progressing', message: 'Applying' }],
      cause: 'agent',
      ...more,
    };
  }

  /** Live so many seconds after the merge. */
  live(merged: Merged, cluster: string, seconds: number, more: Partial<DeployedJob> = {}): DeployedJob {
    const endedAt = new Date(merged.at + seconds * 1_000).toISOString();
    const kustomizations = [
      { key: 'a-dev/a', state: 'success', reason: 'ReconciliationSucceeded', message: '' },
    ] as const;
    return this.report(merged, { cluster, state: 'success', endedAt, kustomizations, ...more });
  }

  /** Failed so many seconds after the merge. */
  failed(merged: Merged, cluster: string, seconds: number, message = 'Deployment/a-dev/app is not ready'): DeployedJob {
    const endedAt = new Date(merged.at + seconds * 1_000).toISOString();
    const kustomizations = [{ key: 'a-dev/a', state: 'failure', reason: 'HealthCheckFailed', message }] as const;
    return this.report(merged, { cluster, state: 'failure', endedAt, kustomizations });
  }

  /** What the App's comments say: the one of the review, and those that tell of a failure. */
  said({ repository, number }: Merged): { readonly report: string; readonly notices: readonly string[] } {
    const bodies = this.github
      .listComments(repository, number)
      .filter(({ app }) => app !== undefined)
      .map(({ body }) => body);
    const notices = bodies.filter((body) => body.startsWith(noticePrefix));
    const [report = '', ...more] = bodies.filter((body) => !body.startsWith(noticePrefix));
    if (more.length > 0) throw new Error(`${more.length} comments too many`);
    return { report, notices };
  }

  /** The states of each environment's deployment of a commit, oldest first: `prod-eu: in_progress success`. */
  deployments({ repository, commit }: Merged): readonly string[] {
    const all = [...this.github.repository(repository).deployments.values()].filter(({ sha }) => sha === commit);
    const states = (list: readonly { readonly state: DeploymentState }[]): string =>
      list.map(({ state }) => state).join(' ');
    return all.map(({ environment, statuses }) => `${environment}: ${states(statuses)}`).toSorted();
  }
}

export const review =
  '<!-- sluice:v1 head=x verdict=pass -->\n\n### ✅ Passed\n\n```diff\n+ <!-- sluice:deploy x -->\n```\n\n---\n\nfooter';

/** One worker process, as far as reports go. */
export class Worker {
  readonly tools: ReportBackTools;

  constructor(tools: ReportBackTools) {
    this.tools = tools;
  }

  /** Works on a report as the queue would have it done: again, while a failure is transient. @returns the outcome */
  async take(job: DeployedJob): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await reportBack(job, taken(job, attempt > 1), this.tools);
      } catch (thrown) {
        const error = asSluiceError(thrown);
        if (error.kind !== 'transient' || attempt === 20) throw error;
      }
    }
  }
}

function taken(job: DeployedJob, again: boolean): TakenJob {
  return {
    job,
    again,
    left: undefined,
    note: () => Promise.resolve(),
    superseded: () => Promise.resolve(false),
    signal: new AbortController().signal,
  };
}
