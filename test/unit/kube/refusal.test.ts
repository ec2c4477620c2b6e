import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { isMissing, refused, type Target } from '../../../src/adapters/kube/refusal.ts';
import type { SluiceError } from '../../../src/errors.ts';
import type { KubeRefusal } from '../../../src/ports/kube.ts';

const user = 'system:serviceaccount:a:flux';
const target: Target = { verb: 'patch', resource: 'deployments.apps', namespace: 'a', name: 'web', user };
const secret: Target = { ...target, resource: 'secrets', name: 'login' };

interface Said {
  reason?: string;
  message?: string;
  causes?: { reason?: string; field?: string; message?: string }[];
  about?: { kind?: string; name?: string };
}

function answered(status: number, { reason, message, causes, about }: Said = {}, to = target): SluiceError {
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, details: { ...about, causes } };
  return refused({ status, text: JSON.stringify(body), retryAt: undefined }, to);
}

describe('codes and kinds', () => {
  test.each([
    [400, 'kube.invalid', 'terminal'],
    [401, 'kube.unauthorized', 'transient'],
    [403, 'kube.denied', 'terminal'],
    [404, 'kube.gone', 'notReady'],
    [405, 'kube.invalid', 'terminal'],
    [409, 'kube.conflict', 'transient'],
    [410, 'kube.unavailable', 'transient'],
    [413, 'kube.tooLarge', 'terminal'],
    [415, 'kube.invalid', 'terminal'],
    [422, 'kube.invalid', 'terminal'],
    [429, 'kube.unavailable', 'transient'],
    [500, 'kube.unavailable', 'transient'],
    [503, 'kube.unavailable', 'transient'],
    [504, 'kube.unavailable', 'transient'],
    [301, 'kube.unavailable', 'transient'],
    [302, 'kube.unavailable', 'transient'],
    [418, 'kube.unavailable', 'transient'],
  ])('HTTP %i is %s', (status, code, kind) => {
    for (const text of [
      '',
      '<html>hunter2</html>',
      '{"kind":"Status"',
      '[]',
      'null',
      '{"kind":"Pod","message":"hunter2"}',
    ]) {
      const error = refused({ status, text, retryAt: 5_000 }, target);
      expect(error).toMatchObject({ code, kind, retryAt: new Date(5_000) });
      expect(error.cause).toMatchObject({ status });
      expect(error.message).toMatch(/^patch deployments\.apps a\/web: /);
      expect(inspect(error)).not.toContain('hunter2');
    }
  });

  test('an object that etcd does not take is too large, whatever the status', () => {
    const message = 'etcdserver: request is too large';
    expect(answered(500, { message })).toMatchObject({ code: 'kube.tooLarge', kind: 'terminal' });
  });

  test('fields that the schema does not have are the object’s fault, though the server says 500', () => {
    const message =
      'failed to create typed patch object (a/web; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema';
    const error = answered(500, { message });
    expect(error).toMatchObject({ code: 'kube.invalid', kind: 'terminal' });
    expect(error.message).toContain('.spec.replicaz (unknown field)');
  });
});

