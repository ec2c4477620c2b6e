import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jwt, permissions, setStage, type Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(async () => {
  await stage.close();
  expect(stage.lab.contract?.violations).toEqual([]);
});

const now = (): number => Math.floor(stage.lab.clock.now() / 1000);

describe("an App's JSON web token", () => {
  test.each<[string, () => Record<string, unknown>, number, RegExp]>([
    ['is taken', () => ({}), 200, /^$/],
    ['is taken with the client id as issuer', () => ({ iss: stage.app.clientId }), 200, /^$/],
    ['of another App', () => ({ iss: 1 }), 401, /iss/],
    ['issued in the future', () => ({ iat: now() + 90 }), 401, /iat/],
    ['that ended', () => ({ exp: now() - 1 }), 401, /exp/],
    ['for more than ten minutes', () => ({ exp: now() + 700 }), 401, /too far/],
  ])('%s', async (_name, claims, status, message) => {
    const answer = await stage.call('GET /app', undefined, jwt(stage.app, claims()));
    expect(answer.status).toBe(status);
    expect(answer.body.message ?? '').toMatch(message);
  });

  test('signed with another key', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const forged = jwt({ ...stage.app, privateKey: privateKey.export({ type: 'pkcs1', format: 'pem' }) as string });
    expect((await stage.call('GET /app', undefined, forged)).status).toBe(401);
  });

  test('says the time of the lab, by which skew is measured', async () => {
    stage.lab.clock.advance(-180_000);
    const late = await stage.call('GET /app', undefined, jwt(stage.app));
    stage.lab.clock.advance(180_000);
    expect(late.status).toBe(401);
    expect(Date.parse(late.headers.get('date') ?? '')).toBeLessThan(Date.now() - 120_000);
  });
});

describe("an installation's token", () => {
  const ask = (body: unknown) =>
    stage.call(`POST /app/installations/${stage.installation.id}/access_tokens`, body, jwt(stage.app));

  test('is given for an hour and ends', async () => {
    const { status, body } = await ask({});
    expect(status).toBe(201);
    expect(Date.parse(body.expires_at) - stage.lab.clock.now()).toBeGreaterThan(3_590_000);
    expect((await stage.call('GET /repos/acme/web', undefined, body.token)).status).toBe(200);
    stage.lab.clock.advance(3_601_000);
    expect((await stage.call('GET /repos/acme/web', undefined, body.token)).body.message).toBe('Bad credentials');
    stage.lab.clock.advance(-3_601_000);
  });

  test('is narrowed to repositories and permissions', async () => {
    await stage.lab.createRepository('acme/other');
    const id = stage.lab.repository('acme/web').id;
    const { body } = await ask({ repository_ids: [id], permissions: { contents: 'read' } });
    expect(body).toMatchObject({
      repository_selection: 'selected',
      permissions: { contents: 'read', metadata: 'read' },
    });
    const listed = await stage.call('GET /installation/repositories', undefined, body.token);
    expect(listed.body.repositories.map((one: { full_name: string }) => one.full_name)).toEqual(['acme/web']);
    expect((await stage.call('GET /repos/acme/other', undefined, body.token)).status).toBe(404);
    const head = stage.lab.repository('acme/web').refs.get('refs/heads/main');
    const refused = await stage.call('POST /repos/acme/web/check-runs', { name: 'x', head_sha: head }, body.token);
    expect(refused).toMatchObject({ status: 403, body: { message: 'Resource not accessible by integration' } });
    expect(refused.headers.get('x-accepted-github-permissions')).toBe('checks=write');
  });

  test.each([
    ['more than is granted', { permissions: { administration: 'write' } }],
    ['a repository it has not', { repository_ids: [1] }],
  ])('is refused for %s', async (_name, body) => {
    expect((await ask(body)).status).toBe(422);
  });

  test('stops when suspended, when permissions shrink and when removed', async () => {
    const { lab, app } = stage;
    lab.createOrganisation('beta');
    await lab.createRepository('beta/web');
    const installation = lab.installApp(app, 'beta');
    const { token } = lab.tokenOf(installation);
    const read = async (): Promise<number> => (await stage.call('GET /repos/beta/web/pulls', undefined, token)).status;
    expect(await read()).toBe(200);
    lab.suspend(installation);
    expect(await read()).toBe(403);
    lab.suspend(installation, false);
    lab.setPermissions(installation, { contents: 'read' });
    expect(await read()).toBe(403);
    lab.setPermissions(installation, permissions);
    lab.selectRepository(installation, 'beta/web', false);
    expect(await read()).toBe(404);
    lab.uninstallApp(installation);
    expect(await read()).toBe(401);
    await lab.delivered();
    expect(stage.receiver.names()).toEqual(
      expect.arrayContaining([
        'installation.suspend',
        'installation.unsuspend',
        'installation.new_permissions_accepted',
        'installation_repositories.removed',
        'installation.deleted',
      ]),
    );
  });
});

