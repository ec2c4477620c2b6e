// How a run ends in the Kustomization's status: which reason, which words, and when it is due again.
import { asSluiceError, type ErrorCode, type SluiceError } from '../errors.ts';
import { findCondition, type Reason } from '../flux/condition.ts';
import { eventsOf } from '../flux/event.ts';
import { type FailureOutcome, failedStatus, type InventoryEntry, stalledStatus } from '../flux/status.ts';
import type { KubeObject } from '../object/object.ts';
import type { ReconcileTools, Run } from './run.ts';

/** What a run had come to when it failed. */
export interface Progress {
  revision?: string;
  /** What must not be forgotten, once something may have been written. */
  inventory?: readonly InventoryEntry[];
  /** `sha256:<hex>` of what was built. */
  digest?: string;
}

const dependencyRetryMs = 30_000;
const firstRetryMs = 5_000;

/** Flux's reason where it has one. */
export function reasonOf(code: ErrorCode): Reason {
  switch (code) {
    case 'deploy.spec':
      return 'InvalidSpec';
    case 'deploy.unsupported':
      return 'Unsupported';
    case 'deploy.dependency':
      return 'DependencyNotReady';
    case 'deploy.denied':
      return 'PolicyDenied';
    case 'deploy.deletions':
      return 'DeletionGuard';
    case 'deploy.prune':
      return 'PruneFailed';
    case 'deploy.health':
      return 'HealthCheckFailed';
    case 'deploy.expression':
      return 'InvalidCELExpression';
    case 'fleet.cycle':
      return 'DependencyCycle';
    case 'build.pathMissing':
    case 'deploy.source':
      return 'ArtifactFailed';
    default:
      return byArea(code);
  }
}

function byArea(code: ErrorCode): Reason {
  const area = code.slice(0, code.indexOf('.'));
  if (area === 'source' || code === 'fleet.source') return 'ArtifactFailed';
  return ['build', 'policy', 'fleet', 'config'].includes(area) ? 'BuildFailed' : 'ReconciliationFailed';
}

/** Only a changed spec can mend these. */
const stalled: ReadonlySet<Reason> = new Set(['InvalidSpec', 'InvalidCELExpression', 'DependencyCycle']);

/**
 * Writes the failure down and plans the next try.
 *
 * @returns what happened, for the log
 * @throws SluiceError, transient, where the API server does not answer: the queue then tries again
 */
export async function endFailed(thrown: unknown, run: Run, progress: Progress, tools: ReconcileTools): Promise<string> {
  const error = asSluiceError(thrown);
  if (error.code === 'deploy.superseded') return error.message;
  const reason = reasonOf(error.code);
  const message = wordsOf(error);
  if (error.kind !== 'terminal' || mayChangeByItself(reason)) tools.memory.hinder(run.key);
  const retryMs = retryAfter(error, reason, run, tools.memory.failed(run.key));
  tools.schedule.next(run.key, retryMs, `retry after ${reason}`);
  const outcome: FailureOutcome = {
    reason,
    message,
    now: tools.now(),
    ...(stalled.has(reason) ? {} : { retryMs }),
    ...progress,
    durationMs: run.durationMs,
    ...(reason === 'HealthCheckFailed' ? { health: { type: 'failed' as const, message } } : {}),
  };
  const was = run.object;
  const status = stalled.has(reason) ? stalledStatus : failedStatus;
  try {
    await run.write(status(was, run.attempt, outcome));
  } catch (failure) {
    const second = asSluiceError(failure);
    if (second.code === 'deploy.superseded') return second.message;
    throw second.kind === 'transient' ? second : error;
  }
  await tell(was, { reason, message, revision: progress.revision }, tools);
  // One that waits for another fails at nothing; what the run came to says it.
  if (error.code !== 'deploy.dependency') {
    const words = message.slice(0, 1_000);
    tools.log.warn('a Kustomization failed', { kustomization: run.key, code: error.code, reason, words });
  }
  return `${reason}: ${error.message.split('\n')[0] ?? ''}`.slice(0, 300);
}

/** An event, unless the condition said the same before. */
async function tell(
  was: KubeObject,
  {
    reason,
    message,
    revision,
  }: { readonly reason: Reason; readonly message: string; readonly revision?: string | undefined },
  { cluster }: ReconcileTools,
): Promise<void> {
  const before = findCondition(was, 'Ready');
  if (before?.status === 'False' && before.reason === reason && before.message === message) return;
  const type = reason === 'DependencyNotReady' ? ('waiting' as const) : ('failed' as const);
  const context = revision === undefined ? {} : { revision };
  for (const event of eventsOf(was, [{ type, reason, message }], context)) await cluster.record(event);
}

function retryAfter(error: SluiceError, reason: Reason, run: Run, failures: number): number {
  const { retryIntervalMs } = run.deploy;
  if (reason === 'DependencyNotReady') return dependencyRetryMs;
  // What Git says stays wrong until Git says something else, which is noticed by itself.
  if (error.kind === 'terminal' && !mayChangeByItself(reason)) return retryIntervalMs;
  // A missing right, namespace or kind may come at any moment: look soon, then less and less often.
  return Math.min(retryIntervalMs, firstRetryMs * 2 ** Math.min(failures - 1, 20));
}

function mayChangeByItself(reason: Reason): boolean {
  return reason === 'ReconciliationFailed' || reason === 'PruneFailed' || reason === 'ArtifactFailed';
}

/** The error as a condition says it: what, where, and what to do. */
export function wordsOf({ message, place, remedy }: SluiceError): string {
  const many = message.includes('\n');
  const where =
    many || place === undefined ? '' : ` (${place.file}${place.line === undefined ? '' : `:${place.line}`})`;
  return `${message}${where}${many || remedy === undefined ? '' : `; to mend it: ${remedy}`}`;
}
