import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveControl } from './control.ts';
import { admitGit, isGit } from './git/gate.ts';
import { servePages } from './pages/pages.ts';
import { type ApiParts, serveApi } from './rest/api.ts';

export interface Listening {
  /** `http://127.0.0.1:4000` */
  readonly address: string;
  close(): Promise<void>;
}

export interface ServerParts extends ApiParts {
  /** `/api/v3` */
  readonly apiPath: string;
}

/** Listens on loopback: the API below its path, Git below `owner/name.git`, the lab's own control below `/_lab`, else pages. */
export async function listen(parts: ServerParts, port: number): Promise<Listening> {
  const server = createServer((request, response) => {
    serve(parts, request, response).catch((error: unknown) => {
      console.error(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${taken}`, close: () => close(server) };
}

async function serve(parts: ServerParts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { apiPath } = parts;
  const path = request.url ?? '/';
  if (path === apiPath || path.startsWith(`${apiPath}/`) || path.startsWith(`${apiPath}?`)) {
    await serveApi(request, response, path.slice(apiPath.length), parts);
    return;
  }
  const url = new URL(path, 'http://lab');
  if (isGit(url.pathname)) await admitGit(parts.world, request, response, url);
  else if (url.pathname.startsWith('/_lab/')) await serveControl(parts, request, response, url);
  else await servePages(parts, request, response, url);
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
