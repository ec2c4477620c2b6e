// One object is written, the way `examine` found.
import { asSluiceError, SluiceError } from '../errors.ts';
import { list } from '../object/json.ts';
import type { KubeObject } from '../object/object.ts';
import { visible } from '../diff/visible.ts';
import type { Applied, ObjectAddress } from '../ports/kube.ts';
import { type Change, changeOf, sentVersion } from './change.ts';
import type { ApplyContext, Fence } from './context.ts';
import type { Look, Sent } from './examine.ts';
import type { Prepared } from './prepare.ts';
import { takeover } from './takeover.ts';

/** A look that ends in a write. */
export type Writing = Extract<Look, { readonly todo: 'create' | 'configure' | 'recreate' }>;

/** What a look without a write says of its object. */
export function untouched(look: Extract<Look, { readonly todo: 'skip' | 'keep' }>, prepared: Prepared): Change {
  if (look.todo === 'skip') {
    return changeOf(prepared, { action: 'skipped', live: look.live, version: sentVersion(prepared.object) });
  }
  const { live, note, object } = look;
  return changeOf(prepared, { action: 'unchanged', live, note, version: sentVersion(object) });
}

/** Writes. @throws SluiceError as the client says; not cleaned of values yet */
export async function write(look: Writing, prepared: Prepared, context: ApplyContext, fence: Fence): Promise<Change> {
  await fence.hold();
  if (look.todo === 'create') {
    const { object, created } = await send(look, false, context);
    return changeOf(prepared, { ...settled(look, object), action: created ? 'created' : 'configured' });
  }
  if (look.todo === 'recreate') {
    await remove(look, context);
    const { object } = await send(look, false, context);
    return changeOf(prepared, { ...settled(look, object), action: 'configured', recreated: true });
  }
  const { address, live, force, fields, taken } = look;
  if (look.takesOver) await takeOver(address, live, context);
  const { object, created } = await send(look, force, context);
  return changeOf(prepared, { ...settled(look, object), action: created ? 'created' : 'configured', fields, taken });
}

function send({ address, object }: Sent, force: boolean, { writer }: ApplyContext): Promise<Applied> {
  return writer.apply(address, object, { dryRun: false, force });
}

function settled(
  { object, note }: Sent,
  live: KubeObject,
): Pick<Change, 'note'> & { live: KubeObject; version: string } {
  return { live, note, version: sentVersion(object) };
}

const mostTries = 5;

/** Rewrites the managed fields of a live object as `takeover` says; anew where it moved meanwhile, as a status often does. */
export async function takeOver(address: ObjectAddress, live: KubeObject, context: ApplyContext): Promise<void> {
  const { writer, overrideManagers } = context;
  let there: KubeObject | undefined = live;
  for (let tries = 1; there !== undefined; tries += 1) {
    const entries = takeover(there, overrideManagers);
    if (entries === undefined) return;
    const { resourceVersion } = there.metadata;
    try {
      await writer.patchManagedFields(address, entries, typeof resourceVersion === 'string' ? resourceVersion : '');
      return;
    } catch (thrown) {
      const error = asSluiceError(thrown);
      if (error.code !== 'kube.conflict' || tries === mostTries) throw error;
      there = await writer.get(address);
    }
  }
}

const usualTimeoutMs = 60_000;
const [firstPauseMs, longestPauseMs] = [100, 2000];

/** Deletes, and waits until the object is gone: only then can another one have its name. */
async function remove({ address, live }: Extract<Look, { todo: 'recreate' }>, context: ApplyContext): Promise<void> {
  const { writer, recreateTimeoutMs = usualTimeoutMs } = context;
  const uid = typeof live.metadata['uid'] === 'string' ? live.metadata['uid'] : '';
  if ((await writer.delete(address, uid)) === 'gone') return;
  const until = context.elapsed() + recreateTimeoutMs;
  for (let wait = firstPauseMs; ; wait = Math.min(wait * 2, longestPauseMs)) {
    const left = await writer.get(address);
    if (left === undefined || left.metadata['uid'] !== uid) return;
    if (context.elapsed() >= until) throw stuck(left, recreateTimeoutMs);
    await context.pause(wait);
  }
}

function stuck(live: KubeObject, afterMs: number): SluiceError {
  return new SluiceError(
    'kube.conflict',
    `the object was deleted to be made anew, and is still there after ${Math.round(afterMs / 1000)} s; ${finalizersOf(live)}`,
    {
      kind: 'notReady',
      remedy: 'find out why its finalizers are not taken off; it is made anew as soon as it is gone',
    },
  );
}

/** `its finalizers: a.example/b, c` or that it has none. */
export function finalizersOf({ metadata }: KubeObject): string {
  const names = list(metadata['finalizers']).flatMap((one) =>
    typeof one === 'string' ? [visible(one.slice(0, 253))] : [],
  );
  return names.length === 0 ? 'it has no finalizers' : `its finalizers: ${names.slice(0, 10).join(', ')}`;
}
