// The App as processes of its own, to be killed: each is started anew at the same addresses and on the same data.
import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../../lab/cluster/port.ts';
import type { LabGitHub } from '../../../lab/github/github.ts';
import type { Comment } from '../../../lab/github/issue.ts';
import type { Pull } from '../../../lab/github/issue.ts';
import { type Organisation, secret, startOrganisation } from './app.ts';

const program = fileURLToPath(new URL('../../../bin/sluice.js', import.meta.url));

export interface Role {
  readonly role: 'start' | 'serve' | 'worker';
  /** Tells several of a kind apart: each has data of its own. */
  readonly name: string;
}

/** One process; the same object stands for it through all its lives. */
export class Child {
  readonly role: Role;
  readonly #environment: Record<string, string>;
  #process: ChildProcess | undefined;
  /** The last it wrote, for a test that fails. */
  said = '';

  constructor(role: Role, environment: Record<string, string>) {
    this.role = role;
    this.#environment = environment;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Starts it; resolves when it takes webhooks or jobs. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, this.role.role], {
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    const ready = Promise.withResolvers<void>();
    let life = '';
    const hear = (chunk: Buffer): void => {
      life += chunk.toString();
      this.said = (this.said + chunk.toString()).slice(-40_000);
      if (life.includes('"ready"')) ready.resolve();
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code, signal) =>
      ready.reject(new Error(`${this.role.name} ended (${code ?? signal}): ${life}`)),
    );
    await ready.promise;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }
}

/** The organisation of `app.ts`, and the App in processes. */
export class Children {
  readonly organisation: Organisation;
  readonly children: readonly Child[];

  private constructor(organisation: Organisation, children: readonly Child[]) {
    this.organisation = organisation;
    this.children = children;
  }

  static async start(
    renderer: string,
    roles: readonly Role[],
    settings: Readonly<Record<string, string>>,
  ): Promise<Children> {
    const organisation = await startOrganisation();
    const port = await freePort();
    const common = {
      PATH: process.env['PATH'] ?? '',
      SLUICE_RENDERER: renderer,
      ...organisation.environment,
      SLUICE_LISTEN: `127.0.0.1:${port}`,
      SLUICE_LOG_LEVEL: 'info',
      ...settings,
    };
    const children = roles.map(
      (role) => new Child(role, { ...common, SLUICE_DATA: join(organisation.folder, role.name) }),
    );
    organisation.github.setWebhook(organisation.app, { url: `http://127.0.0.1:${port}/webhook`, secret });
    const started = new Children(organisation, children);
    await Promise.all(children.map((child) => child.start()));
    return started;
  }

  get github(): LabGitHub {
    return this.organisation.github;
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.kill()));
    await this.github.stop();
    await rm(this.organisation.folder, { recursive: true, force: true });
  }

  /** The long comments of ours: the App's, short replies left out. */
  reports(repository: string, number: number): readonly Comment[] {
    return this.github
      .listComments(repository, number)
      .filter(({ app, body }) => app !== undefined && body.startsWith('<!-- sluice:v1 '));
  }

  /** What is not yet, or no longer, as it must end; empty when all is well. */
  wrong(): readonly string[] {
    const found: string[] = [];
    for (const repository of ['acme/a', 'acme/b']) {
      for (const issue of this.github.repository(repository).issues.values()) {
        if (issue.pull !== undefined && issue.state === 'open') found.push(...this.#wrongOf(repository, issue as Pull));
      }
      for (const run of this.github.repository(repository).checkRuns.values()) {
        if (run.status !== 'completed') found.push(`${repository} check ${run.id} on ${run.head.slice(0, 7)} is open`);
      }
    }
    return found;
  }

  #wrongOf(repository: string, issue: Pull): readonly string[] {
    const { sha } = issue.pull.head;
    const name = `${repository}#${issue.number} at ${sha.slice(0, 7)}`;
    const reports = this.reports(repository, issue.number);
    const runs = this.github.checkRunsOf(repository, sha);
    const verdicts = runs.filter(({ status, conclusion }) => status === 'completed' && conclusion !== 'cancelled');
    const [report] = reports;
    const found: string[] = [];
    if (reports.length !== 1) found.push(`${name} has ${reports.length} reports`);
    if (verdicts.length !== 1)
      found.push(
        `${name} has ${verdicts.length} verdicts in ${runs.length} checks: ${runs.map((run) => run.conclusion ?? run.status).join()}`,
      );
    if (report !== undefined && !report.body.includes(`head=${sha} `))
      found.push(`${name}: the report is of another head`);
    const passes = report?.body.includes('verdict=pass ') === true;
    if (verdicts[0] !== undefined && passes !== (verdicts[0].conclusion === 'success'))
      found.push(`${name}: check and report disagree`);
    return found;
  }
}
