// tenant/identity: a Flux document that would not run as a service account of the tenant.
import { bindingsOf, rulesOf } from '../fleet/rbac.ts';
import type { ServiceAccountRef } from '../fleet/tenant.ts';
import { namespaceOf } from '../object/id.ts';
import { isAbsent, mapping } from '../object/json.ts';
import { showIdentifier, showText, showValue } from '../object/show.ts';
import { type Candidate, type Found, isKind, unresolvedIn } from './candidate.ts';
import type { DefaultServiceAccounts, GuardInput } from './guard.ts';
import { firstUncovered, holdsRole } from './rights.ts';

/** Kinds whose controller acts as `spec.serviceAccountName`, and with its own full rights where there is none. */
const actors: readonly (readonly [string, string, keyof DefaultServiceAccounts])[] = [
  ['kustomize.toolkit.fluxcd.io', 'Kustomization', 'kustomization'],
  ['helm.toolkit.fluxcd.io', 'HelmRelease', 'helmRelease'],
  ['fluxcd.controlplane.io', 'ResourceSet', 'other'],
];

/** Kinds whose controller acts with its own full rights and knows no account to act as, whoever wrote the document. */
const masters: readonly (readonly [string, string])[] = [
  ['fluxcd.controlplane.io', 'FluxInstance'],
  ['helm.cattle.io', 'HelmChart'],
  ['helm.cattle.io', 'HelmChartConfig'],
  ['upgrade.cattle.io', 'Plan'],
];

const path = ['spec', 'serviceAccountName'];

export function identity(candidate: Candidate, input: GuardInput): Found[] {
  if (masters.some(([group, kind]) => isKind(candidate, group, kind))) {
    const message = `what a ${candidate.object.kind} asks for is done with its controller's full rights to the cluster, whoever wrote it`;
    return [{ message, remedy: 'take it out and ask the platform team to add it', path: ['kind'] }];
  }
  const actor = actors.find(([group, kind]) => isKind(candidate, group, kind));
  if (actor === undefined) return [];
  const spec = mapping(candidate.object['spec']);
  // v1alpha1 of Kustomization had `serviceAccount: {name, namespace}`, which a controller that old would obey.
  if (!isAbsent(spec['serviceAccount'])) {
    const message = 'spec.serviceAccount names an account in another way than spec.serviceAccountName';
    return [{ message, remedy: 'use spec.serviceAccountName alone', path: ['spec', 'serviceAccount'] }];
  }
  const written = spec['serviceAccountName'];
  const named = isAbsent(written) || written === '' ? input.defaultServiceAccounts[actor[2]] : written;
  if (isAbsent(named) || named === '') return [nobody(candidate, input)];
  if (typeof named !== 'string' || unresolvedIn(named) !== undefined) {
    const message = `spec.serviceAccountName is ${showValue(named)}, so it is not known who this would run as`;
    return [{ message, remedy: `write the name out: ${own(input)}`, path }];
  }
  return runsAs(candidate, named, input);
}

function nobody(candidate: Candidate, input: GuardInput): Found {
  return {
    message: `this ${showIdentifier(candidate.object.kind)} names no service account, so it would run with its controller's own rights to the whole cluster`,
    remedy: `set spec.serviceAccountName: ${own(input)}`,
    path: 'spec' in candidate.object ? path.slice(0, 1) : [],
  };
}

/** The account is looked up in the document's own namespace. */
function runsAs(candidate: Candidate, name: string, input: GuardInput): Found[] {
  const account = { namespace: namespaceOf(candidate.object), name };
  if (isTenant(account, input)) return [];
  // Outside the tenant's namespaces tenant/namespace has spoken, unless the platform lets the account write there.
  if (candidate.namespace === undefined && !input.tenant.clusterBound) return [];
  if (candidate.namespace !== undefined && !exceeds(account, input)) return [];
  return [
    {
      message: `the service account ${showText(name)} may do more than this tenant's own`,
      remedy: `set spec.serviceAccountName: ${own(input)}`,
      path,
    },
  ];
}

function isTenant(account: ServiceAccountRef, input: GuardInput): boolean {
  const { serviceAccount } = input.tenant;
  return account.namespace === serviceAccount.namespace && account.name === serviceAccount.name;
}

/** Whether the platform bound another account to something that the tenant's own does not hold, or that Git cannot tell. */
function exceeds(account: ServiceAccountRef, input: GuardInput): boolean {
  return bindingsOf(input.rbac, account).some(({ roleRef, namespace }) => {
    if (holdsRole(input, namespace, roleRef)) return false;
    const rules = rulesOf(input.rbac, roleRef, namespace);
    return rules === undefined || firstUncovered(input, namespace, rules) !== undefined;
  });
}

function own(input: GuardInput): string {
  return showIdentifier(input.tenant.serviceAccount.name);
}
