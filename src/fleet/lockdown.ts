// Flux's lockdown flags as the fleet sets them on its controllers.
import { asList, asString, isKind, stringAt, valueAt } from '../flux/read.ts';
import { nameOf } from '../object/id.ts';
import type { BuiltObject } from '../object/object.ts';
import type { Lockdown } from './fleet.ts';

/** Flags of the controllers' Deployments in the fleet, or a FluxInstance's `multitenant`; all off where there is none. */
export function readLockdown(objects: readonly BuiltObject[]): Lockdown {
  const kustomize = flagsOf(objects, 'kustomize-controller');
  const helm = flagsOf(objects, 'helm-controller');
  const instance = readInstance(objects);
  return {
    defaultServiceAccount: kustomize.text('default-service-account') ?? instance.account,
    helmServiceAccount: helm.text('default-service-account') ?? instance.account,
    noCrossNamespaceRefs: kustomize.isOn('no-cross-namespace-refs') ?? instance.locked,
    noRemoteBases: kustomize.isOn('no-remote-bases') ?? instance.locked,
  };
}

/** Flux Operator locks the controllers down itself where `spec.cluster.multitenant` is set. */
function readInstance(objects: readonly BuiltObject[]): { locked: boolean; account: string | undefined } {
  const instance = objects.find(({ object }) => isKind(object, 'fluxcd.controlplane.io', 'FluxInstance'))?.object;
  const cluster = valueAt(instance?.['spec'], 'cluster');
  const locked = valueAt(cluster, 'multitenant') === true;
  return { locked, account: locked ? stringAt(cluster, 'tenantDefaultServiceAccount') || 'default' : undefined };
}

interface Flags {
  /** Undefined where the flag is not there or empty. */
  text(name: string): string | undefined;
  isOn(name: string): boolean | undefined;
}

/** As Go's pflag reads them: `--name=value` or, for texts, `--name value`; the last one wins. */
function flagsOf(objects: readonly BuiltObject[], controller: string): Flags {
  const found = objects.find(({ object }) => isKind(object, 'apps', 'Deployment') && nameOf(object) === controller);
  const containers = asList(valueAt(found?.object['spec'], 'template', 'spec', 'containers'));
  const words = containers.flatMap((one) => [...asList(valueAt(one, 'command')), ...asList(valueAt(one, 'args'))]);
  const args = words.map((word) => asString(word) ?? '');
  const last = (name: string): number =>
    args.findLastIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  return {
    text: (name) => {
      const at = last(name);
      const arg = args[at];
      return (arg === `--${name}` ? args[at + 1] : arg?.slice(name.length + 3)) || undefined;
    },
    isOn: (name) => {
      const arg = args[last(name)];
      return arg === undefined
        ? undefined
        : arg === `--${name}` || ['1', 't', 'true'].includes(arg.slice(name.length + 3).toLowerCase());
    },
  };
}
