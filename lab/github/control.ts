// The lab's own addresses, for the demo and a person with curl.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';
import type { ApiParts } from './rest/api.ts';

const kinds: Readonly<Record<Fault['on'], readonly string[]>> = {
  api: ['secondary', 'primary', 'status', 'slow', 'reset', 'expired'],
  read: ['stale', 'mergeableUnknown'],
  webhook: ['delay', 'duplicate', 'reorder', 'drop', 'lose'],
  git: ['refuse', 'reset', 'truncate', 'corrupt', 'hang', 'drip', 'chatter', 'unauthorized'],
};

/** `GET /_lab/counters`, `GET|POST|DELETE /_lab/faults`, `POST /_lab/clock {"ms": 60000}` */
export async function serveControl(
  { world }: ApiParts,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const reply = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
  };
  const what = `${request.method} ${url.pathname}`;
  if (what === 'GET /_lab/counters') {
    const { calls, pushes, fetches, deliveries } = world.counters;
    reply(200, { calls, pushes, fetches, deliveries });
  } else if (what === 'GET /_lab/faults') reply(200, world.faults.waiting);
  else if (what === 'DELETE /_lab/faults') {
    world.faults.clear();
    reply(200, []);
  } else if (what === 'POST /_lab/faults') {
    const fault = parse(text) as Fault | undefined;
    if (fault === undefined || kinds[fault.on]?.includes(fault.kind) !== true) reply(422, { kinds });
    else {
      world.faults.add(fault);
      reply(201, world.faults.waiting);
    }
  } else if (what === 'POST /_lab/clock') {
    const ms = (parse(text) as { ms?: unknown } | undefined)?.ms;
    if (typeof ms === 'number') world.clock.advance(ms);
    reply(200, { now: new Date(world.clock.now()).toISOString() });
  } else reply(404, { message: 'Not Found' });
}

function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
