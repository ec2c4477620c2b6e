import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sluice } from '../command-line.ts';
import { type Checked, configMap, type Files, platformFiles, reads, TestFleet, urlOf, yaml } from './fleet.ts';

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await TestFleet.create();
});
afterAll(() => fleet.close());

/** One clear error: the code, a file and line where there is one, no stack trace, no path of this machine. */
function expectOne(checked: Checked, code: string, place?: RegExp): void {
  expect(checked.exit).toBe(2);
  expect(checked.output).toContain(code);
  expect(checked.output).not.toMatch(/\n\s+at .*\.ts:\d+/);
  expect(checked.output).not.toContain(fleet.folder);
  expect(checked.output).not.toContain(process.cwd());
  if (place !== undefined) expect(checked.output).toMatch(place);
}

/** Lays files over the platform's working tree, checks it, and puts it back. */
async function checkPlatform(files: Files): Promise<Checked> {
  await fleet.platform.write(files);
  try {
    return await fleet.check(fleet.platform);
  } finally {
    await fleet.platform.remove(Object.keys(files));
    await fleet.platform.write(platformFiles);
  }
}

const kustomization = (name: string, path: string, spec: object = {}) => ({
  apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
  kind: 'Kustomization',
  metadata: { name, namespace: 'flux-system' },
  spec: { interval: '10m', prune: true, path, sourceRef: { kind: 'GitRepository', name: 'flux-system' }, ...spec },
});

describe('a platform repository', () => {
  const rows: { title: string; files: Files; code: string; place?: RegExp }[] = [
    {
      title: 'an unknown key in sluice.yaml',
      files: { 'sluice.yaml': 'approvers: acme/platform\nlimts: {}\n' },
      code: 'config.unknownKey',
      place: /sluice\.yaml:2/,
    },
    {
      title: 'a nested unknown key in sluice.yaml',
      files: { 'sluice.yaml': 'kinds:\n  - group: acme.io\n    kind: Widget\n    namespaced: true\n    scope: x\n' },
      code: 'config.unknownKey',
      place: /sluice\.yaml:5/,
    },
    {
      title: 'sluice.yaml that does not parse',
      files: { 'sluice.yaml': 'a: [\n' },
      code: 'config.parse',
      place: /sluice\.yaml/,
    },
    {
      title: 'a wrong type in sluice.yaml',
      files: { 'sluice.yaml': '\nwaivers: 3\n' },
      code: 'config.invalid',
      place: /sluice\.yaml:2/,
    },
    {
      title: 'Rego that does not compile',
      files: {
        'sluice.yaml': 'policies: [rego]\n',
        'rego/mine.rego': 'package sluice.acme.mine\n\ndeny contains x if {\n',
      },
      code: 'policy.compile',
      place: /rego\/mine\.rego:\d+/,
    },
    {
      title: 'a policy folder that is missing',
      files: { 'sluice.yaml': 'policies: [rego]\n' },
      code: 'config.invalid',
      place: /sluice\.yaml/,
    },
    {
      title: 'a waiver of a guard rule',
      files: {
        'waivers/a.yaml': '\nrule: tenant/namespace\nobject: ConfigMap/a-dev/x\nreason: no\nuntil: "2030-01-01"\n',
      },
      code: 'config.invalid',
      place: /waivers\/a\.yaml:\d+/,
    },
    {
      title: 'YAML that does not parse',
      files: { 'clusters/prod/broken.yaml': 'kind: ConfigMap\n  bad: [\n' },
      code: 'build.yaml',
      place: /clusters\/prod\/broken\.yaml:\d+/,
    },
    {
      title: 'a path that is missing',
      files: { 'clusters/prod/infra.yaml': yaml(kustomization('infra', './nowhere')) },
      code: 'build.pathMissing',
    },
    {
      title: 'a dependency cycle',
      files: {
        'infra/a/a.yaml': yaml(configMap('a', 'flux-system')),
        'infra/b/b.yaml': yaml(configMap('b', 'flux-system')),
        'clusters/prod/infra.yaml': yaml(
          kustomization('one', './infra/a', { dependsOn: [{ name: 'two' }] }),
          kustomization('two', './infra/b', { dependsOn: [{ name: 'one' }] }),
        ),
      },
      code: 'fleet.cycle',
      place: /clusters\/prod\/infra\.yaml:\d+/,
    },
    {
      title: 'Kustomizations that define each other',
      files: {
        'infra/a/a.yaml': yaml(kustomization('two', './infra/b')),
        'infra/b/b.yaml': yaml(kustomization('one', './infra/a')),
        'clusters/prod/infra.yaml': yaml(kustomization('one', './infra/a')),
      },
      code: 'fleet.cycle',
      place: /infra\/b\/b\.yaml:1/,
    },
    {
      title: 'two Kustomizations that own one object',
      files: {
        'infra/a/a.yaml': yaml(configMap('same', 'flux-system')),
        'infra/b/b.yaml': yaml(configMap('same', 'flux-system')),
        'clusters/prod/infra.yaml': yaml(kustomization('one', './infra/a'), kustomization('two', './infra/b')),
      },
      code: 'fleet.duplicate',
      place: /infra\/[ab]\/[ab]\.yaml:1/,
    },
    {
      title: 'a Kustomization without a source',
      files: { 'clusters/prod/infra.yaml': yaml({ ...kustomization('one', './x'), spec: { path: './x' } }) },
      code: 'fleet.invalid',
      place: /clusters\/prod\/infra\.yaml:1/,
    },
    {
      title: 'a variable that nothing defines',
      files: {
        'infra/a/a.yaml': yaml(configMap('same', 'flux-system', { x: '${missing}' })),
        'clusters/prod/infra.yaml': yaml(
          kustomization('one', './infra/a', { postBuild: { substitute: { other: 'x' } } }),
        ),
      },
      code: 'build.substitute',
      place: /infra\/a\/a\.yaml/,
    },
  ];
  it.each(rows)('$title', async ({ files, code, place }) => {
    expectOne(await checkPlatform(files), code, place);
  });

  it('is fine again after all of that', async () => {
    expect((await fleet.check(fleet.platform)).exit).toBe(0);
  });
});

