// Answers of a few words that tell a stranger nothing.
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';

/** How long a sender may go on with a body nobody wants, so that it reads the answer instead of a broken connection. */
const lingerMs = 1_000;

/** Answers with the status and its name. What is left of the request's body is thrown away, and soon cut off. */
export function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent || response.destroyed) return;
  const text = `${STATUS_CODES[status] ?? status}\n`;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(request.method === 'HEAD' ? '' : text);
  if (request.complete) return;
  const cut = setTimeout(() => request.socket.destroy(), lingerMs);
  request.once('close', () => clearTimeout(cut));
  request.resume();
}
