// Git's own server side, `git http-backend`, as a CGI program: https://git-scm.com/docs/git-http-backend
import { spawn } from 'node:child_process';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, basename } from 'node:path';
import type { GitFault } from '../faults.ts';
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
export function serveGit(request: IncomingMessage, response: ServerResponse, at: GitRequest): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('git', ['http-backend'], { env: environment(request, at), stdio: ['pipe', 'pipe', 'ignore'] });
    const gone = (): void => {
      if (!response.writableFinished) child.kill('SIGKILL');
      resolve();
    };
    response.once('close', gone);
    child.stdin.on('error', () => {});
    if (at.body === undefined) request.pipe(child.stdin);
    else child.stdin.end(at.body);
    const exited = new Promise<void>((exit) => child.once('close', () => exit()));
    child.once('error', () => response.destroy());
    readHead(child.stdout)
      .then(async ({ status, headers, rest }) => {
        response.writeHead(status, headers);
        await spoil(response, child.stdout, rest, at.fault);
        await exited;
        await at.done();
        if (at.fault?.kind !== 'reset') response.end();
      })
      .catch(() => response.destroy());
  });
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

/** The CGI program's headers, and what of its body came with them. */
function readHead(from: NodeJS.ReadableStream): Promise<Head> {
  return new Promise((resolve, reject) => {
    let seen = Buffer.alloc(0);
    const onData = (chunk: Buffer): void => {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf('\r\n\r\n');
      if (end < 0) return;
      from.off('data', onData);
      from.pause();
      const headers: Record<string, string> = {};
      for (const line of seen.subarray(0, end).toString('latin1').split('\r\n')) {
        const colon = line.indexOf(':');
        headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
      }
      const { status = '200', ...others } = headers;
      resolve({ status: Number.parseInt(status, 10), headers: others, rest: seen.subarray(end + 4) });
    };
    from.on('data', onData);
    from.once('end', () => reject(new Error('git http-backend ended without an answer')));
  });
}
