// What a commit has come to on this cluster, all Kustomizations that follow its source taken together.
import { findCondition } from '../flux/condition.ts';
import { followedBranch, readKustomization } from '../flux/kustomization.ts';
import { asObject, stringAt } from '../flux/read.ts';
import type { KubeObject } from '../object/object.ts';
import type { DeployedKustomization, DeployState } from '../ports/queue.ts';
import type { Kustomizations } from './kustomizations.ts';
import type { GitSources, SourceState } from './sources.ts';

export interface DeploymentReport {
  readonly url: string;
  readonly branch: string;
  readonly commit: string;
  readonly state: DeployState;
  /** Epoch milliseconds: when the agent first saw the commit. */
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly kustomizations: readonly DeployedKustomization[];
}

export interface DeploymentsTools {
  readonly cluster: string;
  readonly kustomizations: Kustomizations;
  readonly sources: GitSources;
  now(): Date;
  report(report: DeploymentReport): void;
}

interface Going {
  readonly state: SourceState;
  readonly startedAt: number;
  /** Nobody knows when the commit came: this process has just begun to look. */
  readonly first: boolean;
  told: string;
}

const mostKustomizations = 100;

export class Deployments {
  readonly #tools: DeploymentsTools;
  /** By source key: the commit it is at. */
  readonly #going = new Map<string, Going>();
  /** Sources of which something is to be told. */
  readonly #dirty = new Set<string>();

  constructor(tools: DeploymentsTools) {
    this.#tools = tools;
  }

  /** A source stands at another commit. `first` where it was never fetched before. */
  moved(state: SourceState, first: boolean): void {
    this.#going.set(state.key, { state, startedAt: this.#tools.now().getTime(), first, told: '' });
    this.#dirty.add(state.key);
  }

  /** A Kustomization's status moved, or it went. */
  changed(_key: string, object: KubeObject | undefined): void {
    if (object === undefined) return;
    const { sourceRef } = readKustomization(object).spec;
    this.#dirty.add(`${sourceRef.namespace}/${sourceRef.name}`);
  }

  /** Tells what came since the last time, each source once. */
  flush(): void {
    for (const key of this.#dirty) this.#tell(key);
    this.#dirty.clear();
  }

  #tell(sourceKey: string): void {
    const going = this.#going.get(sourceKey);
    const branch = going === undefined ? undefined : followedBranch(going.state.ref);
    if (going === undefined || branch === undefined) return;
    const { state, startedAt } = going;
    const kustomizations = this.#readers(sourceKey).map(([key, object]) => deployed(key, object, state.revision));
    if (kustomizations.length === 0) return;
    const overall = overallOf(kustomizations);
    const told = JSON.stringify([overall, kustomizations.map(({ key, state: one, message }) => [key, one, message])]);
    if (told === going.told || (overall === 'in_progress' && going.told !== '')) return;
    // What was live before this process began was told by the one before it, with the true time.
    const old = going.first && going.told === '' && overall === 'success';
    going.told = told;
    if (old) return;
    const { url, commit } = state;
    const endedAt = overall === 'in_progress' ? undefined : this.#tools.now().getTime();
    const shown = [...kustomizations]
      .sort((one, other) => rank(one.state) - rank(other.state))
      .slice(0, mostKustomizations);
    this.#tools.report({ url, branch, commit, state: overall, startedAt, endedAt, kustomizations: shown });
  }

  #readers(sourceKey: string): (readonly [string, KubeObject])[] {
    return [...this.#tools.kustomizations.all()].filter(([, object]) => {
      const { kind, namespace, name } = readKustomization(object).spec.sourceRef;
      return kind === 'GitRepository' && `${namespace}/${name}` === sourceKey;
    });
  }
}

/** What a Kustomization's status says of a revision of its source. */
function deployed(key: string, object: KubeObject, revision: string): DeployedKustomization {
  const ready = findCondition(object, 'Ready');
  const { reason = '', message = '' } = ready ?? {};
  const words = { key, reason: reason.slice(0, 200), message: message.slice(0, 2_000) };
  if (asObject(object['spec'])?.['suspend'] === true) return { ...words, state: 'suspended' };
  const { status } = object;
  if (ready?.status === 'True' && stringAt(status, 'lastAppliedRevision') === revision)
    return { ...words, state: 'success' };
  const attempted = stringAt(status, 'lastAttemptedRevision') === revision;
  const waits = reason === 'DependencyNotReady' || reason === 'Progressing';
  return { ...words, state: ready?.status === 'False' && attempted && !waits ? 'failure' : 'in_progress' };
}

/** One that failed says it all; then everybody must be there. */
function overallOf(all: readonly DeployedKustomization[]): DeployState {
  if (all.some(({ state }) => state === 'failure')) return 'failure';
  return all.some(({ state }) => state === 'in_progress') ? 'in_progress' : 'success';
}

function rank(state: DeployedKustomization['state']): number {
  return ['failure', 'in_progress', 'success', 'suspended'].indexOf(state);
}
