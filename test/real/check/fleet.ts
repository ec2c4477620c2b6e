// A small fleet on disk for driving `sluice check`: one cluster, tenant a (a-dev, a-prod), tenant b (b-dev).

import fs from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import git from 'isomorphic-git';
import type { OpaPolicyEngine } from '../../../src/adapters/opa/engine.ts';
import { createToolbox } from '../../../src/main.ts';
import type { Report } from '../../../src/report/report.ts';
import { type Ran, sluice } from '../command-line.ts';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A secret marker: in the environment, in a file beside the repositories, in Secrets. No output may hold it. */
export const canary = 'CANARY-7f3a91c2';

export interface Checked {
  readonly exit: number;
  /** Undefined where the command ended before there was a report. */
  readonly report: Report | undefined;
  /** Everything the command wrote, in all three formats where there was a report. */
  readonly output: string;
}

const account = (namespace: string, name: string) => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name, namespace },
});
const namespace = (name: string) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const binding = (inNamespace: string, accountNamespace: string) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name: 'deployer', namespace: inNamespace },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'edit' },
  subjects: [{ kind: 'ServiceAccount', name: 'deployer', namespace: accountNamespace }],
});

/** A Flux Kustomization of the platform repository, unless `spec` says otherwise. */
export function kustomization(inNamespace: string, name: string, spec: Record<string, unknown> = {}): object {
  return {
    apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
    kind: 'Kustomization',
    metadata: { name, namespace: inNamespace },
    spec: {
      interval: '10m',
      path: './',
      prune: true,
      sourceRef: { kind: 'GitRepository', name: 'flux-system', namespace: 'flux-system' },
      ...spec,
    },
  };
}

export function gitRepository(
  inNamespace: string,
  name: string,
  url: string,
  spec: Record<string, unknown> = {},
): object {
  return {
    apiVersion: 'source.toolkit.fluxcd.io/v1',
    kind: 'GitRepository',
    metadata: { name, namespace: inNamespace },
    spec: { interval: '1m', url, ref: { branch: 'main' }, ...spec },
  };
}

/** The two Flux documents that make a tenant of a repository. */
export function reads(tenant: string, name: string, url: string, spec: Record<string, unknown> = {}): object[] {
  return [
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1',
      kind: 'GitRepository',
      metadata: { name, namespace: tenant },
      spec: { interval: '1m', url, ref: { branch: 'main' } },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { name, namespace: tenant },
      spec: {
        interval: '10m',
        path: './deploy',
        prune: true,
        serviceAccountName: 'deployer',
        sourceRef: { kind: 'GitRepository', name },
        ...spec,
      },
    },
  ];
}

export const urlOf = (name: string): string => `https://github.com/acme/${name}`;

export const yaml = (...objects: readonly object[]): string =>
  objects.map((object) => JSON.stringify(object)).join('\n---\n');

export const platformFiles: Files = {
  'clusters/prod/tenants.yaml': yaml(
    ...['a-dev', 'a-prod', 'b-dev'].map(namespace),
    account('a-dev', 'deployer'),
    account('b-dev', 'deployer'),
    binding('a-dev', 'a-dev'),
    binding('a-prod', 'a-dev'),
    binding('b-dev', 'b-dev'),
    ...reads('a-dev', 'a', urlOf('a')),
    ...reads('b-dev', 'b', urlOf('b')),
  ),
};

export const configMap = (
  name: string,
  inNamespace: string,
  data: Record<string, string> = { key: 'value' },
): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: inNamespace },
  data,
});

/** A checkout with a commit on main, and an origin that nothing is fetched from. */
export class Checkout {
  readonly directory: string;
  readonly url: string;

  constructor(directory: string, url: string) {
    this.directory = directory;
    this.url = url;
  }

  static async create(directory: string, url: string, files: Files): Promise<Checkout> {
    await mkdir(directory, { recursive: true });
    await git.init({ fs, dir: directory, defaultBranch: 'main' });
    await git.setConfig({ fs, dir: directory, path: 'remote.origin.url', value: url });
    const checkout = new Checkout(directory, url);
    await checkout.write(files);
    await checkout.commit('start');
    return checkout;
  }