describe('what is denied', () => {
  const rbac = (who: string, verb: string, resource: string, group: string, where: string): string =>
    `deployments.apps "web" is forbidden: User "${who}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`;

  test.each([
    [
      rbac(user, 'patch', 'deployments', 'apps', 'in the namespace "a"'),
      `${user} may not patch deployments.apps in namespace a (web)`,
    ],
    [
      rbac(user, 'create', 'deployments', 'apps', 'in the namespace "a"'),
      `${user} may not create deployments.apps in namespace a (web)`,
    ],
    [
      rbac(user, 'patch', 'clusterroles', 'rbac', 'at the cluster scope'),
      `${user} may not patch clusterroles.rbac in the cluster`,
    ],
    [
      rbac(user, 'patch', 'deployments/status', 'apps', 'in the namespace "a"'),
      `${user} may not patch deployments.apps/status in namespace a`,
    ],
    [
      rbac(
        'system:serviceaccount:sluice-system:sluice-agent',
        'impersonate',
        'serviceaccounts',
        '',
        'in the namespace "a"',
      ),
      `system:serviceaccount:sluice-system:sluice-agent may not impersonate ${user}`,
    ],
    [
      rbac('system:serviceaccount:x:y', 'impersonate-on:serviceaccount:get', 'configmaps', '', 'in the namespace "a"'),
      `system:serviceaccount:x:y may not impersonate ${user}`,
    ],
  ])('by RBAC is said with user, verb and resource: %#', (message, words) => {
    const error = answered(403, { reason: 'Forbidden', message });
    expect(error).toMatchObject({
      code: 'kube.denied',
      message: words,
      remedy: expect.stringMatching(/Role|bootstrap/),
    });
  });

  test('by RBAC is a missing right, by an admission that speaks in the words of RBAC it is none', () => {
    const words = `User "${user}" cannot patch resource "deployments" in API group "apps" in the namespace "a"`;
    const missing = (message: string): unknown => answered(403, { reason: 'Forbidden', message }).cause;
    for (const subject of ['deployments.apps "web"', 'deployments.apps'])
      expect(missing(`${subject} is forbidden: ${words}`)).toMatchObject({ missingRight: true });
    for (const admission of [
      'admission webhook "guard.example.org" denied the request: ',
      "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'guard' with binding 'all' denied request: ",
      'admission webhook "guard.example.org" denied the request: deployments.apps "web" is forbidden: ',
    ])
      expect(missing(`${admission}${words}`)).toMatchObject({ missingRight: false });
  });

  test('with a user that would break a line is shown in one', () => {
    const message = rbac('a\u001b[31m\u202e', 'patch', 'deployments', 'apps', 'in the namespace "a"');
    expect(answered(403, { message }).message).toMatch(/^[\x20-\x7e]*$/);
  });

  test('without a text is said from the request', () => {
    expect(answered(403).message).toBe(`patch deployments.apps a/web: denied to ${user}`);
    expect(answered(403, {}, { ...target, user: '' }).message).toBe(
      'patch deployments.apps a/web: denied to the agent',
    );
  });

  test.each([
    [
      'pods "web" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=2, limited: pods=2',
      'exceeded quota: compute, requested: pods=1',
      /larger quota/,
    ],
    [
      'pods "web" is forbidden: violates PodSecurity "restricted:latest": privileged (container "web" must not set)',
      'violates PodSecurity "restricted:latest": privileged (container "web"',
      /pod template/,
    ],
    [
      `roles "x" is forbidden: user "${user}" (groups=["x"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}`,
      'is attempting to grant RBAC permissions not currently held: {APIGroups:[""], Resources:["secrets"], Verbs:["get"]}',
      /may do itself/,
    ],
    [
      'configmaps "x" is forbidden: unable to create new content in namespace a because it is being terminated',
      'in namespace a because it is being terminated',
      /holds the namespace/,
    ],
    [
      'admission webhook "policy.example.com" denied the request: no latest tag',
      'admission policy.example.com denied it: no latest tag',
      /who runs that rule/,
    ],
    [
      "deployments.apps \"web\" is forbidden: ValidatingAdmissionPolicy 'replicas' with binding 'b' denied request: too many replicas",
      'admission replicas denied it: too many replicas',
      /who runs that rule/,
    ],
  ])('by admission is said in its words, with what to do: %#', (message, words, remedy) => {
    const error = answered(403, { reason: 'Forbidden', message });
    expect(error.message).toContain(words);
    expect(error.remedy).toMatch(remedy);
  });
});

describe('what is not there', () => {
  test('is an object, a namespace or a kind', () => {
    const object = answered(404, { reason: 'NotFound', about: { kind: 'deployments', name: 'web' } });
    const namespace = answered(404, { reason: 'NotFound', about: { kind: 'namespaces', name: 'a' } });
    const kind = refused({ status: 404, text: '404 page not found\n', retryAt: undefined }, target);
    expect(object.message).toContain('it is not there');
    expect(namespace.message).toContain('there is no namespace a');
    expect(kind.message).toContain('serves no such kind');
  });

  const missing = (about: { kind?: string; name?: string }, to: Target, reason = 'NotFound'): boolean =>
    isMissing(JSON.stringify({ kind: 'Status', reason, details: about }), to);

  test('is this very object only where the server says so', () => {
    expect(missing({ kind: 'deployments', name: 'web' }, target)).toBe(true);
    expect(missing({ kind: 'deployments', name: 'other' }, target)).toBe(false);
    expect(missing({ kind: 'namespaces', name: 'web' }, target)).toBe(false);
    expect(missing({ kind: 'namespaces', name: 'web' }, { ...target, resource: 'namespaces' })).toBe(true);
    expect(missing({}, target)).toBe(false);
    expect(missing({ kind: 'deployments', name: 'web' }, target, 'Forbidden')).toBe(false);
    expect(isMissing('404 page not found', target)).toBe(false);
    expect(isMissing('<html>', target)).toBe(false);
  });
});

