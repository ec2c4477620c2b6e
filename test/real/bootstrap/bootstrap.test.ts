// `sluice bootstrap`, as a person types it, against a real API server and a real Git server.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { ClusterAccess } from '../../../lab/cluster/access.ts';
import { type Cluster, startCluster } from '../../../lab/cluster/cluster.ts';
import type { KubeObject } from '../../../lab/cluster/object.ts';
import { ensureFluxCrds } from '../../../src/adapters/flux-crds.ts';
import { createToolbox } from '../../../src/main.ts';
import { list, mapping } from '../../../src/object/json.ts';
import { type Ran, sluice } from '../command-line.ts';
import { configMap, type Files, yaml } from '../check/fleet.ts';
import { type Platform, startPlatform } from './platform.ts';

const kustomizations = 'kustomize.toolkit.fluxcd.io/v1';
const sources = 'source.toolkit.fluxcd.io/v1';
const rootRef = { apiVersion: kustomizations, kind: 'Kustomization', namespace: 'flux-system', name: 'flux-system' };
const sourceRef = { apiVersion: sources, kind: 'GitRepository', namespace: 'flux-system', name: 'flux-system' };

const fluxDeployment = (name: string, replicas: number, more: object = {}): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'flux-system', ...more },
  spec: {
    replicas,
    selector: { matchLabels: { pod: name } },
    template: {
      metadata: { labels: { pod: name } },
      spec: { containers: [{ name: 'manager', image: 'ghcr.io/fluxcd/other:v1.9.6' }] },
    },
  },
});

const synced: Files = {
  'clusters/synced/flux-system/gotk-components.yaml': yaml(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'kustomize-controller', namespace: 'flux-system' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'cluster-reconciler-flux-system' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'kustomize-controller', namespace: 'flux-system' }],
    },
    fluxDeployment('kustomize-controller', 1),
  ),
  // In a version that clusters served once.
  'clusters/synced/flux-system/gotk-sync.yaml': yaml(
    {
      apiVersion: 'source.toolkit.fluxcd.io/v1beta2',
      kind: 'GitRepository',
      metadata: { name: 'flux-system', namespace: 'flux-system' },
      spec: {
        interval: '2m0s',
        ref: { branch: 'main' },
        secretRef: { name: 'flux-system' },
        url: 'https://github.com/acme/platform',
      },
    },
    {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1beta2',
      kind: 'Kustomization',
      metadata: { name: 'flux-system', namespace: 'flux-system' },
      spec: {
        interval: '7m0s',
        path: './clusters/synced',
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'flux-system' },
      },
    },
  ),
  'clusters/synced/flux-system/kustomization.yaml': `
resources: [gotk-components.yaml, gotk-sync.yaml]
patches:
  - target: { kind: Deployment, name: kustomize-controller }
    patch: '[{ "op": "replace", "path": "/spec/replicas", "value": 0 }]'
  - target: { kind: Kustomization, name: flux-system }
    patch: '[{ "op": "add", "path": "/spec/serviceAccountName", "value": "kustomize-controller" }]'
`,
};

const started: Files = Object.fromEntries(
  Object.entries(synced).map(([path, text]) => [
    path.replace('/synced/', '/started/'),
    String(text).replaceAll('clusters/synced', 'clusters/started').replace('"value": 0', '"value": 2'),
  ]),
);

let folder: string;
let cluster: Cluster;
let platform: Platform;
const toolbox = createToolbox(process.env);

beforeAll(async () => {
  // Minutes where nothing of it is built yet, which no single test has.
  await ensureFluxCrds({ progress: (step) => process.stderr.write(`${step}\n`) });
  folder = await mkdtemp(join(tmpdir(), 'sluice-bootstrap-'));
  platform = await startPlatform(folder, {
    'clusters/plain/apps.yaml': yaml(configMap('apps', 'default')),
    'fleets/odd/apps.yaml': yaml(configMap('apps', 'default')),
    ...synced,
    ...started,
  });
}, 900_000);
afterAll(async () => {
  platform?.close();
  await toolbox.close();
  await rm(folder, { recursive: true, force: true });
});

/** A cluster for the tests of a group, which find what those before them left. */
function startEmpty(): void {
  beforeAll(async () => {
    const progress = (step: string): void => void process.stderr.write(`${step}\n`);
    cluster = await startCluster({ name: 'bootstrap', folder: join(folder, 'cluster'), progress });
  }, 900_000);
  afterAll(async () => await cluster?.stop());
}