  async write(files: Files): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.directory, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
  }

  async remove(paths: Iterable<string>): Promise<void> {
    for (const path of paths) await rm(join(this.directory, path), { recursive: true, force: true });
  }

  async commit(message: string): Promise<string> {
    const { directory: dir } = this;
    for (const [path, head, work] of await git.statusMatrix({ fs, dir })) {
      if (work === 0 && head !== 0) await git.remove({ fs, dir, filepath: path });
      else if (work !== 0) await git.add({ fs, dir, filepath: path });
    }
    const author = { name: 'Ada', email: 'ada@example.com', timestamp: 1_700_000_000, timezoneOffset: 0 };
    return git.commit({ fs, dir, message, author });
  }
}

/** A platform and two tenants in a folder of their own, with warm adapters. Close it. */
export class TestFleet {
  readonly folder: string;
  readonly platform: Checkout;
  readonly a: Checkout;
  readonly b: Checkout;
  readonly toolbox: ReturnType<typeof createToolbox>;
  #more = 0;

  private constructor(
    folder: string,
    platform: Checkout,
    a: Checkout,
    b: Checkout,
    engine: OpaPolicyEngine | undefined,
  ) {
    this.folder = folder;
    this.platform = platform;
    this.a = a;
    this.b = b;
    const toolbox = createToolbox(process.env);
    this.toolbox =
      engine === undefined
        ? toolbox
        : {
            tools: async (progress) => ({ ...(await toolbox.tools(progress)), policyEngine: engine }),
            close: async () => void (await Promise.all([toolbox.close(), engine.close()])),
          };
  }

  /** `engine` stands in for the policy engine that the command makes: the same one, with other limits. */
  static async create(platform: Files = platformFiles, engine?: OpaPolicyEngine): Promise<TestFleet> {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-check-'));
    await writeFile(join(folder, 'host-secret.yaml'), yaml(configMap('host', 'a-dev', { host: canary })));
    const [p, a, b] = await Promise.all([
      Checkout.create(join(folder, 'platform'), urlOf('platform'), platform),
      Checkout.create(join(folder, 'a'), urlOf('a'), { 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) }),
      Checkout.create(join(folder, 'b'), urlOf('b'), { 'deploy/app.yaml': yaml(configMap('app', 'b-dev')) }),
    ]);
    return new TestFleet(folder, p, a, b, engine);
  }

  async close(): Promise<void> {
    await this.toolbox.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Another repository beside these: a platform of another shape, a further tenant. */
  checkout(url: string, files: Files): Promise<Checkout> {
    this.#more += 1;
    return Checkout.create(join(this.folder, `more-${this.#more}`), url, files);
  }

  /** Checks once, as JSON, with no `--platform` but what `more` says; what was said instead where there is no report. */
  async report(checkout: Checkout, ...more: readonly string[]): Promise<Checked> {
    const argv = ['check', checkout.directory, '--format', 'json', ...more];
    const { exit, out, error } = await sluice(this.toolbox, ...argv);
    const report = out === '' ? undefined : (JSON.parse(out) as Report);
    return { exit, report, output: out + error };
  }

  /** Runs `sluice check` on a checkout once, and returns the exit code and what it wrote to each stream. */
  async run(checkout: Checkout, format: string, ...more: readonly string[]): Promise<Ran> {
    const platform = checkout === this.platform ? [] : ['--platform', this.platform.directory];
    return await sluice(this.toolbox, 'check', checkout.directory, ...platform, '--format', format, ...more);
  }

  /** Runs `sluice check` on a checkout, once for the report and once more in each format for people. */
  async check(checkout: Checkout, ...more: readonly string[]): Promise<Checked> {
    const json = await this.run(checkout, 'json', ...more);
    if (json.out === '') return { exit: json.exit, report: undefined, output: json.error };
    const text = await this.run(checkout, 'text', ...more);
    const markdown = await this.run(checkout, 'markdown', ...more);
    const output = [json, text, markdown].map(({ out, error }) => out + error).join('');
    return { exit: json.exit, report: JSON.parse(json.out) as Report, output };
  }

  /** Lays files over tenant a's working tree, checks, and puts the tree back. */
  async checkFiles(files: Files, ...more: readonly string[]): Promise<Checked> {
    await this.a.write(files);
    try {
      return await this.check(this.a, ...more);
    } finally {
      await this.a.remove(Object.keys(files));
      await this.a.write({ 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) });
    }
  }
}
