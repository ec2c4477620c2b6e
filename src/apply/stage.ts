// A stage is looked at as a whole and then written as a whole: nothing is written while one of its objects cannot be.
import { asSluiceError, type SluiceError } from '../errors.ts';
import { groupOf } from '../object/id.ts';
import type { Change } from './change.ts';
import { type ApplyContext, eachOf, type Fence, fenceOf, usualConcurrency } from './context.ts';
import { examine, type Look } from './examine.ts';
import { failureOf, type ObjectFailure } from './failure.ts';
import type { Stage } from './order.ts';
import { declaredPlace, type Prepared } from './prepare.ts';
import { cleaned } from './refusal.ts';
import { takeOver, untouched, write, type Writing } from './write.ts';

export interface StageResult {
  /** What was found or done, in the order of writing. Objects that were not reached, or failed, are missing. */
  readonly changes: readonly Change[];
  /** `deploy.apply` with every object at fault, or `deploy.superseded`. */
  readonly failure: SluiceError | undefined;
}

/** After so many requests that nobody answered, the rest of a stage is not tried. */
const mostUnanswered = 8;

/**
 * Applies a stage. Every object is dry-run first (`concurrency` at a time) and every error is collected; with one error nothing
 * is written. Then what differs is written, kind after kind in order, the objects of one kind side by side; an error lets the
 * kind end and stops there. Fields of kubectl are taken over, and objects deleted to be made anew, only in this second part.
 *
 * A resumed or repeated run is right from whatever point: an object that is as it should be is not written again.
 */
export async function applyStage(stage: Stage<Prepared>, context: ApplyContext): Promise<StageResult> {
  const fence = fenceOf(context);
  const looked = await lookAt(stage.items, context);
  if (looked.failure !== undefined) return { changes: [], failure: looked.failure };
  try {
    const unblocked = await unblock(looked.looks, context, fence);
    if (unblocked.failure !== undefined) return { changes: [], failure: unblocked.failure };
    return await writeAll(unblocked.looks, context, fence);
  } catch (thrown) {
    return { changes: [], failure: asSluiceError(thrown) };
  }
}

type Looked = { readonly prepared: Prepared; readonly look: Look };
type Looks = { readonly looks: readonly Looked[]; readonly failure: SluiceError | undefined };

async function lookAt(items: readonly Prepared[], context: ApplyContext): Promise<Looks> {
  let unanswered = 0;
  let skipped = 0;
  const failures: ObjectFailure[] = [];
  const found = await eachOf(items, context.concurrency ?? usualConcurrency, async (prepared) => {
    if (unanswered >= mostUnanswered) {
      skipped += 1;
      return undefined;
    }
    try {
      return { prepared, look: await examine(prepared, context) };
    } catch (thrown) {
      const failure = failed(prepared, thrown, context);
      if (failure.error.code === 'kube.unavailable') unanswered += 1;
      failures.push(failure);
      return undefined;
    }
  });
  const looks = found.flatMap((one) => (one === undefined ? [] : [one]));
  const rest = skipped === 0 ? '' : `; ${skipped} were not looked at, since the API server does not answer`;
  const headline = `${failures.length} of ${items.length} objects cannot be applied, so nothing of this stage was written${rest}`;
  return { looks, failure: together(failures, items, headline) };
}

/** Takes over the managers that make dry runs fail, then looks at those objects again. */
async function unblock(looked: readonly Looked[], context: ApplyContext, fence: Fence): Promise<Looks> {
  const blocked = looked.filter(({ look }) => look.todo === 'unblock');
  if (blocked.length === 0) return { looks: looked, failure: undefined };
  const failures: ObjectFailure[] = [];
  const limit = context.concurrency ?? usualConcurrency;
  const again = await eachOf(blocked, limit, async ({ prepared, look }): Promise<Looked | undefined> => {
    await fence.hold();
    try {
      if (look.todo !== 'unblock') return undefined;
      const { address, live, refusal } = look;
      await takeOver(address, live, context);
      const next = await examine(prepared, context);
      if (next.todo === 'unblock') throw refusal;
      return { prepared, look: next };
    } catch (thrown) {
      failures.push(failed(prepared, thrown, context));
      return undefined;
    }
  });
  const replaced = new Map(again.flatMap((one) => (one === undefined ? [] : [[one.prepared, one]])));
  const items = looked.map(({ prepared }) => prepared);
  const headline = `${failures.length} of ${items.length} objects cannot be applied, so nothing of this stage was written`;
  return {
    looks: looked.map((one) => replaced.get(one.prepared) ?? one),
    failure: together(failures, items, headline),
  };
}

async function writeAll(looked: readonly Looked[], context: ApplyContext, fence: Fence): Promise<StageResult> {
  const done = new Map<Prepared, Change>();
  const items = looked.map(({ prepared }) => prepared);
  const failures: ObjectFailure[] = [];
  for (const { prepared, look } of looked) {
    if (look.todo === 'skip' || look.todo === 'keep') done.set(prepared, untouched(look, prepared));
  }
  const due = looked.flatMap(({ prepared, look }) => (isWriting(look) ? [{ prepared, look }] : []));
  let lost: SluiceError | undefined;
  for (const kind of byKind(due)) {
    await eachOf(kind, context.concurrency ?? usualConcurrency, async ({ prepared, look }) => {
      try {
        done.set(prepared, await write(look, prepared, context, fence));
      } catch (thrown) {
        const failure = failed(prepared, thrown, context);
        if (failure.error.code === 'deploy.superseded') lost = failure.error;
        else failures.push(failure);
      }
    });
    if (lost !== undefined || failures.length > 0) break;
  }
  const written = due.filter(({ prepared }) => done.has(prepared)).length;
  const headline = `${failures.length} of ${due.length} objects could not be written; ${written} were`;
  const changes = items.flatMap((prepared) => done.get(prepared) ?? []);
  return { changes, failure: lost ?? together(failures, items, headline) };
}

function isWriting(look: Look): look is Writing {
  return look.todo === 'create' || look.todo === 'configure' || look.todo === 'recreate';
}

function byKind(due: readonly { readonly prepared: Prepared; readonly look: Writing }[]): (typeof due)[] {
  const kinds: { readonly key: string; readonly items: (typeof due)[number][] }[] = [];
  for (const one of due) {
    const { apiVersion, kind } = one.prepared.object;
    const key = `${groupOf(apiVersion)}/${kind}`;
    const current = kinds.at(-1);
    if (current?.key === key) current.items.push(one);
    else kinds.push({ key, items: [one] });
  }
  return kinds.map(({ items }) => items);
}

function failed(prepared: Prepared, thrown: unknown, context: ApplyContext): ObjectFailure {
  const { id, label, built, object } = prepared;
  const error = cleaned(asSluiceError(thrown), object, context.values);
  return { id, label, place: error.place ?? (context.placeOf ?? declaredPlace)(built), error };
}

function together(
  failures: readonly ObjectFailure[],
  items: readonly Prepared[],
  headline: string,
): SluiceError | undefined {
  const order = new Map(items.map(({ id }, at) => [id, at]));
  const sorted = failures.toSorted((one, other) => (order.get(one.id) ?? 0) - (order.get(other.id) ?? 0));
  const [first, ...others] = sorted;
  return first === undefined ? undefined : failureOf('deploy.apply', [first, ...others], headline);
}