describe('conflicts', () => {
  test('name the fields and their managers', () => {
    const error = answered(409, {
      reason: 'Conflict',
      causes: [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "hpa" using autoscaling/v2',
          field: '.spec.replicas',
        },
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "kubectl" with subresource "scale" using apps/v1 at 2026-01-01T00:00:00Z',
          field: '.spec.x',
        },
      ],
    });
    expect(error).toMatchObject({ code: 'kube.conflict', kind: 'terminal' });
    expect(error.message).toContain('.spec.replicas (hpa), .spec.x (kubectl)');
    expect((error.cause as KubeRefusal).causes).toEqual([
      { reason: 'FieldManagerConflict', field: '.spec.replicas', manager: 'hpa' },
      { reason: 'FieldManagerConflict', field: '.spec.x', manager: 'kubectl' },
    ]);
  });

  test('of versions may go better the next time', () => {
    expect(answered(409, { reason: 'Conflict', message: 'the object has been modified' }).kind).toBe('transient');
    expect(answered(409, { reason: 'AlreadyExists' }).message).toContain('exists already');
  });
});

const value = 'hunter2';
const leaks: [string, number, Said][] = [
  [
    'an invalid value',
    422,
    {
      reason: 'Invalid',
      message: `Deployment "web" is invalid: spec.template.spec.containers[0].env[0].value: Invalid value: "${value}": must not`,
      causes: [
        { reason: 'FieldValueInvalid', field: 'data[password]', message: `Invalid value: "${value}": must be short` },
      ],
    },
  ],
  [
    'an invalid value without why',
    422,
    { causes: [{ reason: 'FieldValueInvalid', field: 'a.b', message: `Invalid value: "${value}"` }] },
  ],
  [
    'a value with a colon in it',
    422,
    { causes: [{ reason: 'FieldValueInvalid', field: 'a.b', message: `Invalid value: "a: ${value}": no` }] },
  ],
  [
    'a value that ends in plain words',
    422,
    { causes: [{ reason: 'FieldValueInvalid', field: 'a', message: `Invalid value: "x: ${value} is it"` }] },
  ],
  [
    'an unsupported value',
    422,
    {
      causes: [
        {
          reason: 'FieldValueNotSupported',
          field: 'type',
          message: `Unsupported value: "${value}": supported values: "a"`,
        },
      ],
    },
  ],
  [
    'a duplicate value',
    422,
    { causes: [{ reason: 'FieldValueDuplicate', field: 'a', message: `Duplicate value: {"name":"${value}"}` }] },
  ],
  [
    'a whole object',
    422,
    {
      causes: [
        {
          reason: 'FieldValueForbidden',
          field: 'spec',
          message: `Forbidden: updates may not change fields other than 'replicas'\n core.PodSpec{Env: "${value}"}`,
        },
      ],
    },
  ],
  [
    'a wrong type',
    500,
    {
      message: `failed to create typed patch object: .data.password: expected string, got &value.valueUnstructured{Value:"${value}"}`,
    },
  ],
  [
    'a decoding error',
    400,
    {
      reason: 'BadRequest',
      message: `json: cannot unmarshal number ${value} into Go struct field Secret.data of type string`,
    },
  ],
  [
    'a webhook that quotes',
    403,
    { message: `admission webhook "x.example" denied the request: env "${value}" and '${value}' and \`${value}\`` },
  ],
  ['an odd field', 422, { causes: [{ reason: `${value} x`, field: `${value} {`, message: '' }] }],
];

