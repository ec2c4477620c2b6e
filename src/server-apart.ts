// The server in a thread of its own, so that an answer to GitHub never waits for the reviews of this process.
import { type MessagePort, Worker } from 'node:worker_threads';
import { SluiceError } from './errors.ts';
import type { Log } from './ports/log.ts';
import type { Server, ServerOptions } from './server.ts';
import type { OwnerWord, ServerThreadSettings, ServerWord } from './server-thread-protocol.ts';

export interface ApartOptions {
  /** Address of the queue's store. */
  readonly queue: string;
  /** The embedded store, which this thread has open. */
  readonly door: MessagePort | undefined;
  readonly log: Log;
}

/** Beyond the grace that `close` is given, in milliseconds. */
const closeMs = 5_000;

/**
 * Starts the server as `startServer` does, apart. A thread that fails later ends the process, as an error here would.
 *
 * @throws SluiceError `configuration` where an address cannot be listened at; `queue.*` where the store does not answer
 */
export async function startServerApart(options: ServerOptions, { queue, door, log }: ApartOptions): Promise<Server> {
  const settings: ServerThreadSettings = { options, queue, ...(door === undefined ? {} : { door }) };
  const thread = new Worker(new URL('./server-thread.ts', import.meta.url), {
    workerData: settings,
    transferList: door === undefined ? [] : [door],
    // Its settings are all it needs to know.
    env: {},
    argv: [],
    execArgv: [],
  });
  const say = (word: OwnerWord): void => thread.postMessage(word);
  const started = Promise.withResolvers<Pick<Server, 'webhookUrl' | 'adminUrl'>>();
  thread.on('message', (word: ServerWord) => {
    if (word.type === 'log') log[word.level](word.message, word.fields);
    else if (word.type === 'ping') say({ type: 'pong' });
    else if (word.type === 'listening') started.resolve({ webhookUrl: word.webhookUrl, adminUrl: word.adminUrl });
    else started.reject(new SluiceError(word.code, word.message, { kind: word.kind, remedy: word.remedy }));
  });
  const lost = (): SluiceError => new SluiceError('internal', "the server's thread ended by itself");
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  thread.once('error', started.reject);
  void ended.then(() => started.reject(lost()));
  const server = await started.promise;
  thread.removeListener('error', started.reject);
  const closing = { asked: false };
  void ended.then(() => {
    if (!closing.asked) throw lost();
  });
  return {
    ...server,
    close: async (graceMs) => {
      closing.asked = true;
      say({ type: 'close', graceMs });
      const late = setTimeout(() => void thread.terminate(), graceMs + closeMs);
      await ended;
      clearTimeout(late);
    },
  };
}