interface Said extends Ran {
  /** Object → what was done. */
  readonly steps: ReadonlyMap<string, string>;
}

async function bootstrap(...more: readonly string[]): Promise<Said> {
  const common = ['--repo', platform.url, '--kubeconfig', cluster.kubeconfigFile];
  const ran = await sluice(toolbox, 'bootstrap', ...common, ...more);
  const lines = ran.out.matchAll(/^ {2}(created|configured|unchanged|kept) +(\S+)/gm);
  return { ...ran, steps: new Map([...lines].map(([, action = '', object = '']) => [object, action])) };
}

function counts({ steps }: Said): Record<string, number> {
  const out: Record<string, number> = {};
  for (const action of steps.values()) out[action] = (out[action] ?? 0) + 1;
  return out;
}

/** Writes that were not dry runs. */
async function writes(access: ClusterAccess, from: number): Promise<string[]> {
  const events = await access.audit(from);
  return events
    .filter(
      ({ verb, requestURI, user }) =>
        !['get', 'list', 'watch'].includes(verb) && !/dryRun=All/.test(requestURI) && user.username === 'admin',
    )
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`);
}

describe('a cluster with nothing in it', () => {
  startEmpty();

  test('writes nothing when it is only asked', async () => {
    const from = await cluster.auditPosition();
    const said = await bootstrap('--cluster', 'plain', '--dry-run');
    expect(said.exit).toBe(0);
    expect(said.out).toContain('nothing was written');
    expect(counts(said)).toEqual({ created: 26 });
    expect(await writes(cluster, from)).toEqual([]);
  });

  test('rights that are missing are named, and whose they are', async () => {
    await cluster.admin.apply([
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'nobody', namespace: 'default' } },
    ]);
    const file = join(folder, 'nobody.kubeconfig');
    await writeFile(file, cluster.kubeconfig(await cluster.serviceAccountToken('default', 'nobody')));
    const said = await bootstrap('--cluster', 'plain', '--kubeconfig', file);
    expect(said.exit).toBe(2);
    expect(said.error).toMatch(
      /system:serviceaccount:default:nobody may not list deployments.apps in the cluster \[kube\.denied\]/,
    );
    expect(said.error).toMatch(/bound to cluster-admin/);
    await writeFile(file, cluster.kubeconfig('of-nobody-at-all'));
    expect((await bootstrap('--cluster', 'plain', '--kubeconfig', file)).error).toMatch(
      /does not accept the login of this kubeconfig \[kube\.unauthorized\]/,
    );
  });

  test('Git must have it', async () => {
    const said = await bootstrap('--cluster', 'gone');
    expect(said.exit).toBe(2);
    expect(said.error).toMatch(/nothing for the cluster "gone" \[fleet\.noCluster\]/);
    expect(said.error).toMatch(/add clusters\/gone\/ .*there are plain, started, synced/);
    const branch = await bootstrap('--cluster', 'plain', '--branch', 'none');
    expect(branch.error).toMatch(/has no branch "none" \[fleet\.source\]/);
  });

  test('makes an empty cluster ready, says of each object what it did, and does nothing the second time', async () => {
    const first = await bootstrap('--cluster', 'plain', '--secret', 'flux-system');
    expect({ exit: first.exit, error: first.error.match(/sluice: .*/)?.[0] }).toEqual({ exit: 0 });
    expect(counts(first)).toEqual({ created: first.steps.size });
    expect([...first.steps.keys()].filter((name) => !name.startsWith('CustomResourceDefinition/'))).toEqual([
      'Namespace/flux-system',
      'Namespace/sluice-system',
      'ServiceAccount/sluice-system/sluice-agent',
      'ClusterRole/sluice-agent',
      'ClusterRoleBinding/sluice-agent',
      'ClusterRole/sluice-impersonate',
      'ClusterRoleBinding/sluice-impersonate',
      'ServiceAccount/sluice-system/sluice-platform',
      'ClusterRoleBinding/sluice-platform',
      'GitRepository/flux-system/flux-system',
      'Kustomization/flux-system/flux-system',
    ]);
    expect(await cluster.admin.get(rootRef)).toMatchObject({
      spec: {
        interval: '10m0s',
        path: './clusters/plain',
        prune: true,
        sourceRef: { kind: 'GitRepository', name: 'flux-system' },
      },
    });
    const source = await cluster.admin.get(sourceRef);
    expect(source).toMatchObject({
      spec: { interval: '1m0s', url: platform.url, ref: { branch: 'main' }, secretRef: { name: 'flux-system' } },
    });
    expect(list(source?.metadata['managedFields']).map((one) => mapping(one)['manager'])).toEqual([
      'kubectl-sluice-bootstrap',
    ]);
    // What comes next can be done as it is said.
    expect(first.out).toContain('clusters/plain/flux-system/gotk-sync.yaml');
    expect(first.out).toContain('SLUICE_CLUSTER=plain');
    expect(first.out).toMatch(/^Mind: the source is read with Secret\/flux-system\/flux-system, which is not there/m);

    const from = await cluster.auditPosition();
    expect((await writes(cluster, 0)).length).toBeGreaterThan(first.steps.size - 1);
    const second = await bootstrap('--cluster', 'plain', '--secret', 'flux-system');
    expect(counts(second)).toEqual({ unchanged: 11, kept: 15 });
    expect(await writes(cluster, from)).toEqual([]);
  });

  test('keeps the Secret of a source that is not in Git, until another is named', async () => {
    const secretOf = async (): Promise<unknown> => mapping((await cluster.admin.get(sourceRef))?.['spec'])['secretRef'];
    await bootstrap('--cluster', 'plain', '--secret', 'first');
    expect((await bootstrap('--cluster', 'plain')).steps.get('GitRepository/flux-system/flux-system')).toBe(
      'unchanged',
    );
    expect(await secretOf()).toEqual({ name: 'first' });
    await bootstrap('--cluster', 'plain', '--secret', 'second');
    expect(await secretOf()).toEqual({ name: 'second' });
  });

  test('puts right what was changed by hand, and says so', async () => {
    await bootstrap('--cluster', 'plain');
    await cluster.admin.patch(rootRef, { spec: { interval: '1h', suspend: true } });
    await cluster.admin.delete({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      name: 'sluice-agent',
    });
    const dry = await bootstrap('--cluster', 'plain', '--dry-run');
    expect(counts(dry)).toEqual({ kept: 15, unchanged: 9, configured: 1, created: 1 });
    expect(await cluster.admin.get(rootRef)).toMatchObject({ spec: { interval: '1h' } });
    const said = await bootstrap('--cluster', 'plain');
    expect(said.steps.get('Kustomization/flux-system/flux-system')).toBe('configured');
    expect(said.steps.get('ClusterRoleBinding/sluice-agent')).toBe('created');
    expect(await cluster.admin.get(rootRef)).toMatchObject({ spec: { interval: '10m0s' } });
    expect(said.out).toMatch(/^Mind: Kustomization\/flux-system\/flux-system is suspended/m);
  });

  test.each([
    ['a folder elsewhere', ['--cluster', 'odd', '--path', './fleets/odd/'], './fleets/odd'],
    [
      'a cluster with another name than its folder',
      ['--cluster', 'other', '--path', 'clusters/plain'],
      './clusters/plain',
    ],
  ])('Git may have it as %s', async (_, args, path) => {
    expect((await bootstrap(...args)).exit).toBe(0);
    expect(await cluster.admin.get(rootRef)).toMatchObject({ spec: { path } });
  });

  test('a private repository is read with SLUICE_GIT_TOKEN, which nothing repeats', async () => {
    const files = { 'clusters/plain/apps.yaml': yaml(configMap('apps', 'default')) };
    const closed = await startPlatform(join(folder, 'closed'), files, 'CANARY-token');
    onTestFinished(() => {
      closed.close();
      vi.unstubAllEnvs();
    });
    const args = ['--cluster', 'plain', '--repo', closed.url];
    const denied = await bootstrap(...args);
    expect(denied.error).toMatch(/was denied \[fleet\.source\]\n.*SLUICE_GIT_TOKEN/);
    vi.stubEnv('SLUICE_GIT_TOKEN', 'CANARY-wrong');
    const wrong = await bootstrap(...args);
    expect(wrong.error).toMatch(/was denied \[fleet\.source\]/);
    vi.stubEnv('SLUICE_GIT_TOKEN', 'CANARY-token');
    const said = await bootstrap(...args);
    expect(said.exit).toBe(0);
    expect(denied.error + wrong.error + wrong.out + said.out + said.error).not.toContain('CANARY');
  });
});

describe('what Git has of the cluster', () => {
  startEmpty();

  test('wins over the options, patches and older versions included, with what it runs as', async () => {
    const said = await bootstrap('--cluster', 'synced', '--secret', 'other');
    expect(said.exit).toBe(0);
    expect(said.out).toContain('by clusters/synced/flux-system/gotk-sync.yaml');
    expect(said.out).toMatch(/^Mind: --secret is "other", but Git says "flux-system", and Git wins/m);
    expect(said.out).toMatch(/^Mind: --repo is "http:.*but Git says "https:\/\/github.com\/acme\/platform"/m);
    expect(await cluster.admin.get(rootRef)).toMatchObject({
      spec: { interval: '7m0s', path: './clusters/synced', serviceAccountName: 'kustomize-controller' },
    });
    expect(await cluster.admin.get(sourceRef)).toMatchObject({ spec: { interval: '2m0s' } });
    expect(said.steps.get('ServiceAccount/flux-system/kustomize-controller')).toBe('created');
    expect(said.steps.get('ClusterRoleBinding/cluster-reconciler-flux-system')).toBe('created');
    expect(said.out).not.toContain('not in Git yet');
  });

  test('is not followed into a second Flux', async () => {
    const from = await cluster.auditPosition();
    const said = await bootstrap('--cluster', 'started');
    expect(said.exit).toBe(2);
    expect(said.error).toMatch(/Git would start Flux beside Sluice: Deployment\/flux-system\/kustomize-controller/);
    expect(said.error).toMatch(
      /\[deploy\.fluxRunning\]\n {2}at clusters\/started\/flux-system\/gotk-components\.yaml:\d+/,
    );
    expect(await writes(cluster, from)).toEqual([]);
    // The page's own lines put it right.
    const page = await readFile(new URL('../../../docs/bootstrap.md', import.meta.url), 'utf8');
    const lines = /^# clusters\/prod-eu\/flux-system\/kustomization\.yaml$.*?(?=^```$)/ms.exec(page)?.[0] ?? '';
    await platform.push({ 'clusters/started/flux-system/kustomization.yaml': lines });
    expect((await bootstrap('--cluster', 'started')).exit).toBe(0);
  });

  test('is left to whoever applied it from Git', async () => {
    await bootstrap('--cluster', 'synced');
    const labels = {
      'kustomize.toolkit.fluxcd.io/name': 'flux-system',
      'kustomize.toolkit.fluxcd.io/namespace': 'flux-system',
    };
    const root = await cluster.admin.patch(rootRef, { metadata: { labels }, spec: { interval: '3m' } });
    const said = await bootstrap('--cluster', 'synced');
    expect(said.out).toContain(
      'kept       Kustomization/flux-system/flux-system  (it comes from Git, by Kustomization/flux-system/flux-system)',
    );
    expect(await cluster.admin.get(rootRef)).toEqual(root);
  });
});

