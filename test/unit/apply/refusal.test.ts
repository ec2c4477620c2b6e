import { describe, expect, test } from 'vitest';
import { failureOf, longestMessage, type ObjectFailure } from '../../../src/apply/failure.ts';
import { isImmutable, isPrecious } from '../../../src/apply/immutable.ts';
import { forbidding, isOwnedBy, ownerOfLive } from '../../../src/apply/ownership.ts';
import { cleaned, conflictsOf, showConflicts } from '../../../src/apply/refusal.ts';
import { secretValues } from '../../../src/diff/secret-values.ts';
import { SluiceError } from '../../../src/errors.ts';
import type { Json, KubeObject } from '../../../src/object/object.ts';
import { refusal } from '../../kube-memory/cluster.ts';
import { built, configMap, deployment, labelled, ours, owner } from './manifests.ts';

const cause = (reason: string, field = 'spec') => ({ reason, field });
const [forbidden, wrong] = ['FieldValueForbidden', 'FieldValueInvalid'];

describe('immutable', () => {
  test.each([
    ['Job', 422, 'Job.batch "x" is invalid: spec.template: Invalid value: {…}: field is immutable', [cause(wrong)]],
    [
      'Service',
      422,
      'Service "x" is invalid: spec.clusterIPs[0]: Invalid value: []string{"10.0.0.9"}: may not change once set',
      [cause(wrong)],
    ],
    ['PriorityClass', 422, 'value: Forbidden: may not be changed in an update.', [cause(forbidden)]],
    ['RoleBinding', 422, 'roleRef: Invalid value: …: cannot change roleRef', [cause(wrong, 'roleRef')]],
    [
      'StatefulSet',
      422,
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals' are forbidden",
      [cause(forbidden)],
    ],
    [
      'Pod',
      422,
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`',
      [cause(forbidden)],
    ],
    ['StorageClass', 422, 'parameters: Forbidden: updates to parameters are forbidden.', [cause(forbidden)]],
    ['CEL', 422, 'spec.size: Invalid value: "integer": Value is immutable', [cause(wrong)]],
    ['a webhook', 403, 'admission webhook "x" denied the request: spec.id is immutable', []],
    ['another webhook', 400, 'changing an immutable field', []],
    [
      'two fields',
      422,
      'a: Invalid value: 1: field is immutable, b: Invalid value: 2: field is immutable',
      [cause(wrong), cause(wrong)],
    ],
    ['a Secret’s type, of which the client tells fields alone', 422, '', [cause(wrong, 'type')]],
    ['an immutable Secret', 422, '', [cause(forbidden, 'data'), cause(forbidden, 'immutable')]],
  ])('%s', (_name, status, said, causes) => {
    expect(isImmutable(refusal('kube.invalid', status, said, causes))).toBe(true);
  });

  test.each([
    [
      'a missing value beside it',
      422,
      'a: field is immutable, b: Required value',
      [cause(wrong), cause('FieldValueRequired')],
    ],
    [
      'a wrong value beside it',
      422,
      'a: Invalid value: 1: field is immutable, b: Invalid value: "x": must be a number',
      [cause(wrong), cause(wrong)],
    ],
    ['a wrong value', 422, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0', [cause(wrong)]],
    [
      'a missing value that is named so',
      422,
      'a: field is immutable, b.is immutable: Required value',
      [cause(wrong), cause('FieldValueRequired')],
    ],
    [
      'a value that says so',
      422,
      'spec.size: Invalid value: "the size is immutable, \\"really\\" is immutable": must be a number',
      [cause(wrong)],
    ],
    ['a typo', 400, 'strict decoding error: unknown field "spec.replica"', []],
    ['a conflict', 409, 'field is immutable', []],
    ['a server that is down', 500, 'field is immutable', []],
    ['a refusal by RBAC', 403, 'User "x" cannot patch resource', []],
    ['a wrong value of a Secret', 422, '', [cause(wrong, 'data[x]')]],
    ['a Secret and no causes', 422, '', []],
  ])('but not %s', (_name, status, said, causes) => {
    expect(isImmutable(refusal('kube.invalid', status, said, causes))).toBe(false);
  });

  test('an error without an answer is none', () => {
    expect(isImmutable(new SluiceError('kube.invalid', 'field is immutable'))).toBe(false);
  });

  test.each([
    ['v1', 'Namespace', true],
    ['v1', 'PersistentVolumeClaim', true],
    ['v1', 'PersistentVolume', true],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', true],
    ['example.com/v1', 'Namespace', false],
    ['v1', 'ConfigMap', false],
  ])('%s %s is precious: %s', (apiVersion, kind, precious) => {
    expect(isPrecious({ apiVersion, kind })).toBe(precious);
  });
});

describe('ownership', () => {
  const helm = { 'helm.toolkit.fluxcd.io/name': 'db', 'helm.toolkit.fluxcd.io/namespace': 'b' };

  test.each([
    [ours, { kind: 'Kustomization', namespace: 'a', name: 'apps' }],
    [helm, { kind: 'HelmRelease', namespace: 'b', name: 'db' }],
    [
      { ...helm, ...ours },
      { kind: 'Kustomization', namespace: 'a', name: 'apps' },
    ],
    [{ 'kustomize.toolkit.fluxcd.io/name': 'apps' }, undefined],
    [{ 'kustomize.toolkit.fluxcd.io/name': '', 'kustomize.toolkit.fluxcd.io/namespace': 'a' }, undefined],
    [{ 'kustomize.toolkit.fluxcd.io/name': 1, 'kustomize.toolkit.fluxcd.io/namespace': 'a' }, undefined],
    [null, undefined],
    ['x', undefined],
  ] as [Json, unknown][])('%j', (labels, expected) => {
    expect(ownerOfLive(configMap('x', {}, { labels }))).toEqual(expected);
  });

  test('a name in another namespace, or in other letters, is another owner', () => {
    const of = (name: string, namespace: string): KubeObject =>
      labelled(configMap('x'), {
        'kustomize.toolkit.fluxcd.io/name': name,
        'kustomize.toolkit.fluxcd.io/namespace': namespace,
      });
    expect(isOwnedBy(of('apps', 'a'), owner)).toBe(true);
    expect(isOwnedBy(of('apps', 'b'), owner)).toBe(false);
    expect(isOwnedBy(of('Apps', 'a'), owner)).toBe(false);
    expect(isOwnedBy(labelled(configMap('x'), helm), { namespace: 'b', name: 'db' })).toBe(false);
  });

  const entries = (...managers: [string, string, string?][]): Json =>
    managers.map(([manager, operation, subresource]) => ({
      manager,
      operation,
      fieldsV1: {},
      ...(subresource === undefined ? {} : { subresource }),
    }));
  const conflicts = ['hpa', 'editor', 'kubectl', 'legacy', ''].map((manager) => ({ manager, field: '.spec.x' }));
  const live = deployment(
    {},
    { managedFields: entries(['hpa', 'Apply'], ['editor', 'Update'], ['kubectl', 'Apply'], ['legacy', 'Apply']) },
  );

  test('on first contact, fields that others applied are not taken; those they merely wrote are', () => {
    expect(forbidding(conflicts, live, owner, ['legacy']).map(({ manager }) => manager)).toEqual(['hpa', '']);
  });

  test('on what carries our labels everything is', () => {
    expect(forbidding(conflicts, labelled(live), owner, [])).toEqual([]);
  });

  test('a manager that applies by a subresource has applied', () => {
    const scaled = deployment({}, { managedFields: entries(['hpa', 'Apply', 'scale']) });
    expect(forbidding([{ manager: 'hpa', field: '.spec.replicas' }], scaled, owner, [])).toHaveLength(1);
  });

  test('conflicts are named, not too many', () => {
    const error = refusal('kube.conflict', 409, '', [
      { reason: 'FieldManagerConflict', field: '.spec.replicas', manager: 'hp"a\n' },
    ]);
    expect(showConflicts(conflictsOf(error))).toBe('.spec.replicas (owned by "hp\\u{22}a\\u{a}")');
    expect(showConflicts(Array.from({ length: 12 }, () => ({ manager: 'm', field: '.f' })))).toMatch(/, 2 more$/);
  });
});

describe('what may be shown', () => {
  const secret: KubeObject = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's' },
    stringData: { password: 'hunter2-long' },
  };
  const values = secretValues([built(secret)], { copiesSecrets: false });
  const none = secretValues([], { copiesSecrets: false });

  test.each(['Secret', 'SealedSecret', 'ExternalSecret'])('of a %s only fields and reasons', (kind) => {
    const said = 'data.password: Invalid value: "hunter2": bad; unknown field "stringdata"';
    const error = refusal('kube.invalid', 422, said, [cause(wrong, 'data.password')]);
    const { message, remedy } = cleaned(error, { ...secret, kind }, none);
    expect(message).toMatch(
      /^the API server does not take it: data\.password \(FieldValueInvalid\), stringdata \(unknown field\); /,
    );
    expect(message).not.toContain('hunter2');
    expect(remedy).toBe('correct it in Git');
  });

  test('known values are scrubbed from what is said of anything else', () => {
    const error = refusal('kube.invalid', 422, 'spec.url must not be hunter2-long\u202e');
    expect(cleaned(error, deployment(), values).message).toBe('spec.url must not be ***\\u{202e}');
  });

  test('code, kind, remedy and time are kept; the cause is not', () => {
    const retryAt = new Date(5);
    const error = new SluiceError('kube.unavailable', 'later', {
      kind: 'transient',
      retryAt,
      remedy: 'wait',
      cause: { said: 'hunter2' },
    });
    const shown = cleaned(error, deployment(), none);
    expect(shown).toMatchObject({ code: 'kube.unavailable', kind: 'transient', retryAt, remedy: 'wait' });
    expect(shown.cause).toBeUndefined();
  });
});

describe('many failures as one', () => {
  const failure = (label: string, more: ConstructorParameters<typeof SluiceError>[2] = {}): ObjectFailure => ({
    id: label,
    label,
    place: undefined,
    error: new SluiceError('kube.invalid', `${label} is wrong`, more),
  });

  test('is cut at 20,000 characters and says so', () => {
    const many = Array.from({ length: 2000 }, (_, at) => failure(`ConfigMap/a/${at}`));
    const { message } = failureOf('deploy.apply', many as [ObjectFailure, ...ObjectFailure[]], 'many');
    expect(message.length).toBeLessThanOrEqual(longestMessage);
    const hidden = Number(/… and (\d+) more, not shown/.exec(message)?.[1]);
    expect(message.match(/^ConfigMap/gm)).toHaveLength(2000 - hidden);
  });

  test('one that is long leaves room for others, and says how much is missing', () => {
    const long = { ...failure('a'), error: new SluiceError('kube.invalid', 'x'.repeat(50_000)) };
    const { message } = failureOf('deploy.apply', [long, failure('b')], 'two');
    expect(message).toContain('… (48000 more characters)');
    expect(message).toContain('b is wrong');
  });

  test.each([
    [['transient', 'transient'], 'transient'],
    [['transient', 'notReady'], 'notReady'],
    [['transient', 'terminal'], 'terminal'],
  ] as const)('%j is %s', (kinds, kind) => {
    const [first, second] = kinds.map((one) => failure('x', { kind: one }));
    if (first === undefined || second === undefined) throw new Error('two kinds');
    expect(failureOf('deploy.prune', [first, second], '').kind).toBe(kind);
  });

  test('comes again at the latest time that a server named', () => {
    const [one, other] = [failure('x', { retryAt: new Date(1000) }), failure('y', { retryAt: new Date(2000) })];
    expect(failureOf('deploy.apply', [one, other], '').retryAt).toEqual(new Date(2000));
  });
});
