// What a tenant, or somebody else's part of the fleet, must not be able to change about how a tenant is judged.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Checkout,
  type Checked,
  configMap,
  type Files,
  gitRepository,
  kustomization,
  platformFiles,
  TestFleet,
  urlOf,
  yaml,
} from './fleet.ts';

const tenants = platformFiles['clusters/prod/tenants.yaml'] as string;

let fleet: TestFleet;
beforeAll(async () => {
  fleet = await TestFleet.create();
});
afterAll(() => fleet.close());

const platformOf = (files: Files): Promise<Checkout> => fleet.checkout(urlOf('platform'), files);

/** Reviews tenant a's repository, with files laid over it, against a platform of its own. */
async function review(platform: Files, files: Files, ...more: readonly string[]): Promise<Checked> {
  const { directory } = await platformOf(platform);
  const a = await fleet.checkout(urlOf('a'), { 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) });
  await a.write(files);
  return fleet.report(a, '--platform', directory, ...more);
}

const rulesOf = ({ report }: Checked): string[] => report?.violations.map(({ rule }) => rule) ?? [];

const makesAdmin = (namespace: string, name: string): object => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'a-admin' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
  subjects: [{ kind: 'ServiceAccount', name, namespace }],
});

const spoke = (name: string): object =>
  kustomization('flux-system', name, { path: './spoke', kubeConfig: { secretRef: { name } } });

const hub = {
  'clusters/prod/tenants.yaml': tenants,
  'clusters/prod/spokes.yaml': yaml(spoke('spoke-1'), spoke('spoke-2')),
  'spoke/all.yaml': yaml(makesAdmin('a-dev', 'deployer'), configMap('app', 'a-dev')),
};

describe('a Kustomization that applies to another cluster', () => {
  it('grants nothing and owns nothing on this one', async () => {
    const outside = await review(hub, { 'deploy/app.yaml': yaml(configMap('app', 'kube-system')) });
    expect(outside.exit).toBe(1);
    expect(rulesOf(outside)).toContain('tenant/namespace');
    const inside = await review(hub, { 'deploy/app.yaml': yaml(configMap('app', 'a-dev', { key: 'other' })) });
    expect(inside.exit).toBe(0);
    expect(rulesOf(inside)).toEqual([]);
  });

  it('may hold the same objects as another one does', async () => {
    const platform = await platformOf(hub);
    await platform.write({ 'spoke/all.yaml': yaml(configMap('app', 'a-dev', { key: 'other' })) });
    const { exit, report } = await fleet.report(platform);
    expect(exit).toBe(0);
    expect(report?.errors).toEqual([]);
    expect(report?.changes.map(({ kustomization: key }) => key)).toEqual(
      expect.arrayContaining(['flux-system/spoke-1', 'flux-system/spoke-2']),
    );
  });
});

describe('a source that a tenant defines', () => {
  const platform = {
    'clusters/prod/tenants.yaml': tenants,
    'private/map.yaml': yaml(configMap('theirs', 'a-dev', { key: 'ONLY-FOR-THE-PLATFORM' })),
  };
  const child = (spec: object): object =>
    kustomization('a-dev', 'child', { path: './leak', serviceAccountName: 'deployer', ...spec });
  const source = { sourceRef: { kind: 'GitRepository', name: 'mine' } };
  const rows: { title: string; objects: object[] }[] = [
    {
      title: 'another repository',
      objects: [gitRepository('a-dev', 'mine', urlOf('platform')), child({ path: './private', ...source })],
    },
    {
      title: 'another repository that it includes in its own',
      objects: [
        gitRepository('a-dev', 'mine', urlOf('a'), {
          include: [{ repository: { name: 'theirs' }, fromPath: 'private', toPath: 'leak' }],
        }),
        gitRepository('a-dev', 'theirs', urlOf('platform')),
        child(source),
      ],
    },
  ];
  it.each(rows)('opens nothing of $title', async ({ objects }) => {
    const { report, output } = await review(platform, { 'deploy/more.yaml': yaml(...objects) });
    expect(output).not.toContain('ONLY-FOR-THE-PLATFORM');
    expect(report?.unknowns.map(({ effect }) => effect).join()).toContain('a source that a tenant defines itself');
  });

  it('that includes itself is one error', async () => {
    const { exit, report } = await review(platform, {
      'deploy/more.yaml': yaml(
        gitRepository('a-dev', 'mine', urlOf('a'), { include: [{ repository: { name: 'mine' } }] }),
        child(source),
      ),
    });
    expect(exit).toBe(2);
    expect(report?.errors.map(({ code }) => code)).toEqual(['fleet.cycle']);
  });
});

