import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import builtin from '../../../data/kinds-builtin.json' with { type: 'json' };
import { type Cluster, startCluster } from '../../../lab/cluster/cluster.ts';
import { list, mapping } from '../../../src/object/json.ts';
import { installPlatform } from './install.ts';

const agent = 'system:serviceaccount:sluice-system:sluice-agent';
const platform = 'system:serviceaccount:sluice-system:sluice-platform';

let folder: string;
let cluster: Cluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-rbac-'));
  cluster = await startCluster({ name: 'rbac', folder, progress: (step) => process.stderr.write(`${step}\n`) });
  await installPlatform(cluster);
}, 900_000);

afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** `verb plural.group[/subresource][ @namespace][ =name]`, as `kubectl auth can-i` asks it. */
async function may(user: string, question: string): Promise<boolean> {
  const [verb = '', what = '', ...where] = question.split(' ');
  const [full = '', subresource] = what.split('/');
  const [resource, ...group] = full.split('.');
  const after = (sign: string): string | undefined => where.find((word) => word.startsWith(sign))?.slice(1);
  const resourceAttributes = {
    verb,
    group: group.join('.'),
    resource,
    subresource,
    namespace: after('@'),
    name: after('='),
  };
  const body = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user, groups: ['system:serviceaccounts', 'system:authenticated'], resourceAttributes },
  };
  const answer = await cluster.admin.request('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', body);
  expect(answer.status).toBe(201);
  return mapping(mapping(answer.body)['status'])['allowed'] === true;
}

describe("the agent's own account", () => {
  test.each([
    'watch kustomizations.kustomize.toolkit.fluxcd.io',
    'patch kustomizations.kustomize.toolkit.fluxcd.io @apps =web',
    'patch kustomizations.kustomize.toolkit.fluxcd.io/status @apps =web',
    'patch gitrepositories.source.toolkit.fluxcd.io/status @apps =web',
    'get artifactgenerators.source.extensions.fluxcd.io @apps =web',
    'patch helmreleases.helm.toolkit.fluxcd.io/status @apps =web',
    'patch imagepolicies.image.toolkit.fluxcd.io/status @apps =web',
    'list widgets.acme.example',
    'watch secrets',
    'get secrets @apps =token',
    'get configmaps @apps =settings',
    'create events @apps',
    'patch events @apps =one',
    'impersonate serviceaccounts @apps =deployer',
    'impersonate serviceaccounts @sluice-system =sluice-platform',
  ])('may %s', async (question) => {
    // The authorizer hears of roles and bindings by watches of its own.
    await expect.poll(() => may(agent, question)).toBe(true);
  });

  test.each([
    'create deployments.apps @apps',
    'patch deployments.apps @apps =web',
    'update deployments.apps/scale @apps =web',
    'delete deployments.apps @apps =web',
    'patch secrets @apps =token',
    'patch configmaps @apps =settings',
    'delete namespaces =apps',
    'patch customresourcedefinitions.apiextensions.k8s.io =x',
    'create clusterrolebindings.rbac.authorization.k8s.io',
    'bind clusterroles.rbac.authorization.k8s.io =cluster-admin',
    'escalate clusterroles.rbac.authorization.k8s.io =x',
    'create kustomizations.kustomize.toolkit.fluxcd.io @apps',
    'delete kustomizations.kustomize.toolkit.fluxcd.io @apps =web',
    'update kustomizations.kustomize.toolkit.fluxcd.io @apps =web',
    'patch widgets.acme.example @apps =one',
    'get widgets.acme.example/status @apps =one',
    'get pods/exec @apps =web',
    'create pods/exec @apps =web',
    'get pods/log @apps =web',
    'get pods/portforward @apps =web',
    'get nodes/proxy =one',
    'get services/proxy @apps =web',
    'create serviceaccounts/token @apps =deployer',
    'impersonate users =admin',
    'impersonate groups =system:masters',
    'impersonate userextras.authentication.k8s.io/scopes =x',
  ])('may not %s', async (question) => {
    expect(await may(agent, question)).toBe(false);
  });

  test('reads one object of every kind that Kubernetes itself serves', async () => {
    const denied: string[] = [];
    for (const { group, plural } of builtin.kinds) {
      const what = group === '' ? plural : `${plural}.${group}`;
      if (!(await may(agent, `get ${what}`))) denied.push(what);
    }
    expect(denied).toEqual([]);
  });

  test('is told who it is by its token, and what it tries is refused or allowed by the API server itself', async () => {
    const token = await cluster.serviceAccountToken('sluice-system', 'sluice-agent');
    const apply = async (as?: string): Promise<number> => {
      const path = '/api/v1/namespaces/flux-system/configmaps/written?fieldManager=test';
      const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'written', namespace: 'flux-system' } };
      const options = { token, contentType: 'application/apply-patch+yaml', ...(as === undefined ? {} : { as }) };
      return (await cluster.admin.request('PATCH', path, body, options)).status;
    };
    expect(await apply()).toBe(403);
    expect(await apply('system:serviceaccount:flux-system:nobody')).toBe(403);
    expect(await apply('system:admin')).toBe(403);
    expect(await apply(platform)).toBe(201);
  });

  test('can be narrowed to the namespaces that bind it', async () => {
    const everywhere = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      name: 'sluice-impersonate',
    };
    const binding = mapping(await cluster.admin.get(everywhere));
    await cluster.admin.delete(everywhere);
    onTestFinished(async () => await installPlatform(cluster));
    await cluster.admin.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bound' } },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'RoleBinding',
        metadata: { name: 'sluice-impersonate', namespace: 'bound' },
        roleRef: binding['roleRef'] as never,
        subjects: list(binding['subjects']) as never,
      },
    ]);
    await expect.poll(() => may(agent, 'impersonate serviceaccounts @bound =deployer')).toBe(true);
    await expect.poll(() => may(agent, 'impersonate serviceaccounts @kube-system =deployer')).toBe(false);
    expect(await may(agent, 'impersonate serviceaccounts @sluice-system =sluice-platform')).toBe(false);
  });
});

test("the platform's account may do anything", async () => {
  expect(await may(platform, 'create clusterrolebindings.rbac.authorization.k8s.io')).toBe(true);
  expect(await may(platform, 'delete namespaces =apps')).toBe(true);
});
