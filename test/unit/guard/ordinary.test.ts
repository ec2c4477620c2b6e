// What the guard must leave alone: the apps that tenants really write.
import { describe, expect, test } from 'vitest';
import { account, bound, check, roleBinding, rules } from './tenant.ts';

const meta = 'metadata: {name: web, namespace: a-dev}';
const rbac = 'rbac.authorization.k8s.io';

describe('a tenant may write', () => {
  test.each([
    [
      'a Deployment with what kubectl leaves behind',
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: a-dev, creationTimestamp: null, labels: {app: web}}\nspec: {}\nstatus: {}`,
    ],
    ['a Service with an empty status', `apiVersion: v1\nkind: Service\n${meta}\nstatus: {loadBalancer: {}}`],
    [
      'an HPA with a blank status',
      `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\n${meta}\nstatus: {currentMetrics: null, desiredReplicas: 0}`,
    ],
    ['an Ingress', `apiVersion: networking.k8s.io/v1\nkind: Ingress\n${meta}`],
    ['a PodDisruptionBudget', `apiVersion: policy/v1\nkind: PodDisruptionBudget\n${meta}`],
    ['a CronJob', `apiVersion: batch/v1\nkind: CronJob\n${meta}`],
    ['a Job', `apiVersion: batch/v1\nkind: Job\n${meta}`],
    [
      'a StatefulSet in the other namespace',
      `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, namespace: a-prod}`,
    ],
    ['a PersistentVolumeClaim', `apiVersion: v1\nkind: PersistentVolumeClaim\n${meta}\nspec: {storageClassName: fast}`],
    [
      'a ConfigMap with a dotted name',
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-root.crt, namespace: a-dev}`,
    ],
    ['a Secret', `apiVersion: v1\nkind: Secret\n${meta}\ntype: Opaque\nstringData: {a: b}`],
    ['a ServiceAccount', `apiVersion: v1\nkind: ServiceAccount\n${meta}`],
    ['a NetworkPolicy', `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n${meta}`],
    [
      'the switches of Flux',
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: a-dev, labels: {kustomize.toolkit.fluxcd.io/prune: disabled}, annotations: {kustomize.toolkit.fluxcd.io/ssa: merge, kustomize.toolkit.fluxcd.io/reconcile: disabled, kustomize.toolkit.fluxcd.io/force: enabled, kustomize.toolkit.fluxcd.io/substitute: disabled}}`,
    ],
    [
      'a Kustomization as itself',
      `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${meta}\nspec: {serviceAccountName: flux, targetNamespace: a-prod, sourceRef: {kind: GitRepository, name: x}, dependsOn: [{name: y}], decryption: {provider: sops, secretRef: {name: k}}, postBuild: {substitute: {namespace: anything}}, patches: [{target: {namespace: b-dev}}]}`,
    ],
    [
      'a Kustomization as an account that is bound to nothing',
      `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${meta}\nspec: {serviceAccountName: weak}`,
    ],
    [
      'a HelmRelease with values that speak of namespaces',
      `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n${meta}\nspec: {serviceAccountName: flux, chart: {spec: {chart: x, sourceRef: {kind: HelmRepository, name: x, namespace: a-dev}}}, install: {createNamespace: true}, values: {namespace: b-dev, targetNamespace: b-dev, kubeConfig: x}, valuesFrom: [{kind: Secret, name: x}]}`,
    ],
    [
      'an Alert for all of its own',
      `apiVersion: notification.toolkit.fluxcd.io/v1beta3\nkind: Alert\n${meta}\nspec: {eventSources: [{kind: Kustomization, name: "*", namespace: a-dev, matchLabels: {namespace: x}}]}`,
    ],
    [
      'an HTTPRoute of the shared Gateway',
      `apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\n${meta}\nspec: {parentRefs: [{name: shared, namespace: gateways}], rules: [{backendRefs: [{name: web}]}]}`,
    ],
    [
      'well-known custom kinds',
      `apiVersion: external-secrets.io/v1\nkind: ExternalSecret\n${meta}\n---\napiVersion: monitoring.coreos.com/v1\nkind: ServiceMonitor\n${meta}\n---\napiVersion: keda.sh/v1alpha1\nkind: ScaledObject\n${meta}`,
    ],
    [
      'an Argo Application with the usual finalizer',
      `apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: web, namespace: a-dev, finalizers: [resources-finalizer.argocd.argoproj.io]}`,
    ],
  ])('%s', (_, manifest) => {
    expect(check(manifest)).toEqual([]);
  });

  test('a Role and RoleBindings within the rights of an admin', () => {
    const manifests = `
apiVersion: ${rbac}/v1
kind: Role
metadata: {name: "web:reader", namespace: a-dev}
rules: [{apiGroups: [""], resources: [configmaps, secrets, pods/log], verbs: [get, list, watch]}]
---
apiVersion: ${rbac}/v1
kind: RoleBinding
metadata: {name: own, namespace: a-dev}
roleRef: {apiGroup: ${rbac}, kind: Role, name: "web:reader"}
subjects: [{kind: ServiceAccount, name: web}]
---
apiVersion: ${rbac}/v1
kind: RoleBinding
metadata: {name: viewer, namespace: a-dev}
roleRef: {apiGroup: ${rbac}, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web, namespace: a-prod}]
`;
    expect(check(manifests, { rbac: bound('admin') })).toEqual([]);
    // An editor may not write them, and hears so from RBAC; what they grant is its own.
    expect(rules(check(manifests))).toEqual(['tenant/rbac']);
  });

  test('a RoleBinding to the very role that it is bound to, whatever that holds', () => {
    const manifest = `apiVersion: ${rbac}/v1\nkind: RoleBinding\n${meta}\nroleRef: {apiGroup: ${rbac}, kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: ServiceAccount, name: web, namespace: a-dev}]`;
    expect(check(manifest, { rbac: bound('cluster-admin') })).toEqual([]);
  });

  test('a RoleBinding to a role that the platform lets it bind', () => {
    const platform = `${bound('admin')}---
