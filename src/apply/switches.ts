// What an object says about how it wants to be treated: Flux's labels or annotations, one by one.
import { isMapping } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';

const prefix = 'kustomize.toolkit.fluxcd.io/';

export type SsaPolicy = 'Override' | 'Merge' | 'IfNotPresent' | 'Ignore';
type Switch = 'ssa' | 'force' | 'prune' | 'reconcile' | 'substitute';

/** Absent switches are undefined and false. */
export interface Switches {
  /** `Override` only where it is written. */
  readonly ssa: SsaPolicy | undefined;
  /** `force: enabled` */
  readonly force: boolean;
  /** `prune: disabled` */
  readonly keep: boolean;
  /** `reconcile: disabled` */
  readonly unmanaged: boolean;
  /** `substitute: disabled`, in exactly these letters. */
  readonly verbatim: boolean;
}

/**
 * Reads the switches of an object. Labels and annotations count alike, and either of them is enough; letters' case does
 * not matter, as in fluxcd/pkg ssa/utils/meta.go, but for `substitute`.
 */
export function switchesOf(object: KubeObject): Switches {
  const says = (name: Switch, value: string): boolean =>
    written(object, name).some((one) => one.toLowerCase() === value.toLowerCase());
  const policies: readonly SsaPolicy[] = ['Ignore', 'IfNotPresent', 'Merge', 'Override'];
  return {
    ssa: policies.find((policy) => says('ssa', policy)),
    force: says('force', 'enabled'),
    keep: says('prune', 'disabled'),
    unmanaged: says('reconcile', 'disabled'),
    verbatim: written(object, 'substitute').includes('disabled'),
  };
}

/** Not to be written at all, if the object in Git or the one in the cluster says so. */
export function isExcluded({ ssa, unmanaged }: Switches): boolean {
  return unmanaged || ssa === 'Ignore';
}

/** Not to be deleted, as the object in the cluster says. */
export function isKept(switches: Switches): boolean {
  return switches.keep || isExcluded(switches);
}

function written({ metadata }: KubeObject, name: Switch): readonly string[] {
  return [metadata.labels, metadata.annotations].flatMap((map) => {
    const value = isMapping(map) ? map[`${prefix}${name}`] : undefined;
    return typeof value === 'string' ? [value] : [];
  });
}
