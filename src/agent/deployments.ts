// What a commit has come to on this cluster, all Kustomizations that follow its repository and branch taken together.
import { findCondition } from '../flux/condition.ts';
import { followedBranch, readKustomization } from '../flux/kustomization.ts';
import { asObject, stringAt } from '../flux/read.ts';
import type { KubeObject } from '../object/object.ts';
import type { DeployedKustomization, DeployState } from '../ports/queue.ts';
import { parseRepositoryUrl, sameRepository } from '../source/url.ts';
import type { Kustomizations } from './kustomizations.ts';
import type { GitSources, SourceState } from './sources.ts';

export interface DeploymentReport {
  /** Without credentials. */
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
  readonly kustomizations: Pick<Kustomizations, 'all'>;
  readonly sources: Pick<GitSources, 'outcome'>;
  now(): Date;
  report(report: DeploymentReport): void;
}

interface Going {
  readonly url: string;
  readonly branch: string;
  readonly commit: string;
  readonly startedAt: number;
  /** Nobody knows when the commit came: this process has just begun to look. */
  readonly first: boolean;
  told: string;
  /** An end that is told once more, should the queue have lost it. */
  again: { readonly report: DeploymentReport; readonly at: number } | undefined;
}

const againMs = 5 * 60_000;

export class Deployments {
  readonly #tools: DeploymentsTools;
  /** By repository and branch (`keyOfState`): the commit it is at. Several GitRepositories may follow one branch. */
  readonly #going = new Map<string, Going>();
  /** Those of which something is to be told. */
  readonly #dirty = new Set<string>();

  constructor(tools: DeploymentsTools) {
    this.#tools = tools;
  }

  /** A source stands at another commit. `first` where it was never fetched before. */
  moved(state: SourceState, first: boolean): void {
    const key = keyOfState(state);
    const branch = followedBranch(state.ref);
    if (key === undefined || branch === undefined) return;
    this.#dirty.add(key);
    // Another source of the same may have been there before.
    if (this.#going.get(key)?.commit === state.commit) return;
    const { shown: url } = parseRepositoryUrl(state.url);
    const startedAt = this.#tools.now().getTime();
    this.#going.set(key, { url, branch, commit: state.commit, startedAt, first, told: '', again: undefined });
  }

  /** A Kustomization's status moved, or it went. */
  changed(_key: string, object: KubeObject | undefined): void {
    const key = object === undefined ? undefined : this.#followed(object);
    if (key !== undefined) this.#dirty.add(key);
    // What it had failed at may be over for others now.
    if (object === undefined) for (const any of this.#going.keys()) this.#dirty.add(any);
  }

  /** Tells what came since the last time, each branch once, and ends a second time that were told a while ago. */
  flush(): void {
    for (const key of this.#dirty) this.#tell(key);
    this.#dirty.clear();
    const now = this.#tools.now().getTime();
    for (const going of this.#going.values()) {
      if (going.again === undefined || going.again.at > now) continue;
      this.#tools.report(going.again.report);
      going.again = undefined;
    }
  }

  #tell(key: string): void {
    const going = this.#going.get(key);
    if (going === undefined) return;
    const { url, branch, commit, startedAt } = going;
    const readers = this.#readers(key).map(([name, object]) => ({ name, object, state: stateAt(object, commit) }));
    if (readers.length === 0) return;
    const kustomizations = readers.map(deployed);
    const overall = overallOf(new Set(readers.map(({ state }) => state)));
    const told = JSON.stringify([overall, kustomizations.map(({ key: one, state, message }) => [one, state, message])]);
    if (told === going.told || (overall === 'in_progress' && going.told !== '')) return;
    // What was live before this process began was told by the one before it, with the true time.
    const old = going.first && going.told === '' && overall === 'success';
    going.told = told;
    if (old) return;
    const now = this.#tools.now().getTime();
    const endedAt = overall === 'in_progress' ? undefined : now;
    const report = { url, branch, commit, state: overall, startedAt, endedAt, kustomizations };
    going.again = endedAt === undefined ? undefined : { report, at: now + againMs };
    this.#tools.report(report);
  }

  #readers(key: string): (readonly [string, KubeObject])[] {
    return [...this.#tools.kustomizations.all()].filter(([, object]) => this.#followed(object) === key);
  }

  /** Which repository and branch it follows, as far as its source was ever fetched. */
  #followed(object: KubeObject): string | undefined {
    const { kind, namespace, name } = readKustomization(object).spec.sourceRef;
    if (kind !== 'GitRepository') return undefined;
    const state = this.#tools.sources.outcome(`${namespace}/${name}`)?.state;
    return state === undefined ? undefined : keyOfState(state);
  }
}

/** Equal for sources of one repository and branch; undefined for what follows no branch. */
function keyOfState({ url, ref }: SourceState): string | undefined {
  const branch = followedBranch(ref);
  if (branch === undefined || !sameRepository(url, url)) return undefined;
  return JSON.stringify([parseRepositoryUrl(url).key, branch]);
}

/** `unusable`: its spec stops it before it looks at any commit, so it fails at each until the spec changes. */
type State = DeployedKustomization['state'] | 'unusable';

interface Reader {
  readonly name: string;
  readonly object: KubeObject;
  readonly state: State;
}

function deployed({ name, object, state }: Reader): DeployedKustomization {
  const { reason = '', message = '' } = findCondition(object, 'Ready') ?? {};
  return { key: name, reason, message, state: state === 'unusable' ? 'failure' : state };
}

const ofTheSpec: ReadonlySet<string> = new Set(['InvalidSpec', 'InvalidCELExpression', 'Unsupported']);

/** What a Kustomization's status says of a commit of its source. */
function stateAt(object: KubeObject, commit: string): State {
  const { status, metadata } = object;
  const ready = findCondition(object, 'Ready');
  if (asObject(object['spec'])?.['suspend'] === true) return 'suspended';
  if (ready?.status === 'True' && isAt(stringAt(status, 'lastAppliedRevision'), commit)) return 'success';
  if (ready?.status !== 'False') return 'in_progress';
  if (ofTheSpec.has(ready.reason) && ready.observedGeneration === metadata['generation']) return 'unusable';
  if (!isAt(stringAt(status, 'lastAttemptedRevision'), commit)) return 'in_progress';
  return ready.reason === 'DependencyNotReady' || ready.reason === 'Progressing' ? 'in_progress' : 'failure';
}

/** `main@sha1:3f9c…` and `refs/heads/main@sha1:3f9c…` are at one commit. */
function isAt(revision: string | undefined, commit: string): boolean {
  return revision?.endsWith(`:${commit}`) === true;
}

/** One that failed says it all; then everybody must be there. What is under way may yet bring a spec that can be used. */
function overallOf(states: ReadonlySet<State>): DeployState {
  if (states.has('failure')) return 'failure';
  if (states.has('in_progress')) return 'in_progress';
  return states.has('unusable') ? 'failure' : 'success';
}