apiVersion: ${rbac}/v1
kind: ClusterRole
metadata: {name: metrics}
rules: [{apiGroups: [metrics.k8s.io], resources: [pods], verbs: [get]}]
---
apiVersion: ${rbac}/v1
kind: Role
metadata: {name: binder, namespace: a-dev}
rules: [{apiGroups: [${rbac}], resources: [clusterroles], resourceNames: [metrics], verbs: [bind]}]
---
apiVersion: ${rbac}/v1
kind: RoleBinding
metadata: {name: binder, namespace: a-dev}
roleRef: {apiGroup: ${rbac}, kind: Role, name: binder}
subjects: [{kind: ServiceAccount, name: flux, namespace: a-dev}]
`;
    const manifest = (role: string): string =>
      `apiVersion: ${rbac}/v1\nkind: RoleBinding\n${meta}\nroleRef: {apiGroup: ${rbac}, kind: ClusterRole, name: ${role}}\nsubjects: [{kind: ServiceAccount, name: web, namespace: a-dev}]`;
    expect(check(manifest('metrics'), { rbac: platform })).toEqual([]);
    expect(rules(check(manifest('cluster-admin'), { rbac: platform }))).toEqual(['tenant/escalation']);
  });
});

describe('what the API server would refuse', () => {
  test('names verbs, resource, namespace and the role to ask for', () => {
    const [finding, ...rest] = check(`apiVersion: ${rbac}/v1\nkind: Role\n${meta}\nrules: []`);
    expect(rest).toEqual([]);
    expect(finding?.rule).toBe('tenant/rbac');
    expect(finding?.message).toBe(
      'the API server would refuse this: the service account a-dev/flux may not get, create, patch and delete roles.rbac.authorization.k8s.io in a-dev',
    );
    expect(finding?.remedy).toContain('(the ClusterRole admin does)');
  });

  test('only what one role lacks', () => {
    const platform = `${roleBinding('a-dev', 'keeper', 'flux')}---
apiVersion: ${rbac}/v1
kind: ClusterRole
metadata: {name: keeper}
rules: [{apiGroups: [""], resources: [configmaps], verbs: [get, create, patch]}]
`;
    const found = check(`apiVersion: v1\nkind: ConfigMap\n${meta}`, { rbac: platform });
    expect(found.map(({ message }) => message).join()).toContain('may not delete configmaps in a-dev');
  });

  test('says nothing where the fleet holds no RBAC, or a role that Git does not have', () => {
    const role = `apiVersion: apps/v1\nkind: DaemonSet\n${meta}`;
    expect(check(role, { rbac: '' })).toEqual([]);
    expect(check(role, { rbac: roleBinding('a-dev', 'from-a-chart', 'flux') })).toEqual([]);
  });
});

describe('an account that the platform bound to the whole cluster', () => {
  const cluster = (role: string): string => `apiVersion: ${rbac}/v1
kind: ClusterRoleBinding
metadata: {name: flux}
roleRef: {apiGroup: ${rbac}, kind: ClusterRole, name: ${role}}
subjects: [{kind: ServiceAccount, name: ${account.name}, namespace: ${account.namespace}}]
`;
  const manifests = `apiVersion: v1\nkind: Namespace\nmetadata: {name: c-new}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: b-dev}\n---\napiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${meta}\nspec: {}`;

  test('may do what it was given', () => {
    expect(check(manifests, { rbac: cluster('cluster-admin') })).toEqual([]);
  });

  test('may do no more than that', () => {
    expect(rules(check(manifests, { rbac: `${bound('edit')}---\n${cluster('view')}` }))).toEqual([
      'tenant/cluster-scoped',
      'tenant/identity',
      'tenant/namespace',
    ]);
  });

  test('may not run as accounts of namespaces that are not its own, even where it may write there', () => {
    const platform = `${cluster('deployers')}---
apiVersion: ${rbac}/v1
kind: ClusterRole
metadata: {name: deployers}
rules: [{apiGroups: [kustomize.toolkit.fluxcd.io], resources: [kustomizations], verbs: [get, create, patch, delete]}]
`;
    const manifest = `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: x, namespace: flux-system}\nspec: {serviceAccountName: kustomize-controller}`;
    expect(rules(check(manifest, { rbac: platform }))).toEqual(['tenant/identity']);
  });

  test('has nothing to show for a role that Git does not have', () => {
    expect(rules(check(manifests, { rbac: cluster('from-a-chart') }))).toContain('tenant/cluster-scoped');
  });

  test('is still held to what can be applied at all', () => {
    const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-, namespace: b-dev}`;
    expect(rules(check(manifest, { rbac: cluster('cluster-admin') }))).toEqual(['tenant/metadata']);
  });
});
