// Which Kustomizations a change concerns: those whose inputs differ, and those that are judged in another way now.
import { gainedNamespaces, namespacesOf, rulesDiffer } from './owners.ts';
import { differs, type Pair } from './pair.ts';
import type { Side, Tools } from './side.ts';

export interface Affected {
  readonly pair: Pair;
  /** Its inputs are the same, so only what the change introduced is of interest. */
  readonly introducedOnly: boolean;
}

/** In the order of `pairs`. Reads what builds would read, but renders nothing. */
export async function affectedPairs(
  pairs: readonly Pair[],
  base: Side,
  head: Side,
  { renderer }: Tools,
): Promise<readonly Affected[]> {
  const judged = new Map<string, (pair: Pair) => boolean>();
  const answers = await Promise.all(
    pairs.map(async (pair): Promise<Affected[]> => {
      if (await differs(pair, renderer)) return [{ pair, introducedOnly: false }];
      if (base === head) return [];
      const isJudgedAnew = judged.get(pair.cluster) ?? judgement(pair, base, head);
      judged.set(pair.cluster, isJudgedAnew);
      return isJudgedAnew(pair) ? [{ pair, introducedOnly: true }] : [];
    }),
  );
  return answers.flat();
}

/** What decides about the tenants of one cluster: the rules, and what the platform takes for itself in their namespaces. */
function judgement({ baseCluster, headCluster }: Pair, base: Side, head: Side): (pair: Pair) => boolean {
  if (headCluster === undefined) return () => false;
  const differ = rulesDiffer(base, head, baseCluster, headCluster);
  const gained = gainedNamespaces(baseCluster, headCluster);
  return (pair) => pair.head !== undefined && (differ || namespacesOf(pair.head).some((name) => gained.has(name)));
}