describe('a Kustomization that a tenant defines without a service account', () => {
  const nobody = kustomization('a-dev', 'child', { path: './child', sourceRef: { kind: 'GitRepository', name: 'a' } });
  const start = {
    'deploy/app.yaml': yaml(configMap('app', 'a-dev'), nobody),
    'child/map.yaml': yaml(configMap('m', 'a-dev')),
  };

  it.each([
    { title: 'when it is new', before: { 'deploy/app.yaml': yaml(configMap('app', 'a-dev')) }, after: start },
    {
      title: 'when only what it builds changes',
      before: start,
      after: { 'child/map.yaml': yaml(makesAdmin('a-dev', 'deployer')) },
    },
  ])('is denied once, $title', async ({ before, after }) => {
    const a = await fleet.checkout(urlOf('a'), before);
    await a.write(after);
    const { exit, report } = await fleet.report(a, '--platform', fleet.platform.directory);
    expect(exit).toBe(1);
    expect(report?.violations.filter(({ rule }) => rule === 'tenant/identity')).toEqual([
      expect.objectContaining({ object: 'Kustomization/a-dev/child', severity: 'deny', waivedUntil: null }),
    ]);
  });
});

describe("a tree that holds another repository's files", () => {
  const include = gitRepository('flux-system', 'both', urlOf('platform'), {
    include: [{ repository: { name: 'a' }, fromPath: 'deploy', toPath: 'from-a' }],
  });
  const generator = {
    apiVersion: 'source.extensions.fluxcd.io/v1beta1',
    kind: 'ArtifactGenerator',
    metadata: { name: 'generator', namespace: 'flux-system' },
    spec: {
      sources: [
        { alias: 'platform', kind: 'GitRepository', name: 'flux-system' },
        { alias: 'a', kind: 'GitRepository', name: 'a' },
      ],
      artifacts: [
        {
          name: 'both',
          copy: [
            { from: '@platform/README.md', to: '@artifact/' },
            { from: '@a/deploy/**', to: '@artifact/from-a/' },
          ],
        },
      ],
    },
  };
  const rows = [
    { title: 'an include', source: include, kind: 'GitRepository' },
    { title: 'an ArtifactGenerator', source: generator, kind: 'ExternalArtifact' },
  ];
  it.each(rows)('through $title is not the platform without a service account', async ({ source, kind }) => {
    const platform = (spec: object): Files => ({
      'clusters/prod/tenants.yaml': tenants,
      'README.md': '# ours\n',
      'clusters/prod/both.yaml': yaml(
        gitRepository('flux-system', 'a', urlOf('a')),
        source,
        kustomization('flux-system', 'both', { path: './from-a', sourceRef: { kind, name: 'both' }, ...spec }),
      ),
    });
    const change = { 'deploy/more.yaml': yaml(makesAdmin('a-dev', 'deployer')) };
    const unbound = await review(platform({}), change);
    expect(unbound.report?.violations).toContainEqual(
      expect.objectContaining({ rule: 'tenant/identity', object: 'Kustomization/flux-system/both', severity: 'deny' }),
    );
    const trusted = await review({ ...platform({}), 'sluice.yaml': `trustedSources: [${urlOf('a')}]\n` }, change);
    expect(trusted.report?.violations.filter(({ rule }) => rule === 'tenant/identity')).toEqual([]);
    expect(trusted.report?.changes).toContainEqual(
      expect.objectContaining({ object: 'ClusterRoleBinding/a-admin', kustomization: 'flux-system/both' }),
    );
  });
});

