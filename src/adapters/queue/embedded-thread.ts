// The embedded store's thread: PGlite, one query after the other, and the heartbeat of the folder's lock, which beats
// even while the owner's event loop is busy.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { PGlite } from '@electric-sql/pglite';
import type { DoorAnswer, ThreadAnswer, ThreadFailure, ThreadRequest, ThreadSettings } from './embedded-protocol.ts';
import { beat, heartbeatMs } from './folder-lock.ts';

const { data, lock } = workerData as ThreadSettings;
const port = parentPort;
if (port === null) throw new Error('this file is a worker thread');

const say = (answer: ThreadAnswer): void => port.postMessage(answer);
const doors = new Set<MessagePort>();
let open = true;

const heart = setInterval(() => {
  void beat(lock.folder, lock.token).then((ours) => {
    if (ours || !open) return;
    open = false;
    clearInterval(heart);
    say({ type: 'lost' });
  });
}, heartbeatMs);

const database = await PGlite.create({ dataDir: data });
database.onNotification((channel, payload) => {
  for (const one of [port, ...doors]) one.postMessage({ type: 'notification', channel, payload } satisfies DoorAnswer);
});
port.on('message', (request: ThreadRequest) => {
  if (request.type === 'query') void answer(request, say);
  else if (request.type === 'door') openDoor(request.port);
  else void close();
});
say({ type: 'ready' });

function openDoor(door: MessagePort): void {
  doors.add(door);
  door.on('close', () => doors.delete(door));
  door.on('message', (request: ThreadRequest) => {
    if (request.type === 'query') void answer(request, (words) => door.postMessage(words));
  });
}

async function answer(
  { id, text, params }: Extract<ThreadRequest, { type: 'query' }>,
  tell: (answer: DoorAnswer) => void,
): Promise<void> {
  try {
    if (!open) throw new Error('the embedded store is closed');
    // Several statements at once, as in migrations, come without parameters.
    const result =
      params === undefined || params.length === 0
        ? (await database.exec(text)).at(-1)
        : await database.query(text, [...params]);
    const rows = result?.rows ?? [];
    tell({ type: 'result', id, rows, rowCount: rows.length > 0 ? rows.length : (result?.affectedRows ?? 0) });
  } catch (error) {
    tell({ type: 'failure', id, failure: failureOf(error) });
  }
}

async function close(): Promise<void> {
  open = false;
  clearInterval(heart);
  try {
    await database.close();
  } finally {
    say({ type: 'closed' });
    for (const door of doors) door.close();
    port?.close();
  }
}

function failureOf(error: unknown): ThreadFailure {
  const { message, code, detail } = error as { message?: string; code?: string; detail?: string };
  return { message: message ?? String(error), code, detail };
}
