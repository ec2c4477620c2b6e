// Loaded into an agent's process by `--import`: answers on a port of its own with what the process holds, rubbish collected.
import { readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { isMainThread } from 'node:worker_threads';

const { gc } = globalThis as { gc?: () => void };

if (isMainThread) {
  const server = createServer((_request, response) => {
    gc?.();
    gc?.();
    const { heapUsed, external } = process.memoryUsage();
    const handles = readdirSync('/proc/self/fd').length;
    const timers = process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    response.setHeader('connection', 'close');
    response.end(JSON.stringify({ heap: heapUsed + external, handles, timers }));
  });
  server.listen(Number(process.env['PROBE_PORT']), '127.0.0.1');
  server.unref();
}
