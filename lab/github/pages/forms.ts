// What the pages' buttons do.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Account } from '../account.ts';
import { atLeast } from '../account.ts';
import { announceRun } from '../checks.ts';
import { createComment } from '../comments.ts';
import { isPull, type Pull } from '../issue.ts';
import { mergePull, setDraft, updatePull } from '../pulls.ts';
import { enqueue } from '../queue.ts';
import type { Repository } from '../repository.ts';
import { notFound, Refusal } from '../rest/refusal.ts';
import type { World } from '../world.ts';
import { page } from './frame.ts';
import { html } from './html.ts';

/** Does what a form asks for in the name of the person chosen, then shows the page again. */
export async function submit(
  world: World,
  request: IncomingMessage,
  response: ServerResponse,
  parts: readonly string[],
): Promise<void> {
  const fields = await readForm(request);
  const [owner = '', name = '', what = '', id = ''] = parts;
  try {
    const { origin } = request.headers;
    if (origin !== undefined && origin !== world.addresses.html)
      throw new Refusal(403, 'This form came from elsewhere');
    const repository = world.findRepository(`${owner}/${name}`);
    const person = world.accounts.get((fields.get('as') ?? '').toLowerCase());
    if (repository === undefined || person === undefined) throw notFound();
    if (what === 'runs') press(world, repository, person, Number(id), fields);
    else await act(world, repository, person, { number: Number(id), fields });
    response.writeHead(303, { location: `/${parts.map(encodeURIComponent).join('/')}` }).end();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    response.writeHead(error.status, { 'content-type': 'text/html; charset=utf-8' });
    response.end(
      page({ title: 'Refused' }, html`<h1>${error.message}</h1><p><a href="/${parts.join('/')}">Back</a></p>`),
    );
  }
}

function mayWrite(world: World, repository: Repository, person: Account): void {
  if (!atLeast(world.levelOf(person, repository), 'write')) {
    throw new Refusal(403, `${person.login} has no write access`);
  }
}

function press(world: World, repository: Repository, person: Account, id: number, fields: URLSearchParams): void {
  mayWrite(world, repository, person);
  const run = repository.checkRuns.get(id);
  if (run === undefined) throw notFound();
  const identifier = fields.get('action') ?? '';
  if (identifier === '') announceRun(world, repository, run, 'rerequested', person);
  else announceRun(world, repository, run, 'requested_action', person, { requested_action: { identifier } });
}

async function act(
  world: World,
  repository: Repository,
  person: Account,
  asked: { readonly number: number; readonly fields: URLSearchParams },
): Promise<void> {
  const pull = repository.issues.get(asked.number);
  if (!isPull(pull)) throw notFound();
  const doing = asked.fields.get('do');
  if (doing === 'comment') {
    createComment(world, pull, { user: person, app: undefined }, asked.fields.get('body') ?? '');
    return;
  }
  if (person.id !== pull.user.id || doing === 'merge' || doing === 'enqueue') mayWrite(world, repository, person);
  await change(world, pull, person, doing);
}

async function change(world: World, pull: Pull, person: Account, doing: string | null): Promise<void> {
  if (doing === 'merge') await mergePull(world, pull, { user: person, app: undefined }, {});
  else if (doing === 'enqueue') await enqueue(world, pull, person);
  else if (doing === 'close') await updatePull(world, pull, person, { state: 'closed' });
  else if (doing === 'reopen') await updatePull(world, pull, person, { state: 'open' });
  else if (doing === 'draft' || doing === 'ready') setDraft(world, pull, doing === 'draft', person);
  else throw notFound();
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return new URLSearchParams(Buffer.concat(chunks).toString());
}
