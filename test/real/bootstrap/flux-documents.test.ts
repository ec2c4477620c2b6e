// The API server takes what fleets write and what Flux writes back, and keeps every field of it.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type Cluster, startCluster } from '../../../lab/cluster/cluster.ts';
import type { KubeObject } from '../../../lab/cluster/object.ts';
import { ensureFluxCrds } from '../../../src/adapters/flux-crds.ts';
import { connectAdmin } from '../../../src/adapters/kube/admin.ts';
import { readKubeconfig } from '../../../src/adapters/kube/kubeconfig.ts';
import { bring, liveOf } from '../../../src/bootstrap/apply.ts';
import { planDefinition } from '../../../src/bootstrap/definitions.ts';
import { isMapping, list, mapping } from '../../../src/object/json.ts';
import { installPlatform } from './install.ts';

let folder: string;
let cluster: Cluster;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-documents-'));
  const progress = (step: string): void => void process.stderr.write(`${step}\n`);
  cluster = await startCluster({ name: 'documents', folder: join(folder, 'cluster'), progress });
  await installPlatform(cluster);
}, 900_000);
afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What of `given` is not in `kept`: paths, with their values. */
function lost(given: unknown, kept: unknown, path = ''): string[] {
  if (Array.isArray(given)) {
    const items = list(kept);
    if (items.length !== given.length) return [`${path}: ${items.length} of ${given.length}`];
    return given.flatMap((item, index) => lost(item, items[index], `${path}[${index}]`));
  }
  if (isMapping(given))
    return Object.entries(given).flatMap(([key, value]) => lost(value, mapping(kept)[key], `${path}.${key}`));
  return given === kept ? [] : [`${path}: ${JSON.stringify(kept)} of ${JSON.stringify(given)}`];
}

/** Applies strictly; what the server says against it, and what it does not keep. */
async function kept(object: KubeObject): Promise<string[]> {
  const { apiVersion, kind, metadata } = object;
  const path = await cluster.admin.path({
    apiVersion,
    kind,
    name: metadata.name,
    namespace: metadata.namespace ?? 'default',
  });
  const query = '?fieldManager=kustomize-controller&fieldValidation=Strict&force=true';
  const { status, ...body } = object;
  const contentType = 'application/apply-patch+yaml';
  const answer = await cluster.admin.request('PATCH', path + query, body, { contentType });
  if (answer.status > 201) return [String(mapping(answer.body)['message'] as string)];
  const said = lost(body, answer.body);
  if (status === undefined) return said;
  const merge = { contentType: 'application/merge-patch+json' };
  const second = await cluster.admin.request(
    'PATCH',
    `${path}/status${query.replace('&force=true', '')}`,
    { status },
    merge,
  );
  if (second.status !== 200) return [...said, String(mapping(second.body)['message'] as string)];
  return [...said, ...lost(status, mapping(second.body)['status'], '.status')];
}

const condition = {
  type: 'Ready',
  status: 'True',
  reason: 'ReconciliationSucceeded',
  message: 'Applied revision: main@sha1:0123456789012345678901234567890123456789',
  lastTransitionTime: '2026-01-05T10:00:00Z',
  observedGeneration: 1,
};
const artifact = {
  digest: `sha256:${'0'.repeat(64)}`,
  lastUpdateTime: '2026-01-05T10:00:00Z',
  path: 'gitrepository/flux-system/flux-system/0123.tar.gz',
  revision: 'main@sha1:0123456789012345678901234567890123456789',
  size: 4096,
  url: 'http://source-controller.flux-system.svc.cluster.local./gitrepository/flux-system/flux-system/0123.tar.gz',
  metadata: { 'org.opencontainers.image.source': 'https://github.com/acme/platform' },
};

