// One outcome per golden folder: what the flow would hand over, small enough to read.

import { guardRules } from '../../../src/guard/guard.ts';
import type { KustomizationOutcome, Outcome, Violation } from '../../../src/report/outcome.ts';
import * as shop from './manifests.ts';

const source = 'https://github.com/acme/shop-manifests';
const base = '81d07e4c2b9f6a5d3e1c0b8a7f6e5d4c3b2a1908';
const head = '3f9c2ab1d4e5f60718293a4b5c6d7e8f90a1b2c3';

export function outcome(kustomizations: readonly KustomizationOutcome[], more: Partial<Outcome> = {}): Outcome {
  return {
    source,
    base,
    head,
    merge: null,
    kustomizations,
    errors: [],
    unknowns: [],
    notes: [],
    followers: 1,
    ...more,
  };
}

export function kustomization(cluster: string, more: Partial<KustomizationOutcome> = {}): KustomizationOutcome {
  return {
    cluster,
    namespace: 'shop',
    name: 'shop',
    path: `deploy/${cluster}`,
    serviceAccount: 'flux',
    clusterBound: false,
    unchanged: 7,
    changes: [],
    violations: [],
    ...more,
  };
}

export function violation(more: Partial<Violation>): Violation {
  return {
    rule: 'tenant/namespace',
    severity: 'deny',
    object: 'Role/kube-system/cart-reader',
    file: 'apps/cart/role.yaml',
    line: 5,
    message: 'namespace "kube-system" is not a namespace of tenant "shop"',
    remedy: 'set metadata.namespace to "shop", or remove the field to inherit it',
    introduced: true,
    waivedUntil: null,
    ...more,
  };
}

const clusters = ['prod-eu-west-1', 'prod-us-east-1'];
const onBoth = (more: Partial<KustomizationOutcome>): KustomizationOutcome[] =>
  clusters.map((cluster) => kustomization(cluster, more));

const rollout = shop.changes(
  [
    shop.deployment('cart'),
    shop.configMap('cart-config', { 'app.yaml': 'cache:\n  ttl: 30s\n  size: 100\nworkers: 4\n' }),
    shop.service('cart', 'ClusterIP'),
  ],
  [
    shop.deployment('cart', { image: '1.9.0', replicas: 3, level: 'debug' }),
    shop.configMap('cart-config', { 'app.yaml': 'cache:\n  ttl: 60s\n  size: 100\nworkers: 4\n' }),
    shop.service('cart', 'ClusterIP'),
  ],
);

const secretChange = shop.changes(
  [shop.secret('cart', { username: 'cart', password: 'correct horse', host: 'db.internal' })],
  [shop.secret('cart', { username: 'cart', password: 'battery staple', host: 'db.internal' })],
);

const metricsRole = violation({
  rule: 'tenant/cluster-scoped',
  object: 'ClusterRole/shop-metrics',
  file: 'apps/metrics/shop-metrics.yaml',
  line: 3,
  message: 'ClusterRole is cluster-scoped, and a tenant writes only to its own namespaces',
  remedy: 'use a Role in "shop", or ask the platform team to add it to the platform repository',
});

const guardMessages: Readonly<Record<(typeof guardRules)[number], readonly [string, string, string]>> = {
  'tenant/cluster-scoped': ['ClusterRole/shop-metrics', metricsRole.message, metricsRole.remedy ?? ''],
  'tenant/namespace': [
    'Role/kube-system/cart-reader',
    'namespace "kube-system" is not a namespace of tenant "shop"',
    'set metadata.namespace to "shop"',
  ],
  'tenant/kind-unknown': [
    'Widget/shop/cart',
    'nothing says whether Widget of "example.com" is namespaced',
    'ask the platform team to add it under kinds: in sluice.yaml',
  ],
  'tenant/identity': [
    'Kustomization/shop/extra',
    'it names no serviceAccountName, so it would run as the controller itself',
    'set spec.serviceAccountName to "flux"',
  ],
  'tenant/reference': [
    'Kustomization/shop/extra',
    'spec.sourceRef names GitRepository "flux-system/flux-system", which is not the tenant\'s',
    'refer to a source in namespace "shop"',
  ],
  'tenant/escalation': [
    'RoleBinding/shop/everyone',
    'it binds Group "system:authenticated" to ClusterRole "cluster-admin", which is more than "shop/flux" has',
    'bind a Role of the namespace to a ServiceAccount of "shop"',
  ],
  'tenant/rbac': [
    'NetworkPolicy/shop/allow-all',
    'ServiceAccount "shop/flux" may not create networkpolicies.networking.k8s.io in "shop"',
    'ask the platform team for a Role that allows it',
  ],
  'tenant/metadata': ['Job/shop/migrate', 'metadata.generateName gives a new name each time', 'set metadata.name'],
  'tenant/duplicate': [
    'Deployment/shop/cart',
    'another Kustomization of the fleet owns it',
    'choose another name or namespace',
  ],
};

const everyGuard = guardRules.map((rule, index) => {
  const [object, message, remedy] = guardMessages[rule];
  return violation({ rule, object, message, remedy, file: `apps/case-${index + 1}.yaml`, line: index + 3 });
});

const hostileText =
  '@acme/owners ![x](http://evil.example/x.png) <img src=x onerror=alert(1)> #1 GH-2 acme/shop#3 www.evil.example :boom: ```\n</details> | \\| `x` \u202egnp.exe\u200b $`1`$';
