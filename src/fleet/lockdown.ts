// Flux's lockdown flags as the fleet sets them on its controllers.
import { asList, asString, valueAt } from '../flux/read.ts';
import { nameOf } from '../object/id.ts';
import type { BuiltObject } from '../object/object.ts';
import type { Lockdown } from './fleet.ts';

/** Flags of the kustomize-controller Deployment in the fleet; all off where there is none. */
export function readLockdown(objects: readonly BuiltObject[]): Lockdown {
  const controller = objects.find(
    ({ object }) => object.kind === 'Deployment' && nameOf(object) === 'kustomize-controller',
  );
  const containers = asList(valueAt(controller?.object['spec'], 'template', 'spec', 'containers'));
  const args = containers.flatMap((container) => asList(valueAt(container, 'args'))).map((arg) => asString(arg) ?? '');
  const flag = (name: string): string | undefined => {
    const found = args.findLast((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
    return found === undefined ? undefined : found.slice(name.length + 3) || 'true';
  };
  return {
    defaultServiceAccount: flag('default-service-account'),
    noCrossNamespaceRefs: flag('no-cross-namespace-refs') === 'true',
    noRemoteBases: flag('no-remote-bases') === 'true',
  };
}