const documents = `
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: { name: full, annotations: { reconcile.fluxcd.io/requestedAt: "now" } }
spec:
  interval: 10m0s
  retryInterval: 1m30s
  timeout: 5m
  path: ./deploy
  prune: true
  wait: true
  force: true
  suspend: true
  targetNamespace: apps
  namePrefix: a-
  nameSuffix: -b
  serviceAccountName: deployer
  deletionPolicy: WaitForTermination
  sourceRef: { kind: GitRepository, name: web, namespace: apps }
  dependsOn:
    - { name: crds, namespace: flux-system, readyExpr: "dep.status.conditions.exists(c, c.type == 'Ready')" }
  buildMetadata: [originAnnotations]
  commonMetadata: { labels: { team: web }, annotations: { owner: web } }
  components: [../components/a]
  ignoreMissingComponents: true
  images: [{ name: web, newName: ghcr.io/acme/web, newTag: 1.2.3, digest: "sha256:00" }]
  patches: [{ patch: "- op: remove\\n  path: /x", target: { kind: Deployment, name: web, labelSelector: app=web } }]
  postBuild:
    substitute: { region: eu }
    substituteFrom: [{ kind: ConfigMap, name: vars, optional: true }]
  decryption: { provider: sops, secretRef: { name: age } }
  kubeConfig: { secretRef: { name: remote, key: value } }
  healthChecks: [{ apiVersion: apps/v1, kind: Deployment, name: web, namespace: apps }]
  healthCheckExprs: [{ apiVersion: x.example.com/v1, kind: X, current: "true", inProgress: "false", failed: "false" }]
  ignore: [{ paths: [/spec/replicas], target: { kind: Deployment, annotationSelector: a=b } }]
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: { name: full }
spec:
  interval: 1m0s
  url: https://github.com/acme/platform
  timeout: 30s
  ref: { branch: main, tag: v1, semver: ">=1", name: refs/heads/main, commit: "0123" }
  secretRef: { name: flux-system }
  provider: github
  verify: { mode: HEAD, secretRef: { name: keys } }
  ignore: "/*"
  sparseCheckout: [clusters]
  include: [{ repository: { name: other }, fromPath: a, toPath: b }]
  recurseSubmodules: true
  proxySecretRef: { name: proxy }
  suspend: true
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: OCIRepository
metadata: { name: full }
spec: { interval: 5m, url: "oci://ghcr.io/acme/manifests", ref: { semver: 1.x }, layerSelector: { mediaType: a/b, operation: copy } }
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmRepository
metadata: { name: full }
spec: { interval: 1h, url: "https://charts.example.com", type: default, passCredentials: true }
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: HelmChart
metadata: { name: full }
spec: { interval: 1h, chart: web, version: 1.x, sourceRef: { kind: HelmRepository, name: full }, reconcileStrategy: ChartVersion }
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: Bucket
metadata: { name: full }
spec: { interval: 1h, bucketName: b, endpoint: s3.example.com, provider: aws, region: eu-west-1, prefix: a/ }
---
apiVersion: source.toolkit.fluxcd.io/v1
kind: ExternalArtifact
metadata: { name: full }
spec: { sourceRef: { apiVersion: source.extensions.fluxcd.io/v1beta1, kind: ArtifactGenerator, name: full } }
---
apiVersion: source.extensions.fluxcd.io/v1beta1
kind: ArtifactGenerator
metadata: { name: full }
spec:
  sources: [{ alias: git, kind: GitRepository, name: full }]
  artifacts: [{ name: part, originRevision: "@git", copy: [{ from: "@git/deploy/**", to: "@artifact/", exclude: ["*.md"] }] }]
---
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: full }
spec:
  interval: 1h
  releaseName: web
  chart: { spec: { chart: web, version: 1.x, sourceRef: { kind: HelmRepository, name: full } } }
  values: { anything: { at: [all, { nested: 1.5 }] }, big: 12345678901 }
  valuesFrom: [{ kind: Secret, name: values, valuesKey: v, targetPath: a.b, optional: true }]
  install: { crds: CreateReplace, remediation: { retries: 3 } }
  upgrade: { cleanupOnFail: true, remediation: { strategy: rollback } }
  driftDetection: { mode: enabled, ignore: [{ paths: [/spec/replicas] }] }
  postRenderers: [{ kustomize: { patches: [{ patch: x, target: { kind: X } }] } }]
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: { name: full }
spec: { image: ghcr.io/acme/web, interval: 5m, exclusionList: ["^.*\\\\.sig$"], secretRef: { name: pull } }
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: { name: full }
spec:
  imageRepositoryRef: { name: full }
  filterTags: { pattern: "^v(?P<n>.*)$", extract: $n }
  policy: { semver: { range: ">=1.0.0" } }
  digestReflectionPolicy: Always
  interval: 10m
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageUpdateAutomation
metadata: { name: full }
spec:
  interval: 30m
  sourceRef: { kind: GitRepository, name: full }
  git: { checkout: { ref: { branch: main } }, commit: { author: { email: a@example.com, name: a }, messageTemplate: x }, push: { branch: bumps } }
  update: { path: ./deploy, strategy: Setters }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Provider
metadata: { name: full }
spec: { type: slack, channel: ops, address: "https://hooks.example.com/x", secretRef: { name: slack } }
---
apiVersion: notification.toolkit.fluxcd.io/v1beta3
kind: Alert
metadata: { name: full }
spec: { providerRef: { name: full }, eventSeverity: error, eventSources: [{ kind: Kustomization, name: "*" }], exclusionList: [waiting], eventMetadata: { env: eu } }
---
apiVersion: notification.toolkit.fluxcd.io/v1
kind: Receiver
metadata: { name: full }
spec: { type: github, events: [push], secretRef: { name: hook }, resources: [{ kind: GitRepository, name: full }] }
`;