describe("Flux's lockdown flags", () => {
  const controller = (name: string, args: string[]): object => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'flux-system' },
    spec: { template: { spec: { containers: [{ name: 'manager', args }] } } },
  });
  const unnamed = yaml(
    gitRepository('a-dev', 'a', urlOf('a')),
    kustomization('a-dev', 'a', { path: './deploy', sourceRef: { kind: 'GitRepository', name: 'a' } }),
  );
  const base = tenants
    .split('\n---\n')
    .filter((text) => !text.includes(urlOf('a')) && !/"Kustomization".*"a"/.test(text));
  const locked = (...controllers: object[]): Files => ({
    'clusters/prod/tenants.yaml': [...base, unnamed].join('\n---\n'),
    'clusters/prod/controllers.yaml': yaml(...controllers),
  });
  const change = { 'deploy/app.yaml': yaml(configMap('app', 'a-dev', { key: 'other' })) };

  const rows = [
    { args: ['--default-service-account=deployer'], rules: [] },
    { args: ['--default-service-account', 'deployer'], rules: [] },
    { args: ['--default-service-account='], rules: ['tenant/identity'] },
    { args: ['--default-service-account=deployer', '--default-service-account='], rules: ['tenant/identity'] },
    { args: ['--watch-all-namespaces=true'], rules: ['tenant/identity'] },
  ];
  it.each(rows)('say who a Kustomization without an account runs as: $args', async ({ args, rules }) => {
    const checked = await review(locked(controller('kustomize-controller', args)), change);
    expect(rulesOf(checked)).toEqual(rules);
    expect(checked.report?.clusters[0]?.kustomizations[0]?.serviceAccount ?? null).toBe(
      rules.length === 0 ? 'deployer' : null,
    );
  });

  const release = {
    apiVersion: 'helm.toolkit.fluxcd.io/v2',
    kind: 'HelmRelease',
    metadata: { name: 'web', namespace: 'a-dev' },
    spec: { interval: '5m', chartRef: { kind: 'OCIRepository', name: 'web' } },
  };
  it.each([
    {
      title: 'its own controller',
      also: [controller('helm-controller', ['--default-service-account=deployer'])],
      denied: false,
    },
    { title: 'the kustomize-controller alone', also: [], denied: true },
  ])('hold a HelmRelease to the account of $title', async ({ also, denied }) => {
    const platform = locked(controller('kustomize-controller', ['--default-service-account=deployer']), ...also);
    const checked = await review(platform, { 'deploy/release.yaml': yaml(release) });
    expect(rulesOf(checked).includes('tenant/identity')).toBe(denied);
  });

  it('refuse a source of another namespace', async () => {
    const sourceRef = { kind: 'GitRepository', name: 'a', namespace: 'flux-system' };
    const platform = locked(
      controller('kustomize-controller', ['--default-service-account=deployer', '--no-cross-namespace-refs=true']),
      gitRepository('flux-system', 'a', urlOf('a')),
      kustomization('a-dev', 'across', { path: './deploy', sourceRef }),
    );
    const checkout = await platformOf(platform);
    const { exit, report } = await fleet.report(checkout);
    expect(exit).toBe(2);
    expect(report?.errors).toEqual([expect.objectContaining({ code: 'fleet.invalid', kustomization: 'a-dev/across' })]);
    // Its owner, who cannot mend it, learns why; another tenant learns nothing.
    const mine = await review(platform, change);
    expect(mine.exit).toBe(0);
    expect(mine.report?.unknowns.map(({ what }) => what)).toEqual(['Kustomization a-dev/across on prod']);
    const theirs = await fleet.report(fleet.b, '--platform', checkout.directory);
    expect(theirs.output).not.toContain('a-dev');
  });
});

describe("a platform's own change of the rules", () => {
  const rego = (says: 'deny' | 'warn'): string =>
    `# METADATA\n# title: Team\n# description: Everything has a team\npackage sluice.acme.team\n\n${says} contains {"msg": "no team"} if {\n  not input.object.metadata.labels.team\n}\n`;
  const waiver =
    'rule: acme/team\nobject: ConfigMap/a-dev/app\nreason: it is being moved to another team\nuntil: 2026-12-20\n';
  const config = { 'clusters/prod/tenants.yaml': tenants, 'sluice.yaml': 'policies: [rules]\n' };

  async function platformChange(before: Files, after: Files, gone: readonly string[] = []): Promise<Checked> {
    const platform = await platformOf(before);
    await platform.write(after);
    await platform.remove(gone);
    return fleet.report(platform, '--repo', `${fleet.a.url}=${fleet.a.directory}`);
  }
  const blockedNow = {
    rule: 'acme/team',
    severity: 'deny',
    kustomization: 'a-dev/a',
    introduced: true,
    waivedUntil: null,
  };

  it('from warning to denying says whom it stops', async () => {
    const { exit, report } = await platformChange(
      { ...config, 'rules/team.rego': rego('warn') },
      { 'rules/team.rego': rego('deny') },
    );
    expect(exit).toBe(1);
    expect(report?.violations).toContainEqual(expect.objectContaining(blockedNow));
  });

  it('that takes a waiver away says whom it stops', async () => {
    const before = { ...config, 'rules/team.rego': rego('deny'), 'waivers/app.yaml': waiver };
    const { exit, report } = await platformChange(before, {}, ['waivers']);
    expect(exit).toBe(1);
    expect(report?.violations).toContainEqual(expect.objectContaining(blockedNow));
  });

  it('elsewhere does not repeat what stood before', async () => {
    const before = { ...config, 'rules/team.rego': rego('deny'), 'waivers/app.yaml': waiver };
    const { exit, report } = await platformChange(before, { 'README.md': '# ours' });
    expect(exit).toBe(0);
    expect(report?.violations).toEqual([]);
  });
});

describe("a platform's change in a tenant's namespace", () => {
  it('says which object of the tenant it takes', async () => {
    const platform = await platformOf(platformFiles);
    await platform.write({ 'clusters/prod/app.yaml': yaml(configMap('app', 'a-dev'), configMap('other', 'a-dev')) });
    const { exit, report } = await fleet.report(platform, '--repo', `${fleet.a.url}=${fleet.a.directory}`);
    expect(exit).toBe(1);
    const found = report?.violations.map((one) => [one.rule, one.object, one.kustomization, one.introduced]);
    expect(found).toEqual([['tenant/duplicate', 'ConfigMap/a-dev/app', 'a-dev/a', true]]);
  });
});
