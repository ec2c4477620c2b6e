// The reconcile line: a Kustomization on a cluster is due, and the cluster becomes what Git says. Reads from top to bottom.
import { acknowledgementKey, deletionGuard } from './apply/deletion-guard.ts';
import { compileIgnore } from './apply/ignore.ts';
import { entriesOf, type Prepared, prepare } from './apply/prepare.ts';
import { asSluiceError, SluiceError } from './errors.ts';
import { isReady } from './flux/condition.ts';
import { dependenciesReady, dependencyCycle } from './flux/dependency.ts';
import { fluxFinalizer } from './flux/kustomization.ts';
import { stringAt } from './flux/read.ts';
import { progressingStatus, suspendedStatus, unchangedStatus } from './flux/status.ts';
import { createHealthRules } from './health/rules.ts';
import { printInventory, readInventory, sameInventory, staleOf, union } from './inventory/inventory.ts';
import { digestOf } from './agent/memory.ts';
import { applyAll, followKinds, kindsFor, kindsOf } from './reconcile/apply.ts';
import { finalize } from './reconcile/finalize.ts';
import { checkHealth } from './reconcile/health.ts';
import { type Inputs, inputsDigest, readInputs, readSource, type TreeSource } from './reconcile/inputs.ts';
import { judge } from './reconcile/judge.ts';
import { endFailed, type Progress } from './reconcile/outcome.ts';
import { planNext } from './reconcile/plan.ts';
import { prune } from './reconcile/prune.ts';
import { liveOf, wantedByOthers } from './reconcile/rivals.ts';
import { type ReconcileTools, Run } from './reconcile/run.ts';
import { moved } from './reconcile/unmoved.ts';
import { wakeOthers } from './reconcile/wake.ts';

/** A look at the server this old is good enough where the cluster has already seen another revision than we have. */
const freshMs = 2_000;
const sourceRetryMs = 30_000;
/** A run that was told to stop is looked after this soon, should whoever got its job have given way to it. */
const brokenOffMs = 1_000;

/**
 * Reconciles one Kustomization once. Whatever it finds stands in the Kustomization's status; when it is due again, in
 * the schedule.
 *
 * @param key `<namespace>/<name>`
 * @returns what was done, for the log
 * @throws SluiceError, transient, where nothing could be written down either: the queue then tries again
 */
export async function reconcile(key: string, signal: AbortSignal, tools: ReconcileTools): Promise<string> {
  const object = tools.kustomizations.get(key);
  if (object === undefined) {
    tools.schedule.forget(key);
    return 'gone';
  }
  const run = new Run(object, tools, signal);
  const progress: Progress = {};
  // Whatever was waited for, this run finds out anew.
  tools.waits.cancel(key);
  try {
    if (run.deleting) return await finalize(run, tools);
    if (run.deploy.suspend) return await suspended(run, tools);
    return await bringAbout(run, progress, tools);
  } catch (thrown) {
    if (signal.aborted) tools.schedule.within(key, brokenOffMs, 'broken off');
    signal.throwIfAborted();
    return endFailed(thrown, run, progress, tools);
  }
}