const hostileChange = {
  action: 'configured',
  id: 'x',
  object: `ConfigMap/shop/${hostileText}`,
  risk: 'config',
  summary: `key ${hostileText}`,
  diff: `@@ data @@\n-  a: ${hostileText}\n+\`\`\`\`\`\`\`\`\n+</details>\n+\u001b[31mred`,
  file: '../../etc/passwd',
  line: -3,
} as const;

/** Outcomes by the name of their golden folder. */
export const samples: Readonly<Record<string, Outcome>> = {
  pass: outcome(onBoth({ changes: rollout, unchanged: 5 }), { merge: 'c0ffee0c0ffee0c0ffee0c0ffee0c0ffee0c0ffe' }),
  blocked: outcome(onBoth({ changes: rollout, violations: everyGuard }), { head: null }),
  review: outcome(
    [
      ...onBoth({
        changes: [
          ...rollout,
          ...secretChange,
          ...shop.changes([], [shop.clusterRole('shop-metrics', ['nodes', 'nodes/metrics'], ['get', 'list'])]),
          ...shop.changes([shop.service('legacy', 'LoadBalancer')], []),
        ],
        violations: [
          violation({}),
          metricsRole,
          violation({
            rule: 'workload/limits',
            severity: 'warn',
            object: 'Deployment/shop/cart',
            file: 'apps/cart/deployment.yaml',
            line: 31,
            message: 'container "app" sets no limit for cpu',
            remedy: 'set resources.limits.cpu',
            introduced: false,
          }),
          violation({
            rule: 'image/registry',
            object: 'CronJob/shop/legacy-batch',
            file: 'apps/batch/cronjob.yaml',
            line: 22,
            message: 'image "docker.io/vendor/batch:2" is not from an allowed registry',
            remedy: null,
            introduced: false,
            waivedUntil: '2026-12-31',
          }),
        ],
      }),
    ],
    {
      unknowns: [
        {
          what: 'Secret "shop/vars" of substituteFrom',
          effect: 'the variables "DB_HOST", "REGION" stay as they are written',
        },
      ],
      notes: ['staging follows tag "v1.2.0", which this merge does not move'],
    },
  ),
  'render-error': outcome(onBoth({ changes: rollout }), {
    errors: clusters.map((cluster) => ({
      code: 'build.remote',
      message:
        'resource "https://github.com/other/repo//deploy?ref=v1" is remote, and builds read nothing but the tree',
      remedy: 'copy the files into this repository',
      kustomization: 'shop/shop-jobs',
      cluster,
      file: 'jobs/kustomization.yaml',
      line: 4,
    })),
  }),
  waived: outcome(
    onBoth({ changes: rollout, violations: [violation({ rule: 'image/tag', waivedUntil: '2026-12-31' })] }),
  ),
  'warn-only': outcome(
    onBoth({ changes: rollout, violations: [violation({ rule: 'workload/probes', severity: 'warn' })] }),
  ),
  'no-cluster': outcome([], { followers: 0 }),
  'no-change': outcome(onBoth({})),
  'secret-change': outcome(onBoth({ changes: secretChange })),
  'mass-deletion': outcome([
    kustomization('prod-eu-west-1', {
      unchanged: 0,
      changes: shop.changes(
        Array.from({ length: 14 }, (_item, index) => shop.deployment(`service-${String(index + 1).padStart(2, '0')}`)),
        [],
      ),
    }),
  ]),
  'platform-grant': outcome(
    clusters.map((cluster) =>
      kustomization(cluster, {
        namespace: 'flux-system',
        name: 'tenants',
        path: `clusters/${cluster}`,
        serviceAccount: null,
        changes: shop.changes(
          [shop.namespace('blue', 'restricted'), shop.roleBinding('flux', 'blue', 'edit')],
          [
            shop.namespace('blue', 'privileged'),
            shop.roleBinding('flux', 'blue', 'edit'),
            shop.roleBinding('flux-admin', 'blue', 'admin'),
            shop.clusterRole('node-reader', ['nodes', 'persistentvolumes'], ['get', 'list', 'watch']),
          ],
        ),
      }),
    ),
    { source: 'https://github.com/acme/platform' },
  ),
  'hostile-names': outcome(
    [
      kustomization(`prod ${hostileText}`, {
        name: hostileText,
        changes: [hostileChange],
        violations: [violation({ object: hostileText, message: hostileText, remedy: hostileText, file: hostileText })],
      }),
    ],
    { unknowns: [{ what: hostileText, effect: hostileText }], notes: [hostileText] },
  ),
};

/** 12 clusters with the same change. */
export function twelveClusters(): Outcome {
  return outcome(
    Array.from({ length: 12 }, (_item, index) =>
      kustomization(`prod-${String(index + 1).padStart(2, '0')}`, { changes: rollout, unchanged: index < 10 ? 5 : 6 }),
    ),
  );
}

/** One build with many changed objects, each with a diff of about the same size. */
export function manyObjects(
  count: number,
  options: { readonly lines?: number; readonly width?: number } = {},
): Outcome {
  const { lines = 2, width = 40 } = options;
  const data = (side: string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: lines }, (_item, key) => [`key-${key}`, `${side} ${'x'.repeat(width)}`]));
  const maps = (side: string): shop.Built[] =>
    Array.from({ length: count }, (_item, index) =>
      shop.configMap(`config-${String(index).padStart(4, '0')}`, data(side)),
    );
  const bigger = shop.changes(
    [...maps('old'), shop.service('old-entry', 'LoadBalancer')],
    [...maps('new'), shop.clusterRole('late-grant', ['secrets'], ['get'])],
  );
  return outcome([kustomization('prod-eu-west-1', { changes: bigger })]);
}
