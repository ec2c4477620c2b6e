// dependsOn of a live Kustomization: who is ready, who is waited for, and who waits in a circle. Rules as
// kustomize-controller's checkDependencies; but every dependency that is not ready is named, not the first.
import { visible } from '../diff/visible.ts';
import { compileExpression, ExpressionFailure } from '../health/expressions.ts';
import type { KubeObject } from '../object/object.ts';
import { showIdentifier } from '../object/show.ts';
import { findCondition, isReady } from './condition.ts';
import { type DeployDependency, readDeploySpec } from './deploy-spec.ts';
import { keyOf, readKustomization } from './kustomization.ts';
import { asObject, stringAt } from './read.ts';

export interface WaitingFor {
  readonly namespace: string;
  readonly name: string;
  /** `not found`, `not ready: …`, `main@sha1:… is not applied yet (at main@sha1:…)` */
  readonly why: string;
}

export type DependencyAnswer =
  | { readonly ready: true }
  /** `message` names all: `waiting for apps/db (not found), apps/cache (not ready: …)`. */
  | { readonly ready: false; readonly waiting: readonly WaitingFor[]; readonly message: string };

/**
 * Tells whether everything that a Kustomization depends on is ready, in the order of `dependsOn`. A dependency must
 * exist, have observed its generation, be `Ready`, and, where both read the same source, have applied exactly
 * `sourceRevision` (`main@sha1:<40 hex>`). `readyExpr` replaces all of it but existence. `live` is by
 * `<namespace>/<name>`, read from the API server and not from a cache that may be behind.
 *
 * @throws SluiceError `deploy.expression`, terminal: a `readyExpr` that is no CEL; an expression that fails on the
 * documents as they are now only waits.
 */
export function dependenciesReady(
  self: KubeObject,
  live: ReadonlyMap<string, KubeObject>,
  sourceRevision: string,
): DependencyAnswer {
  const source = sourceOf(self);
  const waiting = readDeploySpec(self).dependsOn.flatMap((dependency) => {
    const { namespace, name, readyExpr } = dependency;
    const found = live.get(`${namespace}/${name}`);
    let why: string | undefined;
    if (found === undefined) why = 'not found';
    else if (readyExpr !== undefined) why = failsExpression(readyExpr, self, found);
    else why = notReady(found) ?? (sourceOf(found) === source ? behind(found, sourceRevision) : undefined);
    return why === undefined ? [] : [{ namespace, name, why }];
  });
  if (waiting.length === 0) return { ready: true };
  return { ready: false, waiting, message: waitingMessage(waiting) };
}

/** `apps/db`: what a Kustomization waits for, so that it can be woken when one of them turns ready. Unique, in order. */
export function dependencyKeys(kustomization: KubeObject): readonly string[] {
  return [...new Set(readDeploySpec(kustomization).dependsOn.map(keyOfDependency))];
}

/**
 * The circle that a Kustomization waits in or for, as keys from its entry round to the entry again:
 * `['apps/a', 'apps/b', 'apps/a']`; undefined where there is none. Takes all Kustomizations of the cluster, by key.
 */
export function dependencyCycle(
  kustomization: KubeObject,
  all: ReadonlyMap<string, KubeObject>,
): readonly string[] | undefined {
  const done = new Set<string>();
  // Depth first with a list of our own: a chain of dependencies may be longer than the call stack.
  const path = [step(kustomization)];
  for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
    const key = at.waiting.pop();
    if (key === undefined) {
      done.add(at.key);
      path.pop();
      continue;
    }
    const from = path.findIndex((one) => one.key === key);
    if (from !== -1) return [...path.slice(from).map((one) => one.key), key];
    const next = all.get(key);
    if (next !== undefined && !done.has(key)) path.push(step(next));
  }
  return undefined;
}

interface PathStep {
  readonly key: string;
  /** Not looked at yet; the next one stands last. */
  readonly waiting: string[];
}

function step(kustomization: KubeObject): PathStep {
  return { key: keyOf(kustomization), waiting: [...dependencyKeys(kustomization)].reverse() };
}

function keyOfDependency({ namespace, name }: DeployDependency): string {
  return `${namespace}/${name}`;
}

function sourceOf(kustomization: KubeObject): string {
  const { kind, namespace, name } = readKustomization(kustomization).spec.sourceRef;
  return `${kind}/${namespace}/${name}`;
}

function notReady(dependency: KubeObject): string | undefined {
  const { generation } = dependency.metadata;
  const observed = asObject(dependency['status'])?.['observedGeneration'];
  const ready = findCondition(dependency, 'Ready');
  if (ready === undefined) return 'not reconciled yet';
  if (!isReady(dependency)) return `not ready: ${ready.reason === '' ? ready.status : showIdentifier(ready.reason)}`;
  return typeof generation === 'number' && generation !== observed
    ? 'its newest spec is not reconciled yet'
    : undefined;
}

function behind(dependency: KubeObject, revision: string): string | undefined {
  const applied = stringAt(dependency['status'], 'lastAppliedRevision');
  if (applied === revision) return undefined;
  const at = applied === undefined ? 'nothing applied so far' : `at ${shownRevision(applied)}`;
  return `${shownRevision(revision)} is not applied yet (${at})`;
}

function shownRevision(revision: string): string {
  return visible(revision.slice(0, longestRevision));
}

function failsExpression(text: string, self: KubeObject, dep: KubeObject): string | undefined {
  try {
    const ready = compileExpression(text, ['self', 'dep']).evaluate({ self: self as never, dep: dep as never });
    return ready ? undefined : 'its readyExpr is false';
  } catch (thrown) {
    if (thrown instanceof ExpressionFailure) return `its readyExpr fails: ${thrown.message}`;
    throw thrown;
  }
}

const mostNamed = 20;
const longestRevision = 300;

function waitingMessage(waiting: readonly WaitingFor[]): string {
  const named = waiting
    .slice(0, mostNamed)
    .map(({ namespace, name, why }) => `${showIdentifier(namespace)}/${showIdentifier(name)} (${why})`);
  const left = waiting.length > mostNamed ? [`and ${waiting.length - mostNamed} more`] : [];
  return `waiting for ${[...named, ...left].join(', ')}`;
}