describe('Flux in the cluster', () => {
  startEmpty();
  const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'flux-system' } };

  test.each([
    ['by its name', fluxDeployment('kustomize-controller', 1)],
    ['by a label', fluxDeployment('shard', 3, { labels: { 'app.kubernetes.io/component': 'kustomize-controller' } })],
  ])('is refused while it deploys, known %s', async (_, deployment) => {
    await cluster.admin.apply([namespace, deployment]);
    const from = await cluster.auditPosition();
    const said = await bootstrap('--cluster', 'plain');
    expect(said.exit).toBe(2);
    expect(said.error).toMatch(/Flux still deploys to this cluster: .*\[deploy\.fluxRunning\]/);
    const { name } = deployment.metadata;
    expect(said.error).toContain(`kubectl -n flux-system scale deployment ${name} --replicas=0`);
    expect(await writes(cluster, from)).toEqual([]);
    await cluster.admin.patch({ ...deployment, name, namespace: 'flux-system' }, { spec: { replicas: 0 } });
    expect((await bootstrap('--cluster', 'plain')).exit).toBe(0);
  });

  test('is mentioned where it only fetches', async () => {
    await cluster.admin.apply([
      namespace,
      fluxDeployment('source-controller', 1),
      fluxDeployment('helm-controller', 1),
    ]);
    const said = await bootstrap('--cluster', 'plain');
    expect(said.exit).toBe(0);
    expect(said.out).toMatch(/^Mind: Deployment\/flux-system\/source-controller runs/m);
  });
});