async function bringAbout(run: Run, progress: Progress, tools: ReconcileTools): Promise<string> {
  const live = liveOf(run.object);
  // What it says must be something that can be done, and it must not go before its objects do.
  checkSpec(run);
  await hold(run, tools);
  if (tools.isStarting() || isFetching(run, tools)) return waitForSource(run, tools);
  // Its source at the newest revision, and whoever it depends on.
  const source = await newestSource(run, tools);
  progress.revision = source.revision;
  requireDependencies(run, source, tools);
  // Build it as whoever applies it.
  const inputs = await readInputs(live, source, tools);
  const how = digestOf(inputs.identity.account, run.deploy.force, run.deploy.ignore);
  const digest = inputsDigest(run.key, how, inputs, today(tools));
  progress.digest = `sha256:${digest}`;
  // Nothing moved since the last time: say the revision and be done.
  const unmoved = await moved(run.key, digest, tools);
  if (unmoved.nothing && isSettled(run)) return unchanged(run, source, progress.digest, tools);
  // Guard and policy again, over what would really be applied.
  const objects = inputs.build.objects.map(({ object }) => object);
  const kinds = await kindsFor(objects, await tools.cluster.kinds(), tools);
  const prepared = prepare(inputs.build.objects, { owner: { namespace: run.namespace, name: run.name } });
  const ids = new Set(prepared.map(({ id }) => id));
  tools.memory.desires(run.key, ids);
  const { owner: who } = inputs.identity;
  const held = tools.kustomizations.inventoryOf(run.key);
  const rivals = await wantedByOthers(live, who, heldByOthers(run, ids, tools), tools, held);
  // Whoever has one of these makes us due once it lets go.
  for (const rival of rivals.values()) tools.memory.waitFor(rival, run.key);
  const owner = (id: string): string | undefined => rivalWords(rivals.get(id), inputs);
  await judge({ ...inputs, live, kinds, owner, today: today(tools) }, tools);
  // What would go must be meant to go.
  const old = readInventory(run.object).entries;
  const next = entriesOf(prepared);
  const stale = staleOf(old, next);
  const left = await wantedByOthers(live, inputs.identity.owner, new Set(stale.map(({ id }) => id)), tools);
  const going = run.deploy.prune ? stale.filter(({ id }) => !left.has(id)) : [];
  const known = tools.memory.record(run.key)?.leaving;
  guardDeletions(run, prepared, known === undefined ? going : going.filter(({ id }) => !known.has(id)), inputs);
  // Write ahead what may be created, so that nothing is ever forgotten, and hold the status from here on. Objects are looked
  // at meanwhile; the first write waits for it.
  const ahead = union(old, next);
  printInventory(ahead);
  let writing = Promise.resolve();
  if (!unmoved.nothing || going.length > 0 || !sameInventory(old, ahead)) {
    const words = { step: 'Detecting drift', revision: source.revision, timeoutMs: run.deploy.timeoutMs } as const;
    const status = progressingStatus(run.object, run.attempt, {
      ...words,
      now: tools.now(),
      attempted: true,
      inventory: ahead,
    });
    writing = run.writeAhead(status).then(() => void (progress.inventory = ahead));
  }
  // Apply in stages, then delete what is stale.
  tools.memory.doubt(run.key);
  const applied = await after(writing, applyAll(run, prepared, { inputs, kinds, unmoved, how }, tools));
  const { survivors, pruned, failure } = await prune(run, going, { ...inputs, kinds: applied.kinds }, tools);
  const inventory = union(survivors, next);
  progress.inventory = inventory;
  if (failure !== undefined) throw failure;
  const leaving = new Set(survivors.map(({ id }) => id));
  await followKinds([...applied.objects.values(), ...kindsOf(leaving)], applied.kinds, tools);
  tools.memory.keep(run.key, { digest, objects: applied.objects, leaving, healthy: false });
  // Healthy at once, or waited for without holding a place in the queue.
  const revision = source.revision;
  const done = { prepared, applied, pruned, inputs, inventory, revision, digest: progress.digest, progress };
  // Others look at what this one still holds, so they come after its inventory was written.
  return checkHealth(run, done, tools).finally(() => wakeOthers(run.key, applied.changes, tools));
}

/** What the second comes to, once the first has come true; both have ended by then. @throws what the first throws, else the second */
async function after<Result>(first: Promise<void>, second: Promise<Result>): Promise<Result> {
  await Promise.allSettled([first, second]);
  await first;
  return second;
}

function today(tools: ReconcileTools): string {
  return tools.now().toISOString().slice(0, 10);
}

/** @throws SluiceError `deploy.spec`, `deploy.unsupported`, `deploy.expression` */
function checkSpec({ key, deploy }: Run): void {
  if (deploy.problems.length > 0)
    throw new SluiceError('deploy.spec', `Kustomization ${key}: ${deploy.problems.join('; ')}`);
  if (deploy.refused.length > 0) throw new SluiceError('deploy.unsupported', deploy.refused.join('; '));
  // Each is refused now rather than once something was written.
  createHealthRules(deploy.healthCheckExprs);
  compileIgnore(deploy.ignore);
}

async function hold(run: Run, { cluster }: ReconcileTools): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    const { finalizers } = run.object.metadata;
    const there = Array.isArray(finalizers) ? finalizers.filter((one): one is string => typeof one === 'string') : [];
    if (there.includes(fluxFinalizer)) return;
    const version = stringAt(run.object.metadata as never, 'resourceVersion');
    try {
      run.wrote(await cluster.patchMetadata(run.address, { finalizers: [...there, fluxFinalizer] }, version));
      return;
    } catch (thrown) {
      if (asSluiceError(thrown).code !== 'kube.conflict' || tries >= 3) throw thrown;
      // Somebody else wrote it meanwhile; that is no reason to say that it failed.
      await run.look();
    }
  }
}

