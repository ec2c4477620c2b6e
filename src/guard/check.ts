// The guard: nine rules over one build's objects. What it finds blocks, at review and again before apply.
import { type Candidate, candidatesOf, type Found } from './candidate.ts';
import { clusterScoped } from './cluster-scoped.ts';
import { duplicate } from './duplicate.ts';
import { escalation } from './escalation.ts';
import type { GuardFinding, GuardInput, GuardRule } from './guard.ts';
import { identity } from './identity.ts';
import { kindUnknown } from './kind-unknown.ts';
import { metadata } from './metadata.ts';
import { malformedIdentity } from './name.ts';
import { namespace } from './namespace.ts';
import { refusedByRbac } from './rbac.ts';
import { reference } from './reference.ts';
import { holdsEverything } from './rights.ts';
import { oversized } from './size.ts';

/**
 * What one tenant's build may not contain, in the order of the objects and, for each, of the rules below. Pure and
 * total: hostile objects give findings, never exceptions. An account that the platform bound to everything in the
 * whole cluster (Flux's own, say) is only held to what makes an object fit to be applied at all.
 */
export function guard(input: GuardInput): GuardFinding[] {
  const findings: GuardFinding[] = [];
  const bounded = !holdsEverything(input);
  const seen = new Map<string, number>();
  for (const candidate of candidatesOf(input)) {
    const add = (rule: GuardRule, found: readonly Found[]): boolean => {
      for (const one of found) findings.push({ rule, index: candidate.index, ...one });
      return found.length > 0;
    };
    // An object without a legal name, or beyond the API server's limits, is not asked anything else.
    if (add('tenant/metadata', malformedIdentity(candidate.object, candidate.group))) continue;
    if (add('tenant/metadata', oversized(candidate.object, candidate.group))) continue;
    add('tenant/metadata', metadata(candidate.object));
    add('tenant/duplicate', duplicate(candidate, seen, input));
    if (bounded) reach(candidate, input, add);
  }
  return findings;
}

/** The rules that keep a tenant inside its namespaces and its rights. */
function reach(
  candidate: Candidate,
  input: GuardInput,
  add: (rule: GuardRule, found: readonly Found[]) => boolean,
): void {
  // Where it lives: the table of kinds says the scope, the manifest only the namespace.
  add('tenant/kind-unknown', kindUnknown(candidate));
  if (add('tenant/cluster-scoped', clusterScoped(candidate, input))) return;
  const outside = add('tenant/namespace', namespace(candidate, input));
  // What it would do through others: run as somebody, point at something, grant something.
  add('tenant/identity', identity(candidate, input));
  add('tenant/reference', reference(candidate, input));
  add('tenant/escalation', escalation(candidate, input));
  // What the API server would answer.
  if (!outside) add('tenant/rbac', refusedByRbac(candidate, input));
}
