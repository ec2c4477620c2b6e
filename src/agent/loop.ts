// What an agent watches, and what makes a Kustomization due. Deciding what to do is the reconcile line's.
import { acknowledgementKey } from '../apply/deletion-guard.ts';
import { factsOf } from '../errors.ts';
import { isReady } from '../flux/condition.ts';
import { keyOf, kustomizeGroup, readKustomization, sourceGroup } from '../flux/kustomization.ts';
import { asList, asObject, isKind, stringAt, valueAt } from '../flux/read.ts';
import { gitRepositoryKind } from '../flux/served.ts';
import { identityOf } from '../inventory/entry.ts';
import type { KubeObject } from '../object/object.ts';
import type { Follower } from '../ports/kube.ts';
import type { PushedJob, Queue } from '../ports/queue.ts';
import type { ReconcileTools } from '../reconcile/run.ts';
import type { AgentTools } from './agent-tools.ts';
import { changedFirst } from './changed-first.ts';
import { Deployments, type DeploymentReport } from './deployments.ts';
import { DriftPace } from './drift-pace.ts';
import { FleetView, rulesDigest, sameRef } from './fleet-view.ts';
import { HealthWaits } from './health-waits.ts';
import { Kustomizations } from './kustomizations.ts';
import { Memory } from './memory.ts';
import { References } from './references.ts';
import { Schedule } from './schedule.ts';
import { sourceRemotes } from './remotes.ts';
import { isKeptByFlux, sourceStatus } from './source-status.ts';
import { readSourceSpec } from './source-spec.ts';
import { GitSources, type SourceOutcome, type SourceState } from './sources.ts';
import { isMoved, Touched } from './touched.ts';
import { resolveTree } from './trees.ts';
import { sameRepository } from '../source/url.ts';

/** What a bootstrapped cluster calls its root. */
const rootKey = 'flux-system/flux-system';
const requestedAt = 'reconcile.fluxcd.io/requestedAt';
/** @defaultValue of `LoopOptions.lostAfterMs` */
const usualLostAfterMs = 5 * 60_000;

export interface LoopOptions {
  readonly cluster: string;
  readonly queue: Queue;
  readonly signal: AbortSignal;
  /** A job that nobody came back from for this long is made again. @defaultValue 300_000 */
  readonly lostAfterMs?: number | undefined;
  report(report: DeploymentReport): void;
}

export class AgentLoop {
  readonly tools: ReconcileTools;
  readonly #tools: AgentTools;
  readonly #options: LoopOptions;
  readonly #generators = new Map<string, KubeObject>();
  readonly #references: References;
  readonly #deployments: Deployments;
  readonly #pace = new DriftPace();
  /** Sources that were fetched since the start. */
  readonly #seen = new Set<string>();
  #rules: string | undefined;

