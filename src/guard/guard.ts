// What a tenant can never do: in code, default deny, not configurable. Holds at review and again before apply.

import type { Rbac } from '../fleet/rbac.ts';
import type { Tenant } from '../fleet/tenant.ts';
import type { KindTable } from '../object/kind.ts';
import type { BuiltObject, FieldPath } from '../object/object.ts';

export const guardRules = [
  'tenant/cluster-scoped',
  'tenant/namespace',
  'tenant/kind-unknown',
  'tenant/identity',
  'tenant/reference',
  'tenant/escalation',
  'tenant/rbac',
  'tenant/metadata',
  'tenant/duplicate',
] as const;

export type GuardRule = (typeof guardRules)[number];

export interface GuardFinding {
  readonly rule: GuardRule;
  /** Index into `GuardInput.objects`. */
  readonly index: number;
  /** Why, in one sentence that names the offending value escaped; never another tenant's name or a Secret's value. */
  readonly message: string;
  /** What to change. */
  readonly remedy: string;
  /** The field at fault, so that the report can name its line. */
  readonly path?: FieldPath;
}

export interface GuardInput {
  readonly tenant: Tenant;
  readonly kustomization: { readonly namespace: string; readonly name: string };
  /** One build's objects. */
  readonly objects: readonly BuiltObject[];
  readonly kinds: KindTable;
  readonly rbac: Rbac;
  /**
   * Who else owns an object id (`<namespace>_<name>_<group>_<kind>`) on this cluster, in words fit for this tenant
   * ("Kustomization a-dev/apps", "another Kustomization of the fleet"), or undefined.
   */
  owner(id: string): string | undefined;
  readonly defaultServiceAccounts: DefaultServiceAccounts;
}

/** Whom Flux documents that name nobody run as: `--default-service-account` of each controller, or sluice.yaml's. */
export interface DefaultServiceAccounts {
  readonly kustomization: string | undefined;
  readonly helmRelease: string | undefined;
  readonly other: string | undefined;
}
