// Questions to the real authorizer and its answers, kept so that the tests can put the same questions to src/fleet.
import { type ControlPlane, until } from './control-plane.ts';
import { rbacObjects } from './rbac-objects.ts';

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const questions = 700;
const attempts = 200;

interface Request {
  readonly account: string;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

/** `[account, verb, group, resource, subresource, namespace, name, answer]`; the account as `<namespace>:<name>`. */
export type Question = readonly [string, string, string, string, string, string, string, 'yes' | 'no'];

/** Somebody tries to write a Role with one rule in a-dev: `[account, rule, whether the escalation check lets them]`. */
export type Attempt = readonly [string, unknown, 'yes' | 'no'];

/** Sets up namespaces and RBAC, then records what the server says. The same questions in every run. */
export async function recordAnswers(
  plane: ControlPlane,
): Promise<{ objects: unknown[]; questions: Question[]; attempts: Attempt[] }> {
  for (const name of ['a-dev', 'a-prod', 'b-dev']) {
    await created(plane, '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  for (const object of rbacObjects) await created(plane, pathOf(object), object);
  // Aggregation and the authorizer's caches follow a moment later.
  const settled = {
    verb: 'get',
    group: 'example.com',
    resource: 'widgets',
    subresource: '',
    name: '',
    namespace: 'a-dev',
  };
  const probe = { account: 'a-dev:editor', ...settled };
  await until('aggregation', async () => (await review(plane, probe)) === true);
  const random = randomNumbers(20260101);
  const asked: Question[] = [];
  while (asked.length < questions) asked.push(await ask(plane, randomQuestion(random)));
  const tried: Attempt[] = [];
  while (tried.length < attempts) tried.push(await attempt(plane, random));
  return { objects: [...rbacObjects], questions: asked, attempts: tried };
}

async function ask(plane: ControlPlane, request: Request): Promise<Question> {
  const { account, verb, group, resource, subresource, namespace, name } = request;
  const answer = (await review(plane, request)) ? 'yes' : 'no';
  return [account, verb, group, resource, subresource, namespace, name, answer];
}

async function review(plane: ControlPlane, request: Request): Promise<boolean> {
  const { account, ...resourceAttributes } = request;
  const [namespace] = account.split(':');
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'];
  const { status, body } = await plane.call('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: `system:serviceaccount:${account}`, groups, resourceAttributes },
  });
  if (status !== 201) throw new Error(`SubjectAccessReview answered ${status}`);
  return body.status?.allowed === true;
}

async function attempt(plane: ControlPlane, random: Random): Promise<Attempt> {
  const account = pick(random, ['a-dev:admin', 'a-dev:builder', 'a-dev:owner', 'a-dev:star-group']);
  const rule = {
    verbs: some(random, ['get', 'list', 'watch', 'create', 'patch', 'delete', 'deletecollection', 'update', '*'], 3),
    apiGroups: some(random, ['', '', 'apps', 'apps', 'batch', 'networking.k8s.io', 'example.com', '*'], 2),
    resources: some(
      random,
      [
        'pods',
        'deployments',
        'deployments/scale',
        'configmaps',
        'pods/log',
        'pods/exec',
        'jobs',
        'widgets',
        'widgets/scale',
        '*',
        '*/scale',
      ],
      2,
    ),
    resourceNames: random() < 0.3 ? some(random, ['web', 'db', 'other'], 2) : [],
  };
  const user = `system:serviceaccount:${account}`;
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: { name: 'try' }, rules: [rule] };
  const { status, body } = await plane.call('POST', `${rbac}/namespaces/a-dev/roles?dryRun=All`, role, user);
  if (status !== 201 && body.message?.includes('currently held') !== true) throw new Error(body.message);
  return [account, rule, status === 201 ? 'yes' : 'no'];
}

function randomQuestion(random: Random): Request {
  const account = pick(random, accounts);
  const [group, resource, subresource] = pick(random, resources);
  return {
    account,
    verb: pick(random, [
      'get',
      'list',
      'watch',
      'create',
      'patch',
      'update',
      'delete',
      'deletecollection',
      'bind',
      'escalate',
      'impersonate',
    ]),
    group,
    resource,
    subresource,
    namespace: pick(random, ['a-dev', 'a-dev', 'a-dev', 'a-prod', 'b-dev', '']),
    name: pick(random, ['', 'web', 'db', 'edit']),
  };
}

const accounts: readonly string[] = [
  'a-dev:editor',
  'a-dev:viewer',
  'a-dev:admin',
  'a-dev:builder',
  'a-dev:owner',
  'a-dev:star-group',
  'a-dev:nobody',
  'b-dev:default',
  'b-dev:remote',
  'a-prod:default',
];

const resources: readonly (readonly [string, string, string])[] = [
  ['', 'pods', ''],
  ['', 'pods', 'log'],
  ['', 'pods', 'exec'],
  ['', 'configmaps', ''],
  ['', 'secrets', ''],
  ['', 'serviceaccounts', ''],
  ['', 'serviceaccounts', 'token'],
  ['', 'resourcequotas', ''],
  ['', 'nodes', ''],
  ['', 'namespaces', ''],
  ['apps', 'deployments', ''],
  ['apps', 'deployments', 'scale'],
  ['apps', 'statefulsets', 'scale'],
  ['batch', 'jobs', ''],
  ['networking.k8s.io', 'ingresses', ''],
  ['networking.k8s.io', 'networkpolicies', ''],
  ['policy', 'poddisruptionbudgets', ''],
  ['rbac.authorization.k8s.io', 'roles', ''],
  ['rbac.authorization.k8s.io', 'rolebindings', ''],
  ['rbac.authorization.k8s.io', 'clusterroles', ''],
  ['example.com', 'widgets', ''],
  ['example.com', 'widgets', 'scale'],
  ['other.example.com', 'gadgets', ''],
];

async function created(plane: ControlPlane, path: string, object: unknown): Promise<void> {
  const { status, body } = await plane.call('POST', path, object);
  if (status !== 201) throw new Error(`${path}: ${status} ${body.message}`);
}

function pathOf(object: { readonly kind: string; readonly metadata: { readonly namespace?: string } }): string {
  const { namespace } = object.metadata;
  const resource = `${object.kind.toLowerCase()}s`;
  return namespace === undefined ? `${rbac}/${resource}` : `${rbac}/namespaces/${namespace}/${resource}`;
}

type Random = () => number;

/** Mulberry32: the same numbers from the same seed. */
function randomNumbers(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)] as T;
}

function some<T>(random: Random, list: readonly T[], most: number): T[] {
  const count = 1 + Math.floor(random() * most);
  return [...new Set(Array.from({ length: count }, () => pick(random, list)))];
}