  constructor(tools: AgentTools, options: LoopOptions) {
    this.#tools = tools;
    this.#options = options;
    const { signal, cluster } = options;
    const { kube, renderer, policyEngine, log, mirrors } = tools;
    const memory = new Memory();
    const { lostAfterMs = usualLostAfterMs } = options;
    const schedule = new Schedule({
      elapsed: tools.elapsed,
      lostAfterMs,
      due: (key, cause) => this.#due(key, cause),
    });
    const kustomizations = new Kustomizations({ onChange: (...change) => this.#changed(...change) });
    const sources = new GitSources({
      ...tools,
      mirrors,
      remote: sourceRemotes({ kube, hosted: tools.hosted, isDeclared: (object) => this.#isDeclared(object) }),
      onFetched: (object, outcome, before) => this.#fetched(object, outcome, before),
      onRewritten: (event) => void kube.record(event),
    });
    const touched = new Touched({ cluster: kube, signal, onChange: (owner) => this.#touched(owner) });
    this.#references = new References({
      cluster: kube,
      signal,
      onChange: (key, what) => schedule.now(key, `changed ${what}`),
    });
    const policyTools = { renderer, policyEngine, progress: (): void => {} };
    const fleet = new FleetView({
      cluster,
      shippedPolicies: tools.shippedPolicies,
      tools: policyTools,
      log,
      platform: () => this.#platform(),
      rootPath: () => this.#rootPath(),
      states: () => sources.states(),
    });
    this.#deployments = new Deployments({
      cluster,
      kustomizations,
      sources,
      now: tools.now,
      report: (report) => options.report(report),
    });
    const trees = {
      sources,
      generators: (): readonly KubeObject[] => [...this.#generators.values()],
      isPlatform: (state: SourceState): boolean => this.#isPlatform(state),
    };
    this.tools = {
      ...policyTools,
      cluster: kube,
      kustomizations,
      sources,
      fleet,
      touched,
      memory,
      schedule,
      log,
      waits: new HealthWaits(),
      isStarting: () => this.#isStarting(),
      tree: (ref) => resolveTree(ref, trees),
      now: tools.now,
      elapsed: tools.elapsed,
      random: tools.random,
      newAttempt: tools.newAttempt,
    };
  }

  /** Lists and watches; resolves once it knows all there is. */
  async start(): Promise<void> {
    const { kube } = this.#tools;
    const { signal } = this.#options;
    const kinds = await kube.kinds();
    const follow = async (group: string, kind: string, follower: Follower<KubeObject>): Promise<void> => {
      const served = kinds.find(group, kind);
      if (served !== undefined) await kube.follow(served, follower, { signal });
    };
    await Promise.all([
      follow(sourceGroup, 'GitRepository', this.#sourceFollower()),
      follow('source.extensions.fluxcd.io', 'ArtifactGenerator', followInto(this.#generators)),
    ]);
    this.tick();
    await follow(kustomizeGroup, 'Kustomization', this.tools.kustomizations.follower());
  }

  /** Makes due what is due, and tells what was deployed. To be called several times a second. */
  tick(): void {
    this.#deployments.flush();
    this.tools.sources.tick();
    this.tools.schedule.tick();
  }

  /** A push was heard of: whoever follows that branch or tag asks the server now. */
  async pushed({ url, ref, commit }: PushedJob): Promise<string> {
    const keys = this.tools.sources.following(url, ref);
    await Promise.all(keys.map((key) => this.tools.sources.refresh(key, commit)));
    return keys.length === 0 ? 'followed by nobody here' : `asked for ${keys.join(', ')}`;
  }

  #due(key: string, cause: string): void {
    const [namespace = '', name = ''] = key.split('/');
    const { cluster, queue } = this.#options;
    queue
      .add({ kind: 'reconcile', version: 1, cluster, namespace, name, cause: printable(cause) })
      .catch((thrown: unknown) => {
        if (this.#options.signal.aborted) return;
        this.#tools.log.error('not queued', { kustomization: key, ...factsOf(thrown) });
        this.tools.schedule.within(key, 5_000, cause);
      });
  }

  #changed(key: string, object: KubeObject | undefined, before: KubeObject | undefined): void {
    const { schedule, memory, waits } = this.tools;
    this.#references.update(key, object);
    this.#deployments.changed(key, object);
    if (object === undefined) {
      for (const waiting of memory.released(key)) schedule.now(waiting, `released by ${key}`);
      memory.forget(key);
      schedule.forget(key);
      waits.cancel(key);
      this.#pace.forget(key);
      return;
    }
    if (before === undefined || isEdited(before, object)) schedule.now(key, before === undefined ? 'seen' : 'changed');
    if (key === rootKey && before === undefined) this.#rulesMayDiffer();
    if (isReady(object) && (before === undefined || !isReady(before) || revisionOf(before) !== revisionOf(object)))
      this.#wakeDependents(key);
  }

  #wakeDependents(key: string): void {
    const { kustomizations, schedule } = this.tools;
    for (const dependent of kustomizations.dependents(key)) {
      const object = kustomizations.get(dependent);
      if (object === undefined) continue;
      const { sourceRef } = readKustomization(object).spec;
      const revision = this.tools.sources.outcome(`${sourceRef.namespace}/${sourceRef.name}`)?.state?.revision;
      if (isReady(object) && revisionOf(object) === revision) continue;
      schedule.now(dependent, `dependency ${key}`);
    }
  }

  #touched(owner: string): void {
    const { memory, touched, schedule, waits } = this.tools;
    waits.poke(owner);
    const record = memory.record(owner);
    // While it is being applied there is no record, and it looks itself in the end.
    if (record === undefined) return;
    for (const id of record.leaving) {
      const { group, kind, namespace, name } = identityOf(id) ?? { group: '', kind: '', namespace: '', name: '' };
      if (touched.find(group, kind, namespace, name) === 'absent') return schedule.now(owner, `${id} is gone`);
    }
    for (const [id, applied] of record.objects) {
      const now = touched.find(applied.group, applied.kind, applied.namespace, applied.name);
      if (now === 'unwatched' || (now !== 'absent' && !isMoved(applied, now))) continue;
      const waitMs = this.#pace.wait(owner, this.#tools.elapsed());
      if (waitMs === 0) schedule.now(owner, `drift of ${id}`);
      else schedule.within(owner, waitMs, `drift of ${id}, again and again`);
      return;
    }
  }

  #fetched(object: KubeObject, outcome: SourceOutcome, before: SourceState | undefined): void {
    // Who waits for it comes first.
    this.#wake(keyOf(object), outcome, before);
    this.#writeSourceStatus(object, outcome);
  }

  #wake(key: string, outcome: SourceOutcome, before: SourceState | undefined): void {
    // The first answer makes due whoever waits for it, whatever it is.
    const first = !this.#seen.has(key);
    this.#seen.add(key);
    if (first && key === this.#platformKey())
      for (const reader of this.tools.kustomizations.all().keys())
        this.tools.schedule.now(reader, 'the platform repository');
    if (outcome.state === undefined && first)
      for (const [reader, kustomization] of this.tools.kustomizations.all())
        if (this.#reads(kustomization, key)) this.tools.schedule.now(reader, 'source cannot be fetched');
    if (outcome.state === undefined || outcome.state.revision === before?.revision) return;
    void this.#wakeReaders(key, outcome.state, before);
    this.#deployments.moved(outcome.state, first);
    if (this.#isPlatform(outcome.state)) this.#rulesMayDiffer();
  }

  async #wakeReaders(source: string, state: SourceState, before: SourceState | undefined): Promise<void> {
    const readers = [...this.tools.kustomizations.all()].filter(([, object]) => this.#reads(object, source));
    const several = readers.length > 1 && before !== undefined;
    const keys = several ? await changedFirst(readers, before.tree, state.tree) : readers.map(([key]) => key);
    for (const key of keys) this.tools.schedule.now(key, `source ${state.revision}`);
  }

  #reads(kustomization: KubeObject, sourceKey: string): boolean {
    const { kind, namespace, name } = readKustomization(kustomization).spec.sourceRef;
    if (kind === 'ExternalArtifact') return true;
    if (kind !== 'GitRepository') return false;
    if (`${namespace}/${name}` === sourceKey) return true;
    const source = this.tools.sources.object(`${namespace}/${name}`);
    const includes = asList(valueAt(source?.['spec'], 'include'));
    return includes.some((one) => `${namespace}/${stringAt(one, 'repository', 'name') ?? ''}` === sourceKey);
  }

  /** A platform commit that changes who may do what makes everybody due. */
  #rulesMayDiffer(): void {
    this.tools.fleet.now().then(
      (fleet) => {
        const rules = rulesDigest(fleet);
        const before = this.#rules;
        this.#rules = rules;
        if (before === undefined || before === rules) return;
        for (const key of this.tools.kustomizations.all().keys()) this.tools.schedule.now(key, 'the rules changed');
      },
      () => {},
    );
  }

  #writeSourceStatus(object: KubeObject, outcome: SourceOutcome): void {
    const now = this.#tools.now();
    if (isKeptByFlux(object, now, readSourceSpec(object).intervalMs)) return;
    const patch = sourceStatus(object, outcome, now);
    if (patch === undefined) return;
    const [namespace = '', name = ''] = keyOf(object).split('/');
    this.#tools.kube.patchStatus({ kind: gitRepositoryKind, namespace, name }, patch).catch((thrown: unknown) => {
      this.#tools.log.warn('the status of a source was not written', { source: keyOf(object), ...factsOf(thrown) });
    });
  }

  #platform(): SourceState | undefined {
    return this.tools.sources.outcome(this.#platformKey())?.state;
  }

  #isStarting(): boolean {
    const key = this.#platformKey();
    return this.tools.sources.object(key) !== undefined && this.tools.sources.outcome(key) === undefined;
  }

  /** The source that the root reads. */
  #platformKey(): string {
    const root = this.tools.kustomizations.get(rootKey);
    if (root === undefined) return rootKey;
    const { namespace, name } = readKustomization(root).spec.sourceRef;
    return `${namespace}/${name}`;
  }

  #rootPath(): string | undefined {
    const root = this.tools.kustomizations.get(rootKey);
    return root === undefined ? undefined : readKustomization(root).spec.path;
  }

  #isPlatform(state: SourceState): boolean {
    const platform = this.#platform();
    return platform !== undefined && sameRepository(platform.url, state.url) && sameRef(platform.ref, state.ref);
  }

  /** The root's source, or one that the platform repository defines with this address. */
  async #isDeclared(object: KubeObject): Promise<boolean> {
    const key = keyOf(object);
    if (key === this.#platformKey()) return true;
    const fleet = await this.tools.fleet.now().catch(() => undefined);
    const declared = fleet?.cluster.objects.find(
      (one) => isKind(one.object, sourceGroup, 'GitRepository') && keyOf(one.object) === key,
    );
    const url = stringAt(declared?.object['spec'], 'url');
    return url !== undefined && url === stringAt(object['spec'], 'url');
  }

  #sourceFollower(): Follower<KubeObject> {
    const { sources } = this.tools;
    const known = new Set<string>();
    const take = (object: KubeObject): void => {
      known.add(keyOf(object));
      sources.update(object);
      sources.tick();
    };
    const drop = (key: string): void => {
      known.delete(key);
      sources.remove(key);
    };
    return {
      listed: (items) => {
        const listed = new Set(items.map(keyOf));
        for (const key of known) if (!listed.has(key)) drop(key);
        for (const item of items) take(item);
      },
      changed: take,
      deleted: (item) => drop(keyOf(item)),
    };
  }
}

function followInto(objects: Map<string, KubeObject>): Follower<KubeObject> {
  return {
    listed: (items) => {
      objects.clear();
      for (const item of items) objects.set(keyOf(item), item);
    },
    changed: (item) => void objects.set(keyOf(item), item),
    deleted: (item) => void objects.delete(keyOf(item)),
  };
}

/** Somebody changed what it says, asked for it, or deleted it; its status is our own. */
function isEdited(before: KubeObject, after: KubeObject): boolean {
  const words = ({ metadata }: KubeObject): string =>
    JSON.stringify([
      metadata['uid'],
      metadata['generation'],
      metadata['deletionTimestamp'],
      asObject(metadata.annotations)?.[requestedAt],
      asObject(metadata.annotations)?.[acknowledgementKey],
    ]);
  return words(before) !== words(after);
}

function revisionOf(object: KubeObject): string | undefined {
  return stringAt(object['status'], 'lastAppliedRevision');
}

/** A job's cause is printable ASCII, at most 200 characters. */
function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 200);
}
