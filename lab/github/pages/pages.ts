import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiParts } from '../rest/api.ts';

export async function servePages(
  _parts: ApiParts,
  _request: IncomingMessage,
  response: ServerResponse,
  _url: URL,
): Promise<void> {
  response.writeHead(404).end();
}
