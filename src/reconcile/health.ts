// After apply and prune: healthy at once, or waited for in the background until it is, fails, or takes too long.
import type { Prepared } from '../apply/prepare.ts';
import { SluiceError } from '../errors.ts';
import { isReady } from '../flux/condition.ts';
import { type ChangedObject, eventsOf, type Happening } from '../flux/event.ts';
import { type HealthOutcome, type InventoryEntry, progressingStatus, readyStatus } from '../flux/status.ts';
import {
  failedWords,
  type Health,
  healthOf,
  type HealthTarget,
  healthTargets,
  passedWords,
  timedOutWords,
} from '../health/check.ts';
import { explained } from '../health/explain.ts';
import { createHealthRules, type HealthRules } from '../health/rules.ts';
import type { KubeObject } from '../object/object.ts';
import type { AppliedAll } from './apply.ts';
import type { Inputs } from './inputs.ts';
import { endFailed, type Progress } from './outcome.ts';
import { planNext } from './plan.ts';
import type { ReconcileTools, Run } from './run.ts';

export interface AfterApply {
  readonly prepared: readonly Prepared[];
  readonly applied: AppliedAll;
  readonly pruned: readonly ChangedObject[];
  readonly inputs: Inputs;
  readonly inventory: readonly InventoryEntry[];
  readonly revision: string;
  /** `sha256:<hex>` */
  readonly digest: string;
  readonly progress: Progress;
}

/** Without news of an object it is looked at this often. */
const lookEveryMs = 5_000;

/** @returns what was done, for the log. The status says the rest. */
export async function checkHealth(run: Run, after: AfterApply, tools: ReconcileTools): Promise<string> {
  const { deploy } = run;
  if (!deploy.wait && deploy.healthChecks.length === 0) return ready(run, after, { type: 'none' }, tools);
  const rules = createHealthRules(deploy.healthCheckExprs);
  const startedMs = tools.elapsed();
  const { prepared, applied } = after;
  const candidates = prepared.map(({ id, object }) => ({ object, skipped: applied.skipped.has(id) }));
  const isNamespaced = (group: string, kind: string): boolean | undefined =>
    applied.kinds.find(group, kind)?.namespaced;
  const targets = healthTargets(run.object, deploy, candidates, isNamespaced);
  const first = await look(targets, rules, after, tools);
  if (first.health.done) return settle(run, after, { ...first, startedMs }, tools);
  // Not yet: say so, and wait without holding a place in the queue.
  const { revision, inventory } = after;
  const words = { step: 'Running health checks', revision, timeoutMs: deploy.timeoutMs, now: tools.now() } as const;
  await run.write(progressingStatus(run.object, run.attempt, { ...words, attempted: true, inventory }), true);
  // Should this process end, another run begins where this one stood.
  tools.schedule.next(run.key, deploy.timeoutMs + lookEveryMs * 2, 'health');
  tools.waits.start(run.key, async ({ signal, pause }) => {
    try {
      let seen = first;
      while (!signal.aborted && !seen.health.done && tools.elapsed() - startedMs < deploy.timeoutMs) {
        await pause(Math.min(lookEveryMs, deploy.timeoutMs));
        if (signal.aborted) return;
        seen = await look(targets, rules, after, tools);
      }
      if (signal.aborted) return;
      await run.look();
      await settle(run, after, { ...seen, startedMs }, tools);
    } catch (thrown) {
      if (!signal.aborted)
        await endFailed(thrown, run, after.progress, tools).catch(() => tools.schedule.now(run.key, 'health'));
    }
  });
  return `applied ${revision}, waiting for ${first.health.waiting.length} of ${first.health.total} to be healthy`;
}

interface Seen {
  readonly health: Health;
  /** By the targets' ids. */
  readonly live: ReadonlyMap<string, KubeObject | null>;
}

async function settle(
  run: Run,
  after: AfterApply,
  { health: seen, live, startedMs }: Seen & { readonly startedMs: number },
  tools: ReconcileTools,
): Promise<string> {
  const tookMs = tools.elapsed() - startedMs;
  if (seen.failed.length === 0 && seen.waiting.length === 0)
    return ready(run, after, { type: 'passed', message: passedWords(tookMs) }, tools);
  const health = await explained(seen, live, after.applied.kinds, after.inputs.writer);
  const words = health.failed.length > 0 ? failedWords(health, tookMs) : timedOutWords(health, run.deploy.timeoutMs);
  throw new SluiceError('deploy.health', words);
}

async function ready(run: Run, after: AfterApply, health: HealthOutcome, tools: ReconcileTools): Promise<string> {
  const { revision, inventory, digest, applied } = after;
  const before = run.object;
  const wasReady = isReady(before);
  const durationMs = run.durationMs;
  await run.write(
    readyStatus(run.object, run.attempt, { revision, inventory, digest, health, durationMs, now: tools.now() }),
  );
  const nextMs = planNext(run, tools);
  const changes = [...applied.changes, ...after.pruned];
  const counts = countsOf(changes);
  if (counts !== '' || !wasReady) {
    const happenings: Happening[] = [
      { type: 'changed', changes },
      ...(health.type === 'passed' ? [{ type: 'healthy' as const, message: health.message, isNews: true }] : []),
      { type: 'finished', durationMs, nextMs },
    ];
    for (const event of eventsOf(before, happenings, { revision })) await tools.cluster.record(event);
  }
  return `applied ${revision}${counts === '' ? ', nothing differed' : `: ${counts}`}`;
}

/** `3 created, 1 configured`; `''` where nothing changed. */
function countsOf(changes: readonly ChangedObject[]): string {
  const shown = (['created', 'configured', 'deleted'] as const).flatMap((action) => {
    const count = changes.filter((one) => one.action === action).length;
    return count === 0 ? [] : [`${count} ${action}`];
  });
  return shown.join(', ');
}

async function look(
  targets: readonly HealthTarget[],
  rules: HealthRules,
  { inputs, applied }: AfterApply,
  tools: ReconcileTools,
): Promise<Seen> {
  const live = new Map<string, KubeObject | null>();
  await Promise.all(
    targets.map(async ({ id, group, kind, namespace, name }) => {
      const served = applied.kinds.find(group, kind);
      // Not served is not there.
      const object = served === undefined ? undefined : await inputs.writer.get({ kind: served, namespace, name });
      live.set(id, object ?? null);
    }),
  );
  return { health: healthOf(targets, rules, { live, now: tools.now() }), live };
}
