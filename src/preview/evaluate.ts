// Guard and policy over one build, with the same words for review and apply.

import { visible } from '../diff/visible.ts';
import { SluiceError } from '../errors.ts';
import type { ClusterFleet, FleetKustomization } from '../fleet/fleet.ts';
import type { Tenant } from '../fleet/tenant.ts';
import { guard } from '../guard/check.ts';
import { objectId } from '../object/id.ts';
import type { BuiltObject, FieldPath, KubeObject } from '../object/object.ts';
import { limitsOf } from '../policy/limits.ts';
import { weigh } from '../policy/verdict.ts';
import type { PolicyInput } from '../ports.ts';
import type { Side, Tools } from './side.ts';

/** One rule that spoke about one object of a build. */
export interface Finding {
  readonly rule: string;
  readonly severity: 'deny' | 'warn';
  readonly index: number;
  readonly message: string;
  readonly remedy: string | null;
  readonly path: FieldPath | undefined;
}

export interface Evaluation {
  readonly side: Side;
  readonly cluster: ClusterFleet;
  readonly kustomization: FleetKustomization;
  readonly objects: readonly BuiltObject[];
  /** The other side's objects by id, for rules that compare. */
  readonly old: ReadonlyMap<string, KubeObject>;
  readonly owner: (id: string) => string | undefined;
}

/** Equal for the same finding on both sides, so that what a change introduced can be told from what was there. */
export function findingKey(finding: Finding, objects: readonly BuiltObject[]): string {
  const object = objects[finding.index]?.object;
  const id = object === undefined ? '' : objectId(object);
  return JSON.stringify([finding.rule, finding.severity, id, finding.message]);
}

/** Guard findings first, then policy's, both in the objects' order. @throws SluiceError `policy.*` */
export async function evaluate(of: Evaluation, tools: Tools): Promise<readonly Finding[]> {
  const tenant = of.kustomization.owner.type === 'tenant' ? of.kustomization.owner.tenant : undefined;
  return [...(tenant === undefined ? [] : guardFindings(of, tenant)), ...(await policyFindings(of, tenant, tools))];
}

function guardFindings(of: Evaluation, tenant: Tenant): Finding[] {
  const { lockdown } = of.cluster;
  const { config } = of.side.fleet;
  const findings = guard({
    tenant,
    kustomization: { namespace: of.kustomization.namespace, name: of.kustomization.name },
    objects: of.objects,
    kinds: of.cluster.kinds,
    rbac: of.cluster.rbac,
    owner: of.owner,
    defaultServiceAccounts: {
      kustomization: lockdown.defaultServiceAccount ?? config.defaultServiceAccount,
      helmRelease: lockdown.helmServiceAccount ?? config.defaultServiceAccount,
      other: config.defaultServiceAccount,
    },
  });
  return findings.map((finding) => ({ ...finding, severity: 'deny' as const, path: finding.path }));
}

async function policyFindings(of: Evaluation, tenant: Tenant | undefined, tools: Tools): Promise<Finding[]> {
  if (of.objects.length === 0 || of.side.policy.rules.length === 0) return [];
  const answers = await tools.policyEngine.evaluate(
    of.side.policy,
    of.objects.map((one) => policyInput(of, tenant, one)),
  );
  if (answers.length !== of.objects.length) {
    throw new SluiceError('policy.undefined', `policy answered for ${answers.length} of ${of.objects.length} objects`);
  }
  return answers.flatMap((found, index) =>
    weigh(found, of.side.shipped, tenant === undefined).map((one) => ({
      rule: one.rule,
      severity: one.severity,
      index,
      message: readable(one.message),
      remedy: one.remedy === undefined ? null : readable(one.remedy),
      path: one.path,
    })),
  );
}

/** A rule may repeat what a tenant wrote: one line, in which nothing is invisible. */
function readable(text: string): string {
  return visible(text.replaceAll(/\s+/g, ' '));
}

function policyInput(of: Evaluation, tenant: Tenant | undefined, { object }: BuiltObject): PolicyInput {
  const { source, namespace, name, spec } = of.kustomization;
  return {
    object: object as PolicyInput['object'],
    old: (of.old.get(objectId(object)) ?? null) as PolicyInput['old'],
    tenant:
      tenant === undefined
        ? null
        : { name: tenant.name, namespaces: tenant.namespaces, serviceAccount: tenant.serviceAccount.name },
    cluster: of.cluster.name,
    kustomization: {
      namespace,
      name,
      path: of.kustomization.path,
      serviceAccountName: spec.serviceAccountName ?? null,
    },
    source: source.type === 'tree' ? { url: source.url, revision: source.revision } : null,
    limits: limitsOf(of.side.fleet.config.limits, tenant?.name ?? null),
  };
}
