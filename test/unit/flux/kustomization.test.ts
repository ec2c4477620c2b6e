import { describe, expect, it } from 'vitest';
import { describeRef, followedBranch, readKustomization, readSourceRef } from '../../../src/flux/kustomization.ts';
import type { KubeObject } from '../../../src/object/object.ts';

const object = (spec: unknown): KubeObject =>
  ({ apiVersion: 'x/v1', kind: 'X', metadata: { name: 'k', namespace: 'a' }, spec }) as unknown as KubeObject;
const source = { sourceRef: { kind: 'GitRepository', name: 's' } };

describe('spec.ref of a GitRepository', () => {
  it.each<{ ref: unknown; branch: string | undefined; words: string }>([
    { ref: undefined, branch: 'master', words: 'branch master' },
    { ref: {}, branch: 'master', words: 'branch master' },
    { ref: { branch: '' }, branch: 'master', words: 'branch master' },
    { ref: { branch: 'main' }, branch: 'main', words: 'branch main' },
    { ref: { branch: 7 }, branch: 'master', words: 'branch master' },
    { ref: { branch: 'main', tag: 'v1' }, branch: undefined, words: 'tag v1' },
    { ref: { branch: 'main', tag: 'v1', semver: '1.x' }, branch: undefined, words: 'semver 1.x' },
    { ref: { semver: '1.x', name: 'refs/heads/main' }, branch: 'main', words: 'name refs/heads/main' },
    { ref: { name: 'refs/tags/v1', branch: 'main' }, branch: undefined, words: 'name refs/tags/v1' },
    { ref: { name: 'refs/pull/1/head' }, branch: undefined, words: 'name refs/pull/1/head' },
    { ref: { name: 'refs/heads/main', commit: 'c0ffee' }, branch: undefined, words: 'commit c0ffee' },
  ])('$ref', ({ ref, branch, words }) => {
    const read = readSourceRef(object({ url: 'x', ref }));
    expect(followedBranch(read)).toBe(branch);
    expect(describeRef(read)).toBe(words);
  });
});

describe('readKustomization', () => {
  it('fills in what Flux does', () => {
    const { spec, problems } = readKustomization(object({ ...source, dependsOn: [{ name: 'd' }] }));
    expect(problems).toEqual([]);
    expect(spec).toMatchObject({
      path: '',
      sourceRef: { kind: 'GitRepository', name: 's', namespace: 'a' },
      serviceAccountName: undefined,
      dependsOn: [{ namespace: 'a', name: 'd' }],
      hasPostBuild: false,
      suspended: false,
      prune: false,
      remoteCluster: false,
      deletionPolicy: undefined,
    });
    expect(spec.build).toEqual({});
  });

  it.each<{ title: string; spec: unknown; problem: string }>([
    { title: 'no spec', spec: undefined, problem: 'spec is missing' },
    { title: 'a spec that is a list', spec: [], problem: 'spec is missing' },
    { title: 'no source', spec: {}, problem: 'spec.sourceRef needs kind and name' },
    {
      title: 'an account that is a number',
      spec: { ...source, serviceAccountName: 1 },
      problem: 'spec.serviceAccountName must be a string',
    },
    { title: 'a path that is a list', spec: { ...source, path: ['x'] }, problem: 'spec.path must be a string' },
    {
      title: 'a dependency without a name',
      spec: { ...source, dependsOn: [{ namespace: 'b' }] },
      problem: 'spec.dependsOn[0] needs a name',
    },
    {
      title: 'variables from something else',
      spec: { ...source, postBuild: { substituteFrom: [{ kind: 'Pod', name: 'x' }] } },
      problem: 'spec.postBuild.substituteFrom[0] needs kind ConfigMap or Secret, and a name',
    },
  ])('names $title', ({ spec, problem }) => {
    expect(readKustomization(object(spec)).problems).toContain(problem);
  });

  it('takes an empty account for none, and words of scalars for variables', () => {
    const { spec } = readKustomization(
      object({
        ...source,
        serviceAccountName: '',
        postBuild: { substitute: { a: 1, b: true, c: 'x', d: null, e: {} } },
      }),
    );
    expect(spec.serviceAccountName).toBeUndefined();
    expect({ ...spec.substitute }).toEqual({ a: '1', b: 'true', c: 'x' });
  });
});
