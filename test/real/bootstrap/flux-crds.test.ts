import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ensureFluxCrds, type FluxCrdsOptions } from '../../../src/adapters/flux-crds.ts';
import { SluiceError } from '../../../src/errors.ts';
import { list, mapping } from '../../../src/object/json.ts';
import type { KubeObject } from '../../../src/object/object.ts';

// As Flux 2.9 publishes them: name | served and stored versions | subresources | short names | categories | columns | component
const published = `
helmreleases.helm.toolkit.fluxcd.io | v2 | status | hr | all fluxcd fluxcd-appliers | Age,Ready,Status | helm-controller
imagepolicies.image.toolkit.fluxcd.io | v1 | status | imgpol imagepol | all fluxcd fluxcd-images | Image,Tag,Ready,Status,Age | image-reflector-controller
imagerepositories.image.toolkit.fluxcd.io | v1 | status | imgrepo imagerepo | all fluxcd fluxcd-images | Image,Tags,Ready,Status,Last scan,Age | image-reflector-controller
imageupdateautomations.image.toolkit.fluxcd.io | v1 | status | iua imgupd imgauto | all fluxcd fluxcd-images | Ready,Status,Last run,Age | image-automation-controller
kustomizations.kustomize.toolkit.fluxcd.io | v1 | status | ks | all fluxcd fluxcd-appliers | Age,Ready,Status | kustomize-controller
alerts.notification.toolkit.fluxcd.io | v1beta3 |  |  | all fluxcd fluxcd-notifications | Age | notification-controller
providers.notification.toolkit.fluxcd.io | v1beta3 |  |  | all fluxcd fluxcd-notifications | Age | notification-controller
receivers.notification.toolkit.fluxcd.io | v1 | status |  | all fluxcd fluxcd-notifications | Age,Ready,Status | notification-controller
artifactgenerators.source.extensions.fluxcd.io | v1beta1 | status | ag | all fluxcd fluxcd-sources | Age,Ready,Status | source-watcher
buckets.source.toolkit.fluxcd.io | v1 | status |  | all fluxcd fluxcd-sources | Endpoint,Age,Ready,Status | source-controller
externalartifacts.source.toolkit.fluxcd.io | v1 | status | ea | all fluxcd fluxcd-sources | Age,Ready,Status,Source | source-controller
gitrepositories.source.toolkit.fluxcd.io | v1 | status | gitrepo | all fluxcd fluxcd-sources | URL,Age,Ready,Status | source-controller
helmcharts.source.toolkit.fluxcd.io | v1 | status | hc | all fluxcd fluxcd-sources | Chart,Version,Source Kind,Source Name,Age,Ready,Status | source-controller
helmrepositories.source.toolkit.fluxcd.io | v1 | status | helmrepo | all fluxcd fluxcd-sources | URL,Age,Ready,Status | source-controller
ocirepositories.source.toolkit.fluxcd.io | v1 | status | ocirepo | all fluxcd fluxcd-sources | URL,Ready,Status,Age | source-controller
`;