describe('the command line', () => {
  const command = async (...argv: readonly string[]): Promise<Checked> => {
    const { exit, out, error } = await sluice(fleet.toolbox, ...argv);
    return { exit, report: undefined, output: out + error };
  };

  it('a folder that is no repository', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-none-'));
    expectOne(await command('check', folder), 'source.notRepository');
    await rm(folder, { recursive: true });
  });

  it('a folder that does not exist', async () => {
    expectOne(await command('check', '/nowhere/at/all'), 'source.notRepository');
  });

  it.each([
    { option: ['--head', 'nope'], said: /"nope"/, code: 'source.refMissing' },
    { option: ['--base', 'nope'], said: /"nope"/, code: 'source.refMissing' },
    { option: ['--head', '../x'], said: /"\.\.\/x"/, code: 'source.refMissing' },
    {
      option: ['--repo', `${urlOf('x')}=/nowhere`],
      said: /--repo https:\/\/github\.com\/acme\/x:/,
      code: 'source.notRepository',
    },
    { option: ['--platform', '/nowhere'], said: /--platform:/, code: 'source.notRepository' },
  ])('what is not there: $option.0', async ({ option, said, code }) => {
    expectOne(await command('check', fleet.platform.directory, ...option), code, said);
  });

  it('a tenant without its platform', async () => {
    expectOne(await command('check', fleet.a.directory), 'fleet.noPlatform', /--platform/);
  });

  it('a platform that is none', async () => {
    expectOne(await command('check', fleet.a.directory, '--platform', fleet.b.directory), 'fleet.noPlatform');
  });

  it('a revision that is not there', async () => {
    expectOne(await fleet.check(fleet.a, '--base', 'nope'), 'source.refMissing');
    expectOne(await fleet.check(fleet.a, '--head', 'nope'), 'source.refMissing');
  });

  it.each([
    ['frobnicate'],
    ['check', '--frobnicate'],
    ['check', '.', '.'],
    ['check', '--format', 'xml'],
    ['check', '--repo', 'x'],
  ])('%s %s %s', async (...argv) => {
    expectOne(await command(...argv), 'usage');
  });

  it('an empty repository', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-empty-'));
    const { default: git } = await import('isomorphic-git');
    const fs = await import('node:fs');
    await git.init({ fs, dir: folder, defaultBranch: 'main' });
    await mkdir(join(folder, 'deploy'));
    expectOne(
      await command('check', folder, '--platform', fleet.platform.directory, '--as', urlOf('a')),
      'source.refMissing',
    );
    await rm(folder, { recursive: true });
  });
});

describe('a tenant', () => {
  it.each([
    {
      title: 'YAML that does not parse',
      files: { 'deploy/x.yaml': 'a: [\n' },
      code: 'build.yaml',
      place: /deploy\/x\.yaml:\d/,
    },
    {
      title: 'a resource that is missing',
      files: { 'deploy/kustomization.yaml': 'resources:\n- nope.yaml\n' },
      code: 'build.',
      place: /deploy\/kustomization\.yaml:2/,
    },
    { title: 'an empty build', files: { 'deploy/kustomization.yaml': 'resources: []\n' }, code: 'build.empty' },
  ])('$title', async ({ files, code, place }) => {
    const checked = await fleet.checkFiles(files as Files);
    expectOne(checked, code, place);
    expect(checked.report?.verdict).toBe('error');
  });

  it('a fleet that is broken elsewhere says so as unknown, and does not fail the tenant', async () => {
    const files = {
      'clusters/prod/infra.yaml': yaml(kustomization('infra', './nowhere'), ...reads('b-dev', 'later', urlOf('later'))),
    };
    await fleet.platform.write(files);
    const { exit, report } = await fleet.checkFiles({ 'deploy/x.yaml': yaml(configMap('x', 'a-dev')) });
    await fleet.platform.remove(Object.keys(files));
    expect(exit).toBe(0);
    expect(report?.unknowns.map(({ what }) => what)).toContain('Kustomization flux-system/infra on prod');
  });
});
