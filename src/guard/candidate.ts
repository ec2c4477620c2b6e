// One object under examination, with what is asked of it again and again.
import { groupOf, nameOf } from '../object/id.ts';
import type { Kind } from '../object/kind.ts';
import type { KubeObject } from '../object/object.ts';
import type { GuardFinding, GuardInput } from './guard.ts';

export interface Candidate {
  readonly index: number;
  readonly object: KubeObject;
  readonly group: string;
  readonly name: string;
  /** `metadata.namespace` where it is one of the tenant's namespaces, byte for byte; else undefined. */
  readonly namespace: string | undefined;
  /** Undefined where the scope cannot be established. */
  readonly kind: Kind | undefined;
}

/** What a rule says; `guard` adds the rule's id and the object's index. */
export type Found = Omit<GuardFinding, 'rule' | 'index'>;

export function candidatesOf(input: GuardInput): Candidate[] {
  return input.objects.map(({ object }, index) => {
    const group = groupOf(object.apiVersion);
    const { namespace } = object.metadata;
    const own = typeof namespace === 'string' && input.tenant.namespaces.includes(namespace);
    return {
      index,
      object,
      group,
      name: nameOf(object),
      namespace: own ? namespace : undefined,
      kind: input.kinds.find(group, object.kind),
    };
  });
}

/** Whether an object is of a kind, whatever its version: removed and future ones mean the same thing. */
export function isKind(candidate: Candidate, group: string, kind: string): boolean {
  return candidate.group === group && candidate.object.kind === kind;
}

const unresolved = /\$\{[^}]*\}/;

/** The first `${NAME}` that only the cluster knows, or undefined. */
export function unresolvedIn(text: string): string | undefined {
  return unresolved.exec(text)?.[0];
}