/** Its source was never asked yet: the answer makes it due, so there is nothing to say. */
function isFetching({ spec }: Run, { sources }: ReconcileTools): boolean {
  const { kind, namespace, name } = spec.sourceRef;
  const key = `${namespace}/${name}`;
  return kind === 'GitRepository' && sources.object(key) !== undefined && sources.outcome(key) === undefined;
}

function waitForSource(run: Run, tools: ReconcileTools): string {
  tools.schedule.next(run.key, sourceRetryMs, 'source');
  return 'its source is being fetched';
}

/**
 * Another agent may have seen a newer revision than we have; then we ask the server before we would go back. A revision
 * that the server itself has gone back to is followed.
 */
async function newestSource(run: Run, tools: ReconcileTools): Promise<TreeSource> {
  const { kind, namespace, name } = run.spec.sourceRef;
  const attempted = stringAt(run.object['status'], 'lastAttemptedRevision');
  const before = await tools.tree(run.spec.sourceRef);
  const differs = before.type === 'tree' && attempted !== undefined && before.revision !== attempted;
  if (kind === 'GitRepository' && differs) await tools.sources.refreshIfOlder(`${namespace}/${name}`, freshMs);
  return readSource(liveOf(run.object), tools);
}

/** @throws SluiceError `deploy.dependency`, not ready, naming each; `fleet.cycle` */
function requireDependencies(run: Run, { revision }: TreeSource, { kustomizations }: ReconcileTools): void {
  if (run.deploy.dependsOn.length === 0) return;
  const answer = dependenciesReady(run.object, kustomizations.all(), revision);
  if (answer.ready) return;
  const cycle = dependencyCycle(run.object, kustomizations.all());
  if (cycle !== undefined)
    throw new SluiceError('fleet.cycle', `Kustomizations wait for each other: ${cycle.join(' → ')}`, {
      remedy: 'take one of these out of spec.dependsOn',
    });
  throw new SluiceError('deploy.dependency', answer.message, { kind: 'notReady' });
}

/** Ready at this generation: what is left to say is the revision. */
function isSettled(run: Run): boolean {
  const observed = run.object['status'] as { readonly observedGeneration?: unknown } | undefined;
  return isReady(run.object) && observed?.observedGeneration === run.attempt.generation;
}

async function unchanged(run: Run, { revision }: TreeSource, digest: string, tools: ReconcileTools): Promise<string> {
  const { durationMs } = run;
  const status = unchangedStatus(run.object, run.attempt, { revision, digest, durationMs, now: tools.now() });
  if (status !== undefined) await run.write(status);
  planNext(run, tools);
  return status === undefined ? 'nothing to do' : `unchanged at ${revision}`;
}

async function suspended(run: Run, tools: ReconcileTools): Promise<string> {
  const status = suspendedStatus(run.object, run.attempt, tools.now());
  if (status !== undefined) await run.write(status);
  planNext(run, tools);
  return 'suspended';
}

/** Ids of the build that another Kustomization has in its inventory or its newest build. */
function heldByOthers(run: Run, ids: ReadonlySet<string>, tools: ReconcileTools): ReadonlySet<string> {
  const others = (id: string): boolean =>
    tools.kustomizations.holding(id).some((key) => key !== run.key) ||
    tools.memory.desiring(id).some((key) => key !== run.key);
  return new Set([...ids].filter(others));
}

/** In words fit for a tenant: its own Kustomizations by name, nobody else's. */
function rivalWords(rival: string | undefined, { identity }: Inputs): string | undefined {
  if (rival === undefined) return undefined;
  const namespaces = identity.owner.type === 'tenant' ? identity.owner.tenant.namespaces : undefined;
  const own = namespaces === undefined || namespaces.includes(rival.slice(0, rival.indexOf('/')));
  return own ? `Kustomization ${rival}` : 'another Kustomization of the fleet';
}

/** @throws SluiceError `deploy.deletions`, with the words that let it pass */
function guardDeletions(
  run: Run,
  prepared: readonly Prepared[],
  going: Parameters<typeof deletionGuard>[0]['stale'],
  { source, fleet }: Inputs,
): void {
  const acknowledged = stringAt(run.object.metadata.annotations, acknowledgementKey);
  const { maxDeletions } = fleet.side.fleet.config;
  const refused = deletionGuard({
    kustomization: { namespace: run.namespace, name: run.name },
    built: prepared.length,
    stale: going,
    maxDeletions,
    revision: source.revision,
    acknowledged,
  });
  if (refused !== undefined) throw refused;
}
