import { SluiceError } from '../../errors.ts';
import { connectionFailure } from '../connection-failure.ts';

/** Returns `queue.unavailable`, transient, around whatever a store said; its words go to the log, not into the message. */
export function unavailable(message: string, cause?: unknown): SluiceError {
  return new SluiceError('queue.unavailable', message, {
    kind: 'transient',
    remedy: "look at the queue's store; work goes on by itself once it answers",
    ...(cause !== undefined && { cause }),
  });
}

/** Of a store that a process cannot start without: nothing goes on by itself. */
export function absent(store: 'Redis' | 'Postgres', cause: unknown): SluiceError {
  const remedy = 'start it, or correct the address in SLUICE_QUEUE';
  const why = connectionFailure(cause, remedy);
  return new SluiceError(
    'queue.unavailable',
    `the ${store} of the queue does not answer${why === undefined ? '' : `: ${why.words}`}`,
    { kind: 'transient', remedy: why?.remedy ?? remedy, cause },
  );
}

/** Resolves as the promise does. @throws SluiceError `queue.unavailable` when it takes longer than `ms` or rejects */
export async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(unavailable(`${what}: the queue did not answer within ${ms} ms`)), ms);
      }),
    ]);
  } catch (error) {
    throw error instanceof SluiceError ? error : unavailable(`${what}: the queue is not available`, error);
  } finally {
    clearTimeout(timer);
  }
}

/** True when the promise settled within `ms`, however it settled. */
export async function settled(promise: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const outcome = await Promise.race([
    promise.then(
      () => true,
      () => true,
    ),
    new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), ms);
    }),
  ]);
  clearTimeout(timer);
  return outcome;
}