describe('people', () => {
  test('see and do what their right allows', async () => {
    const { lab, call } = stage;
    const status = async (login: string, ask: string, body?: unknown): Promise<number> =>
      (await call(ask, body, lab.user(login).token)).status;
    expect(await status('eve', 'GET /repos/acme/web')).toBe(404);
    expect(await status('bob', 'GET /repos/acme/web')).toBe(200);
    expect(await status('bob', 'GET /repos/acme/web/branches/main/protection')).toBe(403);
    const head = lab.repository('acme/web').refs.get('refs/heads/main');
    expect(await status('bob', 'POST /repos/acme/web/check-runs', { name: 'sluice', head_sha: head })).toBe(403);
    expect(await status('bob', `POST /repos/acme/web/statuses/${head}`, { state: 'success', context: 'sluice' })).toBe(
      201,
    );
    expect((await stage.callWith('GET /repos/acme/web', {})).status).toBe(404);
    expect((await stage.callWith('GET /repos/acme/web', { authorization: 'token nonsense' })).status).toBe(401);
  });

  test('are found with their roles, teams and child teams', async () => {
    const { lab, call } = stage;
    const parent = lab.createTeam('acme', 'Platform', { repositories: { 'acme/web': 'maintain' } });
    lab.createUser('carla');
    lab.addMember('acme', 'carla');
    lab.createTeam('acme', 'On call', { members: ['carla'], parent });
    expect((await call('GET /orgs/acme/teams/platform/memberships/carla')).body).toMatchObject({ state: 'active' });
    expect((await call('GET /orgs/acme/teams/platform/memberships/bob')).status).toBe(404);
    expect((await call('GET /orgs/acme/teams/platform/members')).body).toHaveLength(1);
    expect((await call('GET /orgs/acme/teams/on-call')).body).toMatchObject({ parent: { slug: 'platform' } });
    expect((await call('GET /orgs/acme/members/carla')).status).toBe(204);
    const role = await call('GET /repos/acme/web/collaborators/carla/permission');
    expect(role.body).toMatchObject({ permission: 'write', role_name: 'maintain' });
    expect((await call('GET /repos/acme/web/collaborators/eve/permission')).body).toMatchObject({ permission: 'none' });
    lab.removeMember('acme', 'carla');
    expect((await call('GET /orgs/acme/teams/platform/memberships/carla')).status).toBe(404);
  });
});

describe('a repository', () => {
  test('that is renamed keeps its number and redirects', async () => {
    const { lab, call } = stage;
    const { id } = await lab.createRepository('acme/old');
    lab.rename('acme/old', 'new', 'ada');
    const moved = await call('GET /repos/acme/old/pulls');
    expect(moved).toMatchObject({ status: 301, body: { url: `${lab.apiUrl}/repositories/${id}/pulls` } });
    expect((await call(`GET /repositories/${id}`)).body.full_name).toBe('acme/new');
    const again = await lab.createRepository('acme/old');
    expect((await call('GET /repos/acme/old')).body.id).toBe(again.id);
  });

  test('that is transferred or deleted is lost to the installation', async () => {
    const { lab, call } = stage;
    const { id } = await lab.createRepository('acme/leaving');
    lab.createOrganisation('gamma');
    lab.transfer('acme/leaving', 'gamma', 'ada');
    expect((await call(`GET /repositories/${id}`)).status).toBe(404);
    const gone = await lab.createRepository('acme/gone');
    await lab.deleteRepository('acme/gone', 'ada');
    expect((await call(`GET /repositories/${gone.id}`)).status).toBe(404);
  });

  test('that is archived is read only', async () => {
    const { lab, call } = stage;
    await lab.createRepository('acme/kept');
    const head = await lab.pushFiles('acme/kept', 'ada', { branch: 'main', files: { a: 'a' } });
    lab.archive('acme/kept', 'ada');
    expect((await call('GET /repos/acme/kept')).body.archived).toBe(true);
    expect((await call('POST /repos/acme/kept/check-runs', { name: 'x', head_sha: head })).status).toBe(403);
    await expect(lab.pushFiles('acme/kept', 'ada', { branch: 'main', files: { b: 'b' } })).rejects.toThrow(/403/);
  });
});
