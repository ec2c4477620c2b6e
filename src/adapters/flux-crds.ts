// Flux's CustomResourceDefinitions, generated with Go from Flux's own API modules: once for each state of crds/.
import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { SluiceError } from '../errors.ts';
import { stringAt } from '../flux/read.ts';
import { mapping } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import type { Progress } from '../ports.ts';
import { holdLock } from './go/build-lock.ts';
import { type GoFailure, runGo } from './go/run.ts';

const home = fileURLToPath(new URL('../..', import.meta.url));

const failure: GoFailure = {
  code: 'configuration',
  noGo: 'Go is needed to generate Flux\'s definitions, and there is no "go" here',
  oldGo: "the Go on this machine is too old for Flux's definitions",
  failed: "Flux's definitions cannot be generated",
  install: 'Install Go 1.26 or newer, or set SLUICE_FLUX_CRDS to a folder of definitions generated elsewhere.',
  again: '"SLUICE_CRDS_OUT=/tmp/crds go generate ." in the folder crds/',
};

export interface FluxCrdsOptions {
  /** @defaultValue says nothing */
  readonly progress?: Progress;
  /** Where `go` is found and what it needs; `SLUICE_FLUX_CRDS` names a folder of definitions that somebody generated. */
  readonly environment?: NodeJS.ProcessEnv;
  /** @defaultValue the folder `crds/` of this checkout */
  readonly sources?: string;
  /** @defaultValue `.cache/crds` of this checkout */
  readonly cache?: string;
  /** @defaultValue `go` on the environment's PATH */
  readonly go?: string;
}

/**
 * Returns the definitions as Flux publishes them, sorted by name, generating them first where that was not done yet. They
 * carry the labels `app.kubernetes.io/part-of: flux` and `…/component`, by which the `flux` command finds them.
 *
 * @throws SluiceError `configuration` when there is no Go, it is too old, or the definitions cannot be generated
 */
export async function ensureFluxCrds(options: FluxCrdsOptions = {}): Promise<readonly KubeObject[]> {
  const folder = await ensureGenerated(options);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.yaml')).toSorted();
  if (names.length === 0) throw nowhere();
  return await Promise.all(names.map(async (name) => labelled(parse(await readFile(join(folder, name), 'utf8')))));
}

async function ensureGenerated(options: FluxCrdsOptions): Promise<string> {
  const override = (options.environment ?? process.env)['SLUICE_FLUX_CRDS'];
  if (override !== undefined) return override;
  const sources = options.sources ?? join(home, 'crds');
  const base = join(options.cache ?? join(home, '.cache', 'crds'), await digestOf(sources));
  const generated = join(base, 'definitions');
  if (await exists(generated)) return generated;
  await mkdir(base, { recursive: true });
  const release = await holdLock(join(base, 'lock'), () => {
    options.progress?.("waiting for another process that generates Flux's definitions");
  });
  try {
    if (!(await exists(generated))) await generate(sources, generated, options);
  } finally {
    await release();
  }
  return generated;
}

/** Digest over everything that has a say in the result: versions, their checksums, and the generator's flags. */
async function digestOf(sources: string): Promise<string> {
  const hash = createHash('sha256');
  for (const name of ['go.mod', 'go.sum', 'apis.go']) {
    const text = await readFile(join(sources, name), 'utf8').catch(() => {
      throw nowhere();
    });
    hash.update(`\0${name}\0${text.length}\0${text}`);
  }
  return hash.digest('hex').slice(0, 32);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

async function generate(sources: string, folder: string, options: FluxCrdsOptions): Promise<void> {
  options.progress?.("generating Flux's definitions (once; about 2 minutes with an empty Go cache, seconds otherwise)");
  const temporary = `${folder}.${randomUUID()}`;
  const environment = { ...(options.environment ?? process.env), SLUICE_CRDS_OUT: temporary };
  const { go, progress } = options;
  try {
    await runGo(['generate', '.'], { folder: sources, environment, go, progress }, failure);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  // Whoever took over a dead holder's lock at the same moment has made the same folder.
  await rename(temporary, folder).catch(async () => await rm(temporary, { recursive: true, force: true }));
}

function nowhere(): SluiceError {
  return new SluiceError('configuration', "Flux's definitions are not here, nor what they are generated from", {
    remedy: 'Run Sluice from its checkout, or set SLUICE_FLUX_CRDS to a folder of definitions that were generated.',
  });
}

/** Which controller of Flux a kind belongs to, where the group alone does not say. */
const components: Readonly<Record<string, string>> = {
  'helm.toolkit.fluxcd.io': 'helm-controller',
  'image.toolkit.fluxcd.io': 'image-reflector-controller',
  'imageupdateautomations.image.toolkit.fluxcd.io': 'image-automation-controller',
  'kustomize.toolkit.fluxcd.io': 'kustomize-controller',
  'notification.toolkit.fluxcd.io': 'notification-controller',
  'source.extensions.fluxcd.io': 'source-watcher',
  'source.toolkit.fluxcd.io': 'source-controller',
};

function labelled(definition: KubeObject): KubeObject {
  const name = stringAt(definition.metadata, 'name') ?? '';
  const component = components[name] ?? components[name.slice(name.indexOf('.') + 1)];
  const labels = {
    ...(component === undefined ? {} : { 'app.kubernetes.io/component': component }),
    'app.kubernetes.io/part-of': 'flux',
    ...mapping(definition.metadata.labels),
  } as const;
  return { ...definition, metadata: { ...definition.metadata, labels } as KubeObject['metadata'] };
}
