import { createHmac, createSign } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App, Installation } from '../../../lab/github/app.ts';
import { type GitHubOptions, type LabGitHub, startGitHub } from '../../../lab/github/github.ts';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly event: string;
  readonly guid: string;
  readonly body: Record<string, unknown>;
  /** The signature fits the bytes. */
  readonly signed: boolean;
}

/** Where webhooks arrive. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** What the next deliveries are answered with. */
  status: number;
  /** `pull_request.opened`, … in the order of arrival. */
  readonly names: () => string[];
  close(): Promise<void>;
}

export const secret = 'a webhook secret';

export async function startReceiver(lab: () => LabGitHub): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const bytes = Buffer.concat(chunks);
      const expected = `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`;
      received.push({
        headers: request.headers,
        event: String(request.headers['x-github-event']),
        guid: String(request.headers['x-github-delivery']),
        body: JSON.parse(bytes.toString()) as Record<string, unknown>,
        signed: request.headers['x-hub-signature-256'] === expected,
      });
      response.writeHead(receiver.status).end('thanks');
      lab().world.changed();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    status: 202,
    names: () => received.map(({ event, body }) => ('action' in body ? `${event}.${String(body['action'])}` : event)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}

export function jwt(app: App, claims: Record<string, unknown> = {}, now = Date.now()): string {
  const seconds = Math.floor(now / 1000);
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const payload = { iat: seconds - 30, exp: seconds + 540, iss: app.id, ...claims };
  const signing = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(payload)}`;
  return `${signing}.${createSign('RSA-SHA256').update(signing).sign(app.privateKey).toString('base64url')}`;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's shape is the contract's business
  readonly body: any;
}

export interface Stage {
  readonly lab: LabGitHub;
  readonly receiver: Receiver;
  readonly app: App;
  readonly installation: Installation;
  /** `GET /repos/acme/web` as the installation, or as who `as` is. */
  readonly call: (ask: string, body?: unknown, as?: string) => Promise<Answer>;
  /** Calls with headers of one's own and an `authorization` as given. */
  readonly callWith: (ask: string, headers: Record<string, string>, body?: unknown) => Promise<Answer>;
  close(): Promise<void>;
}

export const permissions = {
  checks: 'write',
  contents: 'write',
  deployments: 'write',
  issues: 'write',
  members: 'read',
  merge_queues: 'read',
  pull_requests: 'write',
  statuses: 'write',
  administration: 'read',
} as const;

export const events = [
  'pull_request',
  'push',
  'check_run',
  'check_suite',
  'issue_comment',
  'merge_group',
  'repository',
];

/** acme with ada (admin), bob (writes) and eve (nothing), one repository with a file, and an App installed on all. */
export async function setStage(options: GitHubOptions = {}): Promise<Stage> {
  const lab = await startGitHub({ contract: true, ...options });
  const receiver = await startReceiver(() => lab);
  lab.createOrganisation('acme');
  for (const login of ['ada', 'bob', 'eve']) lab.createUser(login);
  lab.addMember('acme', 'ada', 'admin');
  await lab.createRepository('acme/web');
  lab.setCollaborator('acme/web', 'bob', 'write');
  await lab.pushFiles('acme/web', 'ada', { branch: 'main', files: { 'README.md': 'hello\n' }, message: 'Start' });
  const app = lab.registerApp({
    name: 'Sluice',
    owner: 'acme',
    permissions,
    events,
    webhook: { url: receiver.url, secret },
  });
  const installation = lab.installApp(app, 'acme');
  await lab.delivered();
  const token = lab.tokenOf(installation).token;
  const callWith = async (ask: string, headers: Record<string, string>, body?: unknown): Promise<Answer> => {
    const [method = '', path = ''] = ask.split(' ');
    const answer = await fetch(`${lab.apiUrl}${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : JSON.parse(text) };
  };
  return {
    lab,
    receiver,
    app,
    installation,
    callWith,
    call: (ask, body, as) => callWith(ask, { authorization: `Bearer ${as ?? token}` }, body),
    close: async () => {
      await lab.stop();
      await receiver.close();
    },
  };
}
