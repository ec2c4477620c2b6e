// Git's own server side, `git http-backend`, as a CGI program: https://git-scm.com/docs/git-http-backend
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, basename } from 'node:path';
import type { GitFault } from '../faults.ts';
import { gitApart } from './apart.ts';
import { gitEnvironment } from './run.ts';
import { spoil } from './spoil.ts';

export interface GitRequest {
  /** The bare repository. */
  readonly path: string;
  /** `/info/refs`, `/git-upload-pack`, `/git-receive-pack` */
  readonly rest: string;
  readonly query: string;
  readonly user: string;
  /** Branch protection does not hold for this push. */
  readonly bypass: boolean;
  /** Where it has been read already. */
  readonly body: Buffer | undefined;
  readonly fault: GitFault | undefined;
  /** Runs when Git is done and before the answer ends: who pushes then sees its effects. */
  readonly done: () => Promise<void>;
}

/** Answers one request of a Git client; resolves when the answer is out or the client gone. */
export async function serveGit(request: IncomingMessage, response: ServerResponse, at: GitRequest): Promise<void> {
  const gone = new AbortController();
  const closed = new Promise<void>((resolve) => {
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
      resolve();
    });
  });
  answer(request, response, at, gone.signal).catch(() => response.destroy());
  await closed;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  at: GitRequest,
  signal: AbortSignal,
): Promise<void> {
  const input = at.body ?? (await readBody(request));
  const { out } = await gitApart({ args: ['http-backend'], env: environment(request, at), input, signal });
  const { status, headers, rest } = readHead(out);
  response.writeHead(status, headers);
  await spoil(response, rest, at.fault);
  await at.done();
  if (at.fault?.kind !== 'reset') response.end();
}

function environment(request: IncomingMessage, at: GitRequest): NodeJS.ProcessEnv {
  const header = (name: string): string => String(request.headers[name] ?? '');
  return {
    ...gitEnvironment({ name: at.user, email: `${at.user}@users.noreply.github.com`, at: 0 }),
    GIT_PROJECT_ROOT: dirname(at.path),
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${basename(at.path)}${at.rest}`,
    QUERY_STRING: at.query,
    REQUEST_METHOD: request.method,
    CONTENT_TYPE: header('content-type'),
    REMOTE_USER: at.user,
    REMOTE_ADDR: '127.0.0.1',
    ...(request.headers['content-length'] !== undefined && { CONTENT_LENGTH: header('content-length') }),
    ...(request.headers['content-encoding'] !== undefined && { HTTP_CONTENT_ENCODING: header('content-encoding') }),
    ...(request.headers['git-protocol'] !== undefined && { GIT_PROTOCOL: header('git-protocol') }),
    ...(at.bypass && { LAB_BYPASS: '1' }),
  };
}

interface Head {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly rest: Buffer;
}

/** The CGI program's headers, and its body. */
function readHead(answer: Buffer): Head {
  const end = answer.indexOf('\r\n\r\n');
  if (end < 0) throw new Error('git http-backend ended without an answer');
  const headers: Record<string, string> = {};
  for (const line of answer.subarray(0, end).toString('latin1').split('\r\n')) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const { status = '200', ...others } = headers;
  return { status: Number.parseInt(status, 10), headers: others, rest: answer.subarray(end + 4) };
}

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
