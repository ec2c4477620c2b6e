import type { QueueEvent } from './adapters/queue/event.ts';
import type { Log } from './ports/log.ts';

/** Writes down what the queue did on its own. */
export function logQueueEvent(log: Log, event: QueueEvent): void {
  const error = 'error' in event ? { code: event.error.code, reason: event.error.message } : {};
  const at = 'at' in event ? { at: event.at.toISOString(), attempt: event.attempt } : {};
  log.warn(`queue: ${event.event}`, { ...error, ...at });
}
