import { describe, expect, test } from 'vitest';
import { type DeploymentReport, Deployments } from '../../../src/agent/deployments.ts';
import type { SourceOutcome, SourceState } from '../../../src/agent/sources.ts';
import { deployedJob } from '../../../src/job/deployed.ts';
import { readJob } from '../../../src/job/job.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const [one, two] = ['a'.repeat(40), 'b'.repeat(40)];

type Status = 'applied' | 'failed' | 'waiting' | 'progressing' | 'suspended' | 'unusable';

class Cluster {
  readonly told: DeploymentReport[] = [];
  readonly #objects = new Map<string, KubeObject>();
  readonly #states = new Map<string, SourceState>();
  #now = 1_800_000_000_000;
  readonly deployments = new Deployments({
    cluster: 'prod',
    kustomizations: { all: () => this.#objects },
    sources: { outcome: (key) => this.#outcome(key) },
    now: () => new Date(this.#now),
    report: (report) => void this.told.push(report),
  });

  source(name: string, commit: string, more: Partial<SourceState> = {}): void {
    const first = !this.#states.has(name);
    const url = 'https://github.com/acme/shop';
    const facts = { key: `apps/${name}`, url, ref: { branch: 'main' }, revision: `main@sha1:${commit}`, commit };
    const state: SourceState = { ...facts, tree: {} as SourceState['tree'], ...more };
    this.#states.set(name, state);
    this.deployments.moved(state, first);
  }

  kustomization(name: string, source: string, status: Status, commit: string): void {
    const revision = `main@sha1:${commit}`;
    const reasons = {
      applied: 'ReconciliationSucceeded',
      failed: 'BuildFailed',
      waiting: 'DependencyNotReady',
      unusable: 'Unsupported',
    };
    const reason = status in reasons ? reasons[status as keyof typeof reasons] : 'Progressing';
    const ready = {
      applied: 'True',
      failed: 'False',
      waiting: 'False',
      progressing: 'Unknown',
      suspended: 'True',
      unusable: 'False',
    };
    const object = {
      apiVersion: 'kustomize.toolkit.fluxcd.io/v1',
      kind: 'Kustomization',
      metadata: { namespace: 'apps', name, generation: 3 },
      spec: { suspend: status === 'suspended', sourceRef: { kind: 'GitRepository', name: source } },
      status: {
        conditions: [
          { type: 'Ready', status: ready[status], reason, message: `${name} is ${status}`, observedGeneration: 3 },
        ],
        lastAttemptedRevision: revision,
        ...(status === 'applied' ? { lastAppliedRevision: revision } : {}),
      },
    } as unknown as KubeObject;
    this.#objects.set(`apps/${name}`, object);
    this.deployments.changed(`apps/${name}`, object);
  }

  remove(name: string): void {
    this.#objects.delete(`apps/${name}`);
    this.deployments.changed(`apps/${name}`, undefined);
  }

  /** Lets time pass, and tells. @returns the states that were told meanwhile */
  after(seconds: number): readonly string[] {
    this.#now += seconds * 1_000;
    const before = this.told.length;
    this.deployments.flush();
    return this.told.slice(before).map(({ state, commit }) => `${state} ${commit[0]}`);
  }

  #outcome(key: string): SourceOutcome | undefined {
    const state = this.#states.get(key.slice('apps/'.length));
    return state === undefined ? undefined : { type: 'fetched', state };
  }
}

/** A cluster that has been at commit a for a while, with two Kustomizations of one source. */
function settled(): Cluster {
  const cluster = new Cluster();
  cluster.source('shop', one);
  cluster.kustomization('web', 'shop', 'applied', one);
  cluster.kustomization('api', 'shop', 'applied', one);
  expect(cluster.after(1)).toEqual([]);
  return cluster;
}

describe('what is told of a commit', () => {
  test('that it is under way, and that all of it is there, with the time of each', () => {
    const cluster = settled();
    cluster.source('shop', two);
    expect(cluster.after(1)).toEqual(['in_progress b']);
    cluster.kustomization('web', 'shop', 'applied', two);
    cluster.kustomization('api', 'shop', 'waiting', two);
    expect(cluster.after(5)).toEqual([]);
    cluster.kustomization('api', 'shop', 'applied', two);
    expect(cluster.after(4)).toEqual(['success b']);
    const [begun, ended] = cluster.told;
    expect(begun).toMatchObject({ url: 'https://github.com/acme/shop', branch: 'main', endedAt: undefined });
    expect(ended?.startedAt).toBe(begun?.startedAt);
    expect((ended?.endedAt ?? 0) - (ended?.startedAt ?? 0)).toBe(10_000);
  });

  test('that one failed whose spec lets it try no commit at all', () => {
    const cluster = settled();
    cluster.kustomization('api', 'shop', 'unusable', one);
    cluster.after(1);
    cluster.source('shop', two);
    // What applies it may bring another spec with this commit.
    expect(cluster.after(1)).toEqual(['in_progress b']);
    cluster.kustomization('web', 'shop', 'applied', two);
    expect(cluster.after(1)).toEqual(['failure b']);
    expect(cluster.told.at(-1)?.kustomizations).toContainEqual({
      key: 'apps/api',
      state: 'failure',
      reason: 'Unsupported',
      message: 'api is unusable',
    });
    cluster.kustomization('api', 'shop', 'applied', two);
    expect(cluster.after(1)).toEqual(['success b']);
  });

  test('that one failed, and that it is there after all', () => {
    const cluster = settled();
    cluster.source('shop', two);
    cluster.kustomization('web', 'shop', 'applied', two);
    cluster.kustomization('api', 'shop', 'failed', two);
    expect(cluster.after(1)).toEqual(['failure b']);
    cluster.kustomization('api', 'shop', 'progressing', two);
    expect(cluster.after(1)).toEqual([]);
    cluster.kustomization('api', 'shop', 'applied', two);
    expect(cluster.after(1)).toEqual(['success b']);
  });

  test('that what failed is gone', () => {
    const cluster = settled();
    cluster.source('shop', two);
    cluster.kustomization('web', 'shop', 'applied', two);
    cluster.kustomization('api', 'shop', 'failed', two);
    expect(cluster.after(1)).toEqual(['failure b']);
    cluster.remove('api');
    expect(cluster.after(1)).toEqual(['success b']);
  });

  test('which are suspended, and not more than that', () => {
    const cluster = settled();
    cluster.source('shop', two);
    cluster.kustomization('web', 'shop', 'applied', two);
    cluster.kustomization('api', 'shop', 'suspended', one);
    expect(cluster.after(1)).toEqual(['success b']);
    expect(
      cluster.told
        .at(-1)
        ?.kustomizations.map(({ state }) => state)
        .toSorted(),
    ).toEqual(['success', 'suspended']);
  });

  test('an end once more after a while, since the queue may have lost it, and never again', () => {
    const cluster = settled();
    cluster.source('shop', two);
    cluster.kustomization('web', 'shop', 'applied', two);
    cluster.kustomization('api', 'shop', 'applied', two);
    expect(cluster.after(1)).toEqual(['success b']);
    expect(cluster.after(299)).toEqual([]);
    expect(cluster.after(2)).toEqual(['success b']);
    expect(cluster.told.at(-1)).toEqual(cluster.told.at(-2));
    expect(cluster.after(10_000)).toEqual([]);
  });

  test('nothing of what a process finds live when it begins; what it finds failed it tells', () => {
    const cluster = new Cluster();
    cluster.source('shop', one);
    cluster.kustomization('web', 'shop', 'failed', one);
    expect(cluster.after(1)).toEqual(['failure a']);
  });

  test('nothing of what follows no branch, or is read by nobody', () => {
    const cluster = new Cluster();
    cluster.source('tag', one, { ref: { tag: 'v1' } });
    cluster.kustomization('web', 'tag', 'failed', one);
    cluster.source('alone', one);
    expect(cluster.after(1)).toEqual([]);
  });
});

describe('several sources of one branch', () => {
  test('are told of together: one that failed is not hidden by one that is there', () => {
    const cluster = new Cluster();
    const other = { url: 'ssh://git@github.com/Acme/shop.git', ref: { name: 'refs/heads/main' } };
    for (const commit of [one, two]) {
      cluster.source('mine', commit);
      cluster.source('theirs', commit, other);
      if (commit === two) break;
      cluster.kustomization('web', 'mine', 'applied', commit);
      cluster.kustomization('api', 'theirs', 'applied', commit);
      cluster.after(1);
    }
    cluster.kustomization('web', 'mine', 'applied', two);
    expect(cluster.after(1)).toEqual(['in_progress b']);
    cluster.kustomization('api', 'theirs', 'failed', two);
    expect(cluster.after(1)).toEqual(['failure b']);
    expect(
      cluster.told
        .at(-1)
        ?.kustomizations.map(({ key }) => key)
        .toSorted(),
    ).toEqual(['apps/api', 'apps/web']);
  });

  test('of another branch or repository are told of on their own', () => {
    const cluster = new Cluster();
    for (const commit of [one, two]) {
      cluster.source('main', commit);
      cluster.source('release', commit, { ref: { branch: 'release' } });
      cluster.source('fork', commit, { url: 'https://github.com/other/shop' });
      for (const name of ['main', 'release', 'fork']) cluster.kustomization(name, name, 'applied', commit);
      cluster.after(1);
    }
    expect(cluster.told.map(({ url, branch }) => `${url} ${branch}`).toSorted()).toEqual([
      'https://github.com/acme/shop main',
      'https://github.com/acme/shop release',
      'https://github.com/other/shop main',
    ]);
  });
});

test('every report is a job, whatever the address and the words', () => {
  const cluster = settled();
  cluster.source('other', one, { url: 'https://x:ghs_secret@github.com/acme/other.git' });
  cluster.kustomization('other', 'other', 'failed', one);
  cluster.source('ssh', one, { url: 'ssh://git@git.example.com:2222/acme/shop' });
  cluster.kustomization('ssh', 'ssh', 'failed', one);
  cluster.source('shop', two);
  cluster.after(1);
  expect(cluster.told.length).toBe(3);
  expect(JSON.stringify(cluster.told)).not.toContain('ghs_secret');
  for (const { startedAt, endedAt, ...facts } of cluster.told) {
    const times = {
      startedAt: new Date(startedAt).toISOString(),
      ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() }),
    };
    const job = deployedJob({ cluster: 'prod', ...facts, ...times, cause: 'agent' });
    expect(readJob(job).type).toBe('job');
  }
});
