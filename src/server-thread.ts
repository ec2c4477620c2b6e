// The thread of the server: webhooks in, jobs to the queue, over a connection of its own.
import { once } from 'node:events';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { openQueues } from './adapters/queue/open.ts';
import { asSluiceError } from './errors.ts';
import type { Log, LogFields } from './ports/log.ts';
import type { Queue } from './ports/queue.ts';
import { logQueueEvent } from './queue-log.ts';
import { startServer } from './server.ts';
import type { OwnerWord, ServerThreadSettings, ServerWord } from './server-thread-protocol.ts';

if (parentPort === null) throw new Error('this file is a worker thread');
const port: MessagePort = parentPort;
const say = (word: ServerWord): void => port.postMessage(word);
const { options, queue: address, door } = workerData as ServerThreadSettings;
const log = logOf({});

try {
  const queues = await openQueues(address, {
    ...(door === undefined ? {} : { door }),
    onEvent: (event) => logQueueEvent(log, event),
  });
  const queue = await queues.open('review');
  const tools = { queue: withOwner(queue), queues, log, elapsed: () => performance.now() };
  const server = await startServer(options, tools).catch(async (error: unknown) => {
    await queues.close(0);
    throw error;
  });
  port.on('message', (word: OwnerWord) => {
    if (word.type !== 'close') return;
    void server
      .close(word.graceMs)
      .then(() => queues.close(0))
      .finally(() => process.exit());
  });
  say({ type: 'listening', webhookUrl: server.webhookUrl, adminUrl: server.adminUrl });
} catch (thrown) {
  const { code, kind, message, remedy } = asSluiceError(thrown);
  say({ type: 'failed', code, kind, message, remedy });
  port.close();
}

/** The owner writes the lines, and knows what must not stand in them. */
function logOf(every: LogFields): Log {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}): void =>
      say({ type: 'log', level, message, fields: { ...every, ...fields } });
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    with: (fields) => logOf({ ...every, ...fields }),
    hide: () => {},
  };
}

/** Healthy while the store answers and the owner's event loop turns, since that one does the work. */
function withOwner(queue: Queue): Queue {
  return {
    add: (job) => queue.add(job),
    work: (handler, how) => queue.work(handler, how),
    counts: () => queue.counts(),
    close: (graceMs) => queue.close(graceMs),
    healthy: async () => {
      const turned = once(port, 'message');
      say({ type: 'ping' });
      const [store] = await Promise.all([queue.healthy(), turned]);
      return store;
    },
  };
}