describe("Flux's definitions", () => {
  let definitions: readonly KubeObject[];
  beforeAll(async () => {
    definitions = await ensureFluxCrds({ progress: (step) => process.stderr.write(`${step}\n`) });
  }, 600_000);

  test('have the names, versions, categories, columns and labels that Flux publishes', () => {
    expect(definitions.map(facts).join('\n')).toBe(published.trim());
  });

  test.each([
    ['kustomizations.kustomize.toolkit.fluxcd.io', ['spec', 'ignore', 'items', 'paths', 'items'], { type: 'string' }],
    [
      'kustomizations.kustomize.toolkit.fluxcd.io',
      ['spec', 'deletionPolicy'],
      { enum: ['MirrorPrune', 'Delete', 'WaitForTermination', 'Orphan'] },
    ],
    [
      'kustomizations.kustomize.toolkit.fluxcd.io',
      ['spec', 'interval'],
      { pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$' },
    ],
    ['helmreleases.helm.toolkit.fluxcd.io', ['spec', 'values'], { 'x-kubernetes-preserve-unknown-fields': true }],
    ['gitrepositories.source.toolkit.fluxcd.io', ['spec', 'timeout'], { default: '60s' }],
  ])('%s says of %j what its types say', (name, path, said) => {
    const definition = definitions.find((one) => one.metadata.name === name);
    let at = mapping(mapping(mapping(list(mapping(definition?.['spec'])['versions'])[0])['schema'])['openAPIV3Schema']);
    for (const part of path) at = mapping(part === 'items' ? at['items'] : mapping(at['properties'])[part]);
    expect(at).toMatchObject(said);
  });
});

function facts(definition: KubeObject): string {
  const spec = mapping(definition['spec']);
  const names = mapping(spec['names']);
  const versions = list(spec['versions']).map(mapping);
  const inUse = versions.filter((one) => one['served'] === true && one['storage'] === true);
  return [
    words([definition.metadata.name]),
    words(inUse.map((one) => one['name'])),
    words(Object.keys(mapping(versions[0]?.['subresources']))),
    words(list(names['shortNames'])),
    words(list(names['categories'])),
    words(
      list(versions[0]?.['additionalPrinterColumns']).map((one) => mapping(one)['name']),
      ',',
    ),
    words([mapping(definition.metadata.labels)['app.kubernetes.io/component']]),
  ].join(' | ');
}

function words(values: readonly unknown[], between = ' '): string {
  return values.filter((value) => typeof value === 'string').join(between);
}

// A `go` that notes each call and writes a definition, or fails as told.
const go = `#!/bin/sh
echo "$CGO_ENABLED $*" >> "$NOTES"
sleep "\${SLOW:-0}"
if [ -n "$SAYS" ]; then echo "$SAYS" >&2; exit 1; fi
mkdir -p "$SLUICE_CRDS_OUT" && echo '{"metadata":{"name":"x.example.com"}}' > "$SLUICE_CRDS_OUT/x.yaml"
`;

describe('generating', () => {
  let folder: string;
  let said: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-crds-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    said = [];
    await mkdir(join(folder, 'sources'));
    for (const name of ['go.mod', 'go.sum', 'apis.go']) await writeFile(join(folder, 'sources', name), name);
    await writeFile(join(folder, 'go'), go);
    await chmod(join(folder, 'go'), 0o755);
  });

  const options = (environment: Record<string, string> = {}): FluxCrdsOptions => ({
    sources: join(folder, 'sources'),
    cache: join(folder, 'cache'),
    environment: { PATH: process.env['PATH'], NOTES: join(folder, 'notes'), ...environment },
    progress: (step) => said.push(step),
    go: join(folder, 'go'),
  });
  const calls = async (): Promise<string[]> =>
    (await readFile(join(folder, 'notes'), 'utf8').catch(() => '')).trim().split('\n').filter(Boolean);
  const refusal = async (environment: Record<string, string>, more: FluxCrdsOptions = {}): Promise<SluiceError> => {
    const thrown = await ensureFluxCrds({ ...options(environment), ...more }).catch((error: unknown) => error);
    if (!(thrown instanceof SluiceError)) throw new Error('it was not refused');
    return thrown;
  };

  test('happens once for one state of the sources, and again for another', async () => {
    const first = await ensureFluxCrds(options());
    expect(await ensureFluxCrds(options())).toEqual(first);
    expect(await calls()).toEqual(['0 generate .']);
    expect(said).toEqual([expect.stringMatching(/^generating .*minutes/)]);
    await writeFile(join(folder, 'sources', 'go.sum'), 'other');
    await ensureFluxCrds(options());
    expect(await calls()).toHaveLength(2);
  });

  test('happens once for any number at once', async () => {
    await Promise.all(Array.from({ length: 4 }, () => ensureFluxCrds(options({ SLOW: '2' }))));
    expect(await calls()).toHaveLength(1);
    expect(said.filter((step) => step.startsWith('waiting'))).toHaveLength(3);
  });

  test('does not happen where a folder of definitions is given', async () => {
    await writeFile(join(folder, 'one.yaml'), 'metadata: {name: one.example.com}');
    const given = await ensureFluxCrds(options({ SLUICE_FLUX_CRDS: folder }));
    expect(given.map((one) => one.metadata.name)).toEqual(['one.example.com']);
    expect(await calls()).toEqual([]);
  });

  test('leaves nothing behind that counts when it fails, and says on the terminal what Go said', async () => {
    const error = await refusal({ SAYS: '/root/x: no such module' });
    expect(error).toMatchObject({ code: 'configuration', message: "Flux's definitions cannot be generated" });
    expect(said).toContain('go: /root/x: no such module');
    const [digest = ''] = await readdir(join(folder, 'cache'));
    expect(await readdir(join(folder, 'cache', digest))).toEqual([]);
    await ensureFluxCrds(options());
    expect(await calls()).toHaveLength(2);
  });

  test.each<[string, Record<string, string>, FluxCrdsOptions, RegExp]>([
    ['there is no Go', {}, { go: '/nowhere/go' }, /there is no "go" here/],
    ['Go is too old', { SAYS: 'go: go.mod requires go >= 1.99.0 (running go 1.26.8)' }, {}, /too old/],
    ['the sources are not here', {}, { sources: '/nowhere' }, /are not here/],
    ['the given folder is empty', { SLUICE_FLUX_CRDS: '/nowhere' }, {}, /are not here/],
  ])('is refused with a remedy when %s', async (_, environment, more, message) => {
    const error = await refusal(environment, more);
    expect(error.message).toMatch(message);
    expect(error.remedy).toMatch(/SLUICE_FLUX_CRDS/);
  });
});