describe('values', () => {
  test.each(leaks)('of %s are not repeated, of whatever kind', (_what, status, said) => {
    for (const to of [target, secret]) {
      const error = answered(status, said, to);
      expect(`${error.message} ${error.remedy}`).not.toContain(value);
      expect(inspect(error, { depth: 10 })).not.toContain(value);
      expect(JSON.stringify(error.cause)).not.toContain('Invalid value');
    }
  });

  test('of Secrets: a webhook’s own words, quoted or not', () => {
    const message = `admission webhook "x.example" denied the request: ${value} is weak; exceeded quota: ${value}`;
    const error = answered(403, { message }, secret);
    expect(error.message).toBe(`patch secrets a/login: denied to ${user}: admission x.example denied it`);
    expect((error.cause as KubeRefusal).said).toBe('');
    expect((answered(403, { message }).cause as KubeRefusal).said).toBe(message);
  });

  test('are left out, fields and reasons stay', () => {
    const causes = [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.replicas',
        message: 'Invalid value: -1: must be greater than or equal to 0',
      },
      {
        reason: 'FieldValueInvalid',
        field: 'spec.selector',
        message: 'Invalid value: v1.LabelSelector{A:"b"}: field is immutable',
      },
      { reason: 'FieldValueRequired', field: 'spec.template', message: 'Required value' },
      {
        reason: 'FieldValueForbidden',
        field: 'spec',
        message: "Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
      },
    ];
    expect(answered(422, { reason: 'Invalid', causes }).message).toBe(
      "patch deployments.apps a/web: the API server does not take it: spec.replicas (must be greater than or equal to 0); spec.selector (field is immutable); spec.template (Required value); spec (updates to statefulset spec for fields other than 'replicas' are forbidden)",
    );
    expect(answered(422, { reason: 'Invalid', causes }, secret).message).toBe(
      'patch secrets a/login: the API server does not take it: spec.replicas (FieldValueInvalid); spec.selector (FieldValueInvalid); spec.template (FieldValueRequired); spec (FieldValueForbidden)',
    );
  });

  test.each([
    [
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "spec.foo", unknown field "spec.bar"',
      'spec.foo (unknown field); spec.bar (unknown field)',
    ],
    ['strict decoding error: duplicate field "data.a"', 'data.a (duplicate field)'],
    [
      'json: cannot unmarshal string into Go struct field ObjectMeta.metadata.annotations of type map[string]string',
      'ObjectMeta.metadata.annotations (must not be a string)',
    ],
    [
      'failed to create typed patch object: .spec.template.spec.containers[name="web"].ports: duplicate entries for key [containerPort=80]',
      '.ports (duplicate entries)',
    ],
  ])('are no field names: %#', (message, words) => {
    for (const to of [target, secret]) expect(answered(400, { message }, to).message).toContain(words);
  });

  test.each([
    ['error decoding from json: illegal base64 data at input byte 7', 'a value is not base64'],
    ["unable to convert: quantities must match the regular expression '^x$'", 'a quantity is none'],
    ['unable to convert: parsing time "hunter2" as "2006": cannot parse "hunter2" as "2006"', 'a time is none'],
    ['something else about hunter2', 'it does not fit the schema'],
  ])('of the wrong form are told apart: %#', (message, words) => {
    for (const to of [target, secret]) {
      const error = answered(
        500,
        { message: `failed to convert new object (a/web; v1, Kind=X) to proper version: ${message}` },
        to,
      );
      expect(error).toMatchObject({ code: 'kube.invalid', message: expect.stringContaining(words) });
      expect(error.message).not.toContain(value);
    }
  });

  test.each([
    [
      "Invalid value: \"c d\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.' (e.g. 'MyValue', regex used for validation is '(([A-Z])?')",
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.'",
    ],
    [
      'Invalid value: {"a":"c"}: `selector` does not match template `labels`',
      '`selector` does not match template `labels`',
    ],
    ['Too long: may not be more than 1048576 bytes', 'may not be more than 1048576 bytes'],
    ['Invalid value: "x": must not be \'hunter2\'', 'FieldValueInvalid'],
    ['Invalid value: "a: `hunter2"', 'FieldValueInvalid'],
  ])('are left out of a detail: %#', (message, detail) => {
    const causes = [{ reason: 'FieldValueInvalid', field: '[]', message }];
    expect(answered(422, { causes }).message).toBe(
      `patch deployments.apps a/web: the API server does not take it: ${detail}`,
    );
  });

  test('a Status of a megabyte is read in no time and cut', () => {
    const long = '.a"'.repeat(15_000);
    const error = answered(422, {
      message: long,
      causes: Array.from({ length: 100 }, () => ({ field: long, reason: long, message: long })),
    });
    expect(error.message.length).toBeLessThan(2_000);
  });
});