const statuses: Readonly<Record<string, object>> = {
  Kustomization: {
    conditions: [condition, { ...condition, type: 'Healthy', reason: 'Succeeded' }],
    inventory: { entries: [{ id: 'apps_web_apps_Deployment', v: 'v1' }] },
    history: [
      {
        digest: artifact.digest,
        firstReconciled: '2026-01-05T10:00:00Z',
        lastReconciled: '2026-01-05T11:00:00Z',
        lastReconciledDuration: '1.5s',
        lastReconciledStatus: 'ReconciliationSucceeded',
        totalReconciliations: 7,
        metadata: { revision: artifact.revision },
      },
    ],
    lastAppliedRevision: artifact.revision,
    lastAppliedOriginRevision: 'main@sha1:00',
    lastAttemptedRevision: artifact.revision,
    lastHandledReconcileAt: 'now',
    observedGeneration: 1,
  },
  GitRepository: {
    artifact,
    conditions: [condition, { ...condition, type: 'ArtifactInStorage', reason: 'Succeeded' }],
    includedArtifacts: [artifact],
    observedGeneration: 1,
    observedIgnore: '/*',
    observedInclude: [{ repository: { name: 'other' }, fromPath: 'a', toPath: 'b' }],
    observedRecurseSubmodules: true,
    observedSparseCheckout: ['clusters'],
    sourceVerificationMode: 'HEAD',
    lastHandledReconcileAt: 'now',
  },
  ExternalArtifact: { artifact, conditions: [condition] },
};

const full = parseAllDocuments(documents).map((document) => {
  const object = document.toJS() as KubeObject;
  const status = statuses[object.kind];
  const namespaced = { ...object, metadata: { ...object.metadata, namespace: 'flux-system' } };
  return (status === undefined ? namespaced : { ...namespaced, status }) as KubeObject;
});

test('there is a document here for every kind', async () => {
  const kinds = (await ensureFluxCrds()).map((one) => mapping(mapping(one['spec'])['names'])['kind']);
  expect(full.map(({ kind }) => kind).toSorted()).toEqual(kinds.map((kind) => String(kind as string)).toSorted());
});

test.each(full.map((object) => [object.kind, object] as const))('a whole %s is kept', async (_, object) => {
  expect(await kept(object)).toEqual([]);
});

