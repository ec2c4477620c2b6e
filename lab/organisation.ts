// The sample organisation of examples/ on the lab's GitHub.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { type Change, readFolder, type RepositoryName, repositoryNames } from '../examples/changes.ts';
import type { App, Permissions } from './github/app.ts';
import type { LabGitHub } from './github/github.ts';
import type { Pull } from './github/issue.ts';

const examples = join(import.meta.dirname, '..', 'examples');

/** Who writes to which repository; ada owns the organisation. */
const people: Readonly<Record<RepositoryName, string>> = {
  platform: 'ada',
  checkout: 'carla',
  catalog: 'chen',
  media: 'mia',
};

/** `acme/checkout-manifests` */
export function sampleName(name: RepositoryName): string {
  return name === 'platform' ? 'acme/platform' : `acme/${name}-manifests`;
}

/** Makes acme with its people, teams and repositories; addresses in their files point at the lab. */
export async function createSampleOrganisation(lab: LabGitHub): Promise<void> {
  lab.createOrganisation('acme');
  for (const name of repositoryNames) {
    const login = people[name];
    lab.createUser(login);
    lab.addMember('acme', login, name === 'platform' ? 'admin' : 'member');
    await lab.createRepository(sampleName(name));
    lab.createTeam('acme', name, { members: [login], repositories: { [sampleName(name)]: 'maintain' } });
    const source = name === 'platform' ? 'platform' : join('tenants', name);
    const files = pointedAt(lab, await readFolder(join(examples, source)));
    await lab.pushFiles(sampleName(name), login, { branch: 'main', files, message: 'Start' });
  }
}

/** Pushes a change set as its team would and opens the pull request. */
export async function openChange(lab: LabGitHub, change: Change): Promise<Pull> {
  const name = sampleName(change.repository);
  const login = people[change.repository];
  const branch = `change/${change.id}`;
  const source = change.repository === 'platform' ? 'platform' : join('tenants', change.repository);
  const files: Record<string, string | Uint8Array | null> = pointedAt(lab, change.files);
  for (const { file, find, replace } of change.edit) {
    const text = String(files[file] ?? (await readFile(join(examples, source, file), 'utf8')));
    if (text.split(find).length !== 2) throw new Error(`${change.id}: ${file} must hold exactly once: ${find}`);
    files[file] = withAddress(
      lab,
      text.replace(find, () => replace),
    );
  }
  for (const path of change.delete) files[path] = null;
  await lab.pushFiles(name, login, { branch, files, message: change.title });
  return lab.openPullRequest(name, login, { head: branch, base: 'main', title: change.title, body: change.shows });
}

/** Registers the App as `app.yml` says, installs it on all of acme, and requires its check on every `main`. */
export async function registerSluice(
  lab: LabGitHub,
  webhook: { readonly url: string; readonly secret: string } | undefined,
): Promise<App> {
  const manifest = parse(await readFile(join(examples, '..', 'app.yml'), 'utf8')) as {
    readonly name: string;
    readonly default_permissions: Permissions;
    readonly default_events: readonly string[];
  };
  const app = lab.registerApp({
    name: manifest.name,
    owner: 'acme',
    permissions: manifest.default_permissions,
    events: manifest.default_events,
    ...(webhook !== undefined && { webhook }),
  });
  lab.installApp(app, 'acme');
  for (const name of repositoryNames) {
    await lab.protect(sampleName(name), 'main', { checks: [{ context: 'sluice', app }] });
  }
  return app;
}

function pointedAt(lab: LabGitHub, files: ReadonlyMap<string, Uint8Array>): Record<string, string | Uint8Array> {
  return Object.fromEntries(
    [...files].map(([path, bytes]) => [
      path,
      bytes.includes(0) ? bytes : withAddress(lab, Buffer.from(bytes).toString()),
    ]),
  );
}

/** Only acme's own repositories are on the lab. */
function withAddress(lab: LabGitHub, text: string): string {
  return text.replaceAll('https://github.com/acme/', `${lab.address}/acme/`);
}
