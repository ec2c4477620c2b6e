// One attempt at one Kustomization: what it saw, its hold on the status, and whether it is still the one.
import type { FleetView } from '../agent/fleet-view.ts';
import type { HealthWaits } from '../agent/health-waits.ts';
import type { Kustomizations } from '../agent/kustomizations.ts';
import { uidOf } from '../agent/kustomizations.ts';
import type { Memory } from '../agent/memory.ts';
import type { Schedule } from '../agent/schedule.ts';
import type { GitSources } from '../agent/sources.ts';
import type { Touched } from '../agent/touched.ts';
import { SluiceError } from '../errors.ts';
import type { ResolvedSource } from '../fleet/fleet.ts';
import { type DeploySpec, readDeploySpec } from '../flux/deploy-spec.ts';
import { type CrossReference, keyOf, type KustomizationSpec, readKustomization } from '../flux/kustomization.ts';
import { asObject, stringAt } from '../flux/read.ts';
import { kustomizationKind } from '../flux/served.ts';
import { type Attempt, attemptOf, runningAttempt, type StatusPatch } from '../flux/status.ts';
import { nameOf, namespaceOf } from '../object/id.ts';
import { isMerged } from '../object/merge-patch.ts';
import type { KubeObject } from '../object/object.ts';
import type { KubeCluster, ObjectAddress } from '../ports/kube.ts';
import type { Log } from '../ports/log.ts';
import type { Tools } from '../preview/side.ts';

export interface ReconcileTools extends Tools {
  readonly cluster: KubeCluster;
  readonly kustomizations: Kustomizations;
  readonly sources: GitSources;
  readonly fleet: FleetView;
  readonly touched: Touched;
  readonly memory: Memory;
  readonly schedule: Schedule;
  readonly waits: HealthWaits;
  readonly log: Log;
  /** The platform repository was not asked for yet, so nobody knows whose anything is; whoever waits is due when it was. */
  readonly isStarting: () => boolean;
  /** The tree behind a sourceRef now; never throws. */
  readonly tree: (ref: CrossReference) => Promise<ResolvedSource>;
  readonly now: () => Date;
  /** Milliseconds since some start, which no clock moves. */
  readonly elapsed: () => number;
  /** 0 to 1. */
  readonly random: () => number;
  /** Letters and digits, never the same twice. */
  readonly newAttempt: () => string;
}

/** A look at the Kustomization holds this long: a process that was frozen looks again before it writes. */
const lookHoldsMs = 5_000;

export class Run {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly spec: KustomizationSpec;
  readonly deploy: DeploySpec;
  readonly attempt: Attempt;
  readonly startedMs: number;
  readonly signal: AbortSignal;
  readonly #tools: ReconcileTools;
  #object: KubeObject;
  #held = false;
  #lookedMs: number;
  /** Stays rejected where it failed, so that nothing gets past it later either. */
  #ahead: Promise<void> = Promise.resolve();

  constructor(object: KubeObject, tools: ReconcileTools, signal: AbortSignal) {
    this.key = keyOf(object);
    this.namespace = namespaceOf(object);
    this.name = nameOf(object);
    this.spec = readKustomization(object).spec;
    this.deploy = readDeploySpec(object);
    this.attempt = attemptOf(object, tools.newAttempt(), tools.now());
    this.startedMs = tools.elapsed();
    this.signal = signal;
    this.#tools = tools;
    this.#object = object;
    this.#lookedMs = this.startedMs;
  }

  /** As it was read or written last. */
  get object(): KubeObject {
    return this.#object;
  }

  get address(): ObjectAddress {
    return addressOf(this.#object);
  }

  get deleting(): boolean {
    return stringAt(this.#object.metadata as never, 'deletionTimestamp') !== undefined;
  }

  get durationMs(): number {
    return this.#tools.elapsed() - this.startedMs;
  }

  /** Takes over what one of our own writes answered. */
  wrote(object: KubeObject): void {
    this.#object = object;
    this.#lookedMs = this.#tools.elapsed();
    this.#tools.kustomizations.wrote(object);
  }

  /**
   * Begins to write what must stand in the status before any object is written, as `write` does with `holds`. Every look from
   * here on, and so every fence before a write, waits for it and fails as it does.
   */
  writeAhead(patch: StatusPatch): Promise<void> {
    this.#ahead = this.write(patch, true);
    return this.#ahead;
  }

  /**
   * Writes the status as a compare-and-set. With `holds` the attempt's id is in it, and later looks expect to find it; without
   * it this attempt is over. What stands there already is written, whatever became of the answer.
   *
   * @throws SluiceError `deploy.superseded` where somebody else wrote meanwhile and it is theirs now
   */
  async write(patch: StatusPatch, holds = false): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        const version = stringAt(this.#object.metadata as never, 'resourceVersion');
        this.wrote(await this.#tools.cluster.patchStatus(this.address, patch as never, version));
        this.#held ||= holds;
        return;
      } catch (thrown) {
        const code = thrown instanceof SluiceError ? thrown.code : undefined;
        if ((code !== 'kube.conflict' && code !== 'kube.unavailable') || tries >= 3) throw thrown;
        const now = await this.#read();
        if (isMerged(now['status'], patch)) {
          this.#held ||= holds;
          if (holds) this.#check(now);
          return this.wrote(now);
        }
        if (code === 'kube.unavailable') throw thrown;
        // A person annotated it, say: the same words hold for it, if it is still ours.
        this.#check(now);
      }
    }
  }

  /** Looks where the last look is too long ago. @throws as `look` */
  async stillMine(): Promise<void> {
    await this.#ahead;
    this.signal.throwIfAborted();
    if (this.#tools.elapsed() - this.#lookedMs > lookHoldsMs) await this.#look();
  }

  /** @throws SluiceError `deploy.superseded` where it is gone, changed, suspended, or another attempt's */
  async look(): Promise<void> {
    await this.#ahead;
    await this.#look();
  }

  async #look(): Promise<void> {
    this.#check(await this.#read());
  }

  async #read(): Promise<KubeObject> {
    this.signal.throwIfAborted();
    const now = await this.#tools.cluster.get(this.address);
    const gone = now === undefined || uidOf(now) !== uidOf(this.#object);
    if (gone) throw superseded(this.key, 'it is gone');
    this.#lookedMs = this.#tools.elapsed();
    this.#tools.kustomizations.wrote(now);
    return now;
  }

  #check(now: KubeObject): void {
    const other = runningAttempt(now);
    if (this.#held && other !== this.attempt.id) throw superseded(this.key, 'another attempt has begun');
    if (!this.#held && other !== undefined && other !== runningAttempt(this.#object))
      throw superseded(this.key, 'another attempt has begun');
    if (now.metadata['generation'] !== this.attempt.generation) throw superseded(this.key, 'its spec has changed');
    if (!this.deleting && stringAt(now.metadata as never, 'deletionTimestamp') !== undefined)
      throw superseded(this.key, 'it is being deleted');
    if (asObject(now['spec'])?.['suspend'] === true && !this.deploy.suspend)
      throw superseded(this.key, 'it was suspended');
    this.#object = now;
  }
}

export function addressOf(kustomization: KubeObject): ObjectAddress {
  return { kind: kustomizationKind, namespace: namespaceOf(kustomization), name: nameOf(kustomization) };
}

function superseded(key: string, why: string): SluiceError {
  return new SluiceError('deploy.superseded', `this attempt at Kustomization ${key} stops: ${why}`, {
    kind: 'notReady',
  });
}
