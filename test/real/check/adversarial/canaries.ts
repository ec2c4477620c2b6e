// What must stay silent while a hostile repository is checked: a listener, planted programs, host files, the environment.
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { canary } from '../fleet.ts';

/** Programs that kustomize, Helm or a plugin loader would look for. */
const programs = ['git', 'helm', 'kustomize', 'kubectl', 'sops', 'docker', 'podman', 'sh', 'bash', 'env', 'go'];

const planted = (marks: string): string => `#!/bin/sh\n: > "${marks}/$$-\${0##*/}"\necho '${canary}'\n`;

/** Lays canaries for this process; `remove` takes them away and puts the environment back. */
export class Canaries {
  /** Absolute; holds nothing of the product's. */
  readonly folder: string;
  /** Where the process makes its temporary files. */
  readonly temporary: string;
  readonly hidden: readonly string[];
  readonly #server: Server;
  readonly #before: Readonly<Record<string, string | undefined>>;
  /** Addresses of connections that reached the listener. */
  readonly #hits: string[];

  private constructor(folder: string, server: Server, hits: string[]) {
    this.folder = folder;
    this.temporary = join(folder, 'tmp');
    this.#server = server;
    this.#hits = hits;
    this.hidden = [canary, canary.split('').reverse().join(''), Buffer.from(canary).toString('base64').slice(0, 12)];
    const plugins = join(folder, 'plugins');
    const environment: Record<string, string> = {
      PATH: `${join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      HOME: join(folder, 'home'),
      TMPDIR: this.temporary,
      KUSTOMIZE_PLUGIN_HOME: plugins,
      XDG_CONFIG_HOME: plugins,
      GITHUB_APP_PRIVATE_KEY: canary,
      HTTP_PROXY: `http://${this.address}`,
      HTTPS_PROXY: `http://${this.address}`,
      http_proxy: `http://${this.address}`,
    };
    this.#before = Object.fromEntries(Object.keys(environment).map((key) => [key, process.env[key]]));
    Object.assign(process.env, environment);
  }

  static async lay(): Promise<Canaries> {
    const folder = await mkdtemp(join(tmpdir(), 'canaries-'));
    const plugin = join(folder, 'plugins', 'kustomize', 'plugin', 'example.com', 'v1', 'stealer');
    for (const name of ['bin', 'ran', 'tmp', 'home', 'plugins/example.com/v1/stealer'])
      await mkdir(join(folder, name), { recursive: true });
    await mkdir(plugin, { recursive: true });
    const places = [
      ...programs.map((name) => join(folder, 'bin', name)),
      join(plugin, 'Stealer'),
      join(folder, 'plugins/example.com/v1/stealer/Stealer'),
    ];
    for (const place of places) {
      await writeFile(place, planted(join(folder, 'ran')));
      await chmod(place, 0o755);
    }
    const hits: string[] = [];
    const server = createServer((request, response) => {
      response.end(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fetched-${canary}}\n`);
      hits.push(request.url ?? '');
    });
    server.on('connection', () => hits.push('connection'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Canaries(folder, server, hits);
  }

  /** `127.0.0.1:12345` */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What woke up: connections, programs that ran, files left in the temporary and home folders. */
  async woken(): Promise<readonly string[]> {
    const ran = await readdir(join(this.folder, 'ran'));
    const left = await readdir(this.temporary, { recursive: true });
    const home = await readdir(join(this.folder, 'home'));
    return [...this.#hits, ...ran, ...left, ...home];
  }

  /** Host paths that no output may hold. */
  get paths(): readonly string[] {
    const home = this.#before['HOME'] ?? homedir();
    return [this.folder, process.cwd(), `${home}/`, '/node_modules/', 'file:///work', '/tree/'];
  }

  async remove(): Promise<void> {
    for (const [key, value] of Object.entries(this.#before)) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
    await new Promise((resolve) => this.#server.close(resolve));
    await rm(this.folder, { recursive: true, force: true });
  }
}
