import type { QueueEvent } from './adapters/queue/event.ts';
import { factsOf } from './errors.ts';
import { fieldsOf } from './job/fields.ts';
import type { Log, LogFields } from './ports/log.ts';

/** Writes down what the queue did on its own, and to which job. */
export function logQueueEvent(log: Log, event: QueueEvent): void {
  log.warn(`queue: ${event.event}`, fieldsOfEvent(event));
}

function fieldsOfEvent(event: QueueEvent): LogFields {
  switch (event.event) {
    case 'retry':
      // Whoever had the job has said why.
      return { ...fieldsOf(event.job), attempt: event.attempt, at: event.at.toISOString(), code: event.error.code };
    case 'ended':
      return { ...fieldsOf(event.job), attempt: event.attempt, ...factsOf(event.error) };
    case 'returned':
      return { ...fieldsOf(event.job), reason: event.reason };
    case 'left':
      return { version: event.version };
    case 'stalled':
      return { id: event.id };
    case 'malformed':
    case 'store':
      return factsOf(event.error);
  }
}
