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