// Patches of overlays have no interval.
test('every Flux document of the sample organisation is kept', async () => {
  const home = fileURLToPath(new URL('../../../examples', import.meta.url));
  const names = (await readdir(home, { recursive: true })).filter((name) =>
    /\/(?:platform|base)\/.*\.yaml$/.test(`/${name}`),
  );
  const texts = await Promise.all(names.map(async (name) => await readFile(join(home, name), 'utf8')));
  const objects = texts
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as KubeObject | null))
    .filter(
      (object): object is KubeObject =>
        /\.toolkit\.fluxcd\.io\/v/.test(object?.apiVersion ?? '') &&
        mapping(object?.['spec'])['interval'] !== undefined,
    );
  const said = [];
  for (const { metadata, ...rest } of objects)
    said.push(...(await kept({ ...rest, metadata: { ...metadata, namespace: 'flux-system' } } as KubeObject)));
  expect(objects.length).toBeGreaterThan(8);
  expect(said).toEqual([]);
});

test('what Flux does not know is refused, so that the above means something', async () => {
  const [kustomization] = full as [KubeObject];
  const spec = { ...mapping(kustomization['spec']), unheardOf: true } as never;
  expect((await kept({ ...kustomization, spec }))[0]).toMatch(/unheardOf/);
  expect(lost({ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }] })).toEqual(['.a[0].c: undefined of 2']);
});

describe('a definition of an older Flux, with objects in it', () => {
  const old = (versions: readonly object[]): KubeObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'alerts.notification.toolkit.fluxcd.io' },
    spec: {
      group: 'notification.toolkit.fluxcd.io',
      names: { kind: 'Alert', listKind: 'AlertList', plural: 'alerts', singular: 'alert' },
      scope: 'Namespaced',
      versions: versions as never,
    },
  });
  const version = (name: string): object => ({
    name,
    served: true,
    storage: true,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    },
  });

  test('gets the version that is missing, and its objects stay', async () => {
    const ours = (await ensureFluxCrds()).find(
      ({ metadata }) => metadata.name === 'alerts.notification.toolkit.fluxcd.io',
    );
    if (ours === undefined) throw new Error('there is no such definition');
    const admin = connectAdmin(readKubeconfig(cluster.kubeconfig()));
    try {
      const crd = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        name: String(ours.metadata.name as string),
      };
      await cluster.admin.delete(crd);
      await cluster.admin.until(crd, (object) => object === undefined);
      await cluster.admin.apply(old([version('v1beta2')]), { manager: 'flux' });
      const alert = {
        apiVersion: 'notification.toolkit.fluxcd.io/v1beta2',
        kind: 'Alert',
        metadata: { name: 'old', namespace: 'flux-system' },
        spec: { providerRef: { name: 'p' }, eventSources: [], summary: 'kept' },
      };
      const at = '/apis/notification.toolkit.fluxcd.io/v1beta2/namespaces/flux-system/alerts';
      await expect.poll(async () => (await cluster.admin.request('POST', at, alert)).status).toBeLessThan(300);
      // As bootstrap does it.
      const { apply } = planDefinition(await liveOf(admin, ours), ours);
      if (apply === undefined) throw new Error('it would have stayed as it is');
      expect(await bring(admin, apply, true)).toMatchObject({ action: 'configured' });
      expect(await bring(admin, apply, false)).toMatchObject({ action: 'configured' });
      const now = await cluster.admin.until(
        crd,
        (object) => list(mapping(object?.['status'])['storedVersions']).length === 2,
      );
      expect(list(mapping(now?.['spec'])['versions']).map((one) => mapping(one)['name'])).toEqual([
        'v1beta3',
        'v1beta2',
      ]);
      for (const served of ['v1beta2', 'v1beta3']) {
        const path = `/apis/notification.toolkit.fluxcd.io/${served}/namespaces/flux-system/alerts/old`;
        await expect
          .poll(async () => (await cluster.admin.request('GET', path)).body)
          .toMatchObject({ spec: { summary: 'kept' } });
      }
      // And never back: what serves ours stays, whatever else it has.
      expect(planDefinition(await liveOf(admin, ours), ours).apply).toBeUndefined();
    } finally {
      admin.close();
    }
  });
});
