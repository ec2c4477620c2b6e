// A base of five objects and an overlay with one strategic-merge patch, as small tenants have.
import type { Files } from '../../unit/renderer/memory-tree.ts';

const labels = 'app.kubernetes.io/name: web';

export const overlay: Readonly<Record<string, string>> = {
  'base/kustomization.yaml': 'resources: [deployment.yaml, service.yaml, account.yaml, config.yaml, ingress.yaml]\n',
  'base/deployment.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {${labels}}}
spec:
  replicas: 1
  selector: {matchLabels: {${labels}}}
  template:
    metadata: {labels: {${labels}}}
    spec:
      serviceAccountName: web
      containers:
        - name: web
          image: registry.example.com/web:1.2.3
          ports: [{containerPort: 8080}]
          resources: {limits: {memory: 128Mi}}
`,
  'base/service.yaml': `apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {${labels}}
  ports: [{port: 80, targetPort: 8080}]
`,
  'base/account.yaml': 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n',
  'base/config.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {LEVEL: info}\n',
  'base/ingress.yaml': `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  rules:
    - host: web.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
`,
  'prod/kustomization.yaml': `resources: [../base]
namespace: web
labels: [{pairs: {env: prod}}]
images: [{name: registry.example.com/web, newTag: 1.2.4}]
patches: [{path: replicas.yaml}]
`,
  'prod/replicas.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  template: {spec: {containers: [{name: web, resources: {limits: {memory: 256Mi}}}]}}
`,
};

/** `prod` over `count` copies of the base, five objects each: 100 of them keep a child busy for about a second. */
export function largeOverlay(count: number): Files {
  const files: Record<string, string> = {};
  for (let copy = 0; copy < count; copy++) {
    for (const [path, text] of Object.entries(overlay)) {
      if (!path.startsWith('base/')) continue;
      files[path.replace('base/', `base${copy}/`)] = text
        .replaceAll('{name: web}', `{name: web${copy}}`)
        .replaceAll('{name: web,', `{name: web${copy},`);
    }
  }
  const bases = Array.from({ length: count }, (_, copy) => `../base${copy}`);
  return {
    ...files,
    'prod/kustomization.yaml': `resources: [${bases.join()}]\nnamespace: web\npatches: [{path: replicas.yaml, target: {kind: Deployment}}]\n`,
    'prod/replicas.yaml': overlay['prod/replicas.yaml'] ?? '',
  };
}
