// When a Kustomization that was looked at is due again.
import { intervalWithJitter } from '../flux/duration.ts';
import type { ReconcileTools, Run } from './run.ts';

/** Plans it after its interval, which is returned in milliseconds: counted from the end of this run, ±5 % so that a thousand do not come together. */
export function planNext(run: Run, tools: ReconcileTools): number {
  tools.memory.succeeded(run.key);
  const nextMs = intervalWithJitter(run.deploy.intervalMs, tools.random());
  tools.schedule.next(run.key, nextMs, 'interval');
  return nextMs;
}
