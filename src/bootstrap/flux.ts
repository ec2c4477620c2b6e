// Flux's controllers, running in the cluster or about to be started by Git. Two that deploy one fleet are one too many.
import { SluiceError } from '../errors.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import { list, mapping } from '../object/json.ts';
import type { BuiltObject, KubeObject } from '../object/object.ts';
import { showIdentifier } from '../object/show.ts';

export type Controller = 'kustomize-controller' | 'source-controller';

const labels = ['app', 'app.kubernetes.io/component', 'app.kubernetes.io/name'];

/** A Deployment of this controller that has, or is to have, pods. Known by its name, its labels or its image. */
export function runs(controller: Controller, object: KubeObject): boolean {
  return object.kind === 'Deployment' && isController(controller, object) && replicasOf(object) > 0;
}

function isController(controller: Controller, object: KubeObject): boolean {
  const template = mapping(mapping(object['spec'])['template']);
  const said = [mapping(object.metadata.labels), mapping(mapping(template['metadata'])['labels'])];
  const containers = list(mapping(template['spec'])['containers']).map(mapping);
  return (
    nameOf(object) === controller ||
    said.some((map) => labels.some((label) => map[label] === controller)) ||
    containers.some(({ image }) => typeof image === 'string' && imageName(image) === controller)
  );
}

/** `ghcr.io/fluxcd/kustomize-controller:v1.9.6@sha256:…` → `kustomize-controller` */
function imageName(image: string): string | undefined {
  return /^(?:.*\/)?([^/:@]+)(?::[^/@]*)?(?:@.*)?$/.exec(image)?.[1];
}

function replicasOf(object: KubeObject): number {
  const wanted = mapping(object['spec'])['replicas'] ?? 1;
  const left = mapping(object['status'])['replicas'] ?? 0;
  return Math.max(Number(wanted), Number(left));
}

/** @throws SluiceError `deploy.fluxRunning` where a kustomize-controller has pods in the cluster */
export function refuseRunning(deployments: readonly KubeObject[]): void {
  const found = deployments.find((object) => runs('kustomize-controller', object));
  if (found === undefined) return;
  const [namespace, name] = [namespaceOf(found), nameOf(found)].map(showIdentifier);
  throw new SluiceError(
    'deploy.fluxRunning',
    `Flux still deploys to this cluster: Deployment/${namespace}/${name} has ${replicasOf(found)} running or wanted`,
    {
      remedy: `scale it to 0, in Git first where Git has it (docs/bootstrap.md#from-flux): kubectl -n ${namespace} scale deployment ${name} --replicas=0`,
    },
  );
}

/** @throws SluiceError `deploy.fluxRunning` where what Git has for this cluster would start a kustomize-controller */
export function refuseInGit(objects: readonly BuiltObject[]): void {
  const found = objects.find(({ object }) => runs('kustomize-controller', object));
  if (found === undefined) return;
  const source = found.sources[0];
  const name = `${showIdentifier(namespaceOf(found.object))}/${showIdentifier(nameOf(found.object))}`;
  throw new SluiceError('deploy.fluxRunning', `Git would start Flux beside Sluice: Deployment/${name} is in it`, {
    place: source === undefined ? undefined : { file: source.file, line: source.line },
    remedy: 'patch its replicas to 0 in Git, and push: docs/bootstrap.md#from-flux has the lines',
  });
}
