// One object before anything is written: what would an apply do to it, and may it?
import { asSluiceError, SluiceError } from '../errors.ts';
import type { KubeObject } from '../object/object.ts';
import type { ObjectAddress } from '../ports/kube.ts';
import { type ChangedPath, compare } from './compare.ts';
import type { ApplyContext } from './context.ts';
import { isImmutable, isPrecious } from './immutable.ts';
import { contested, forbidding, isOwnedBy, ownedByOther, ownerOfLive } from './ownership.ts';
import { ownerLabels, type Prepared } from './prepare.ts';
import { type Conflict, conflictsOf, lacksField } from './refusal.ts';
import { reshape } from './reshape.ts';
import { serve } from './served.ts';
import { isExcluded, type Switches, switchesOf } from './switches.ts';
import { takeover } from './takeover.ts';
import { fromGit } from './trust.ts';

/** What is to be done about one object, and all that doing it needs. */
export type Look =
  | { readonly todo: 'skip'; readonly live: KubeObject | undefined }
  | ({ readonly todo: 'keep' } & Sent & There)
  | ({ readonly todo: 'create' } & Sent)
  | ({ readonly todo: 'configure' } & Sent & There & Taking)
  | ({ readonly todo: 'recreate' } & Sent & There)
  /** Refused for what another manager's half of an item lacks; that manager is to be taken over first. */
  | ({ readonly todo: 'unblock'; readonly refusal: SluiceError } & Sent & There);

export interface Sent {
  readonly address: ObjectAddress;
  readonly object: KubeObject;
  readonly note: string | undefined;
}

interface There {
  readonly live: KubeObject;
}

interface Taking {
  readonly force: boolean;
  readonly fields: readonly ChangedPath[];
  readonly taken: readonly Conflict[];
  /** Managed fields are to be rewritten before the object is applied. */
  readonly takesOver: boolean;
}

/**
 * Looks at one object: a dry run where it is not there, a dry run and a read where it is; nothing for one that Git says to
 * leave alone. Writes nothing.
 *
 * @throws SluiceError as the client says, `kube.conflict`, `deploy.owned`, `deploy.denied`; not cleaned of values yet
 */
export async function examine(prepared: Prepared, context: ApplyContext): Promise<Look> {
  if (isExcluded(prepared.switches)) return { todo: 'skip', live: undefined };
  const { address, object, note } = serve(prepared.object, context.kinds);
  const denied = context.authorise(address);
  if (denied !== undefined) throw new SluiceError('deploy.denied', denied);
  const pointers = context.ignore(object);
  const once = prepared.switches.ssa === 'IfNotPresent';
  const known = once || pointers.length > 0 ? await context.writer.get(address) : undefined;
  if (once && known !== undefined) return { todo: 'skip', live: known };
  const shaped = known === undefined ? object : withOwner(reshape(object, known, pointers), context);
  return tryOut({ address, object: shaped, note }, prepared, known, context);
}

// A rule for `/metadata/labels` must not carry another owner's labels over.
function withOwner(object: KubeObject, { owner }: ApplyContext): KubeObject {
  const { labels } = object.metadata;
  return { ...object, metadata: { ...object.metadata, labels: { ...(labels as object), ...ownerLabels(owner) } } };
}

async function tryOut(
  sent: Sent,
  prepared: Prepared,
  known: KubeObject | undefined,
  context: ApplyContext,
): Promise<Look> {
  const { writer } = context;
  const { answer, created, refusal } = await dryRun(sent, context);
  if (created) return { todo: 'create', ...sent };
  // A refusal stands where nothing more can be seen.
  const live = known ?? (await writer.get(sent.address).catch((error: unknown) => throwing(refusal ?? error)));
  if (live === undefined) return vanished(sent, refusal, context);
  const found = await admit({ live, sent, prepared, context });
  if (found !== undefined) return found;
  if (answer !== undefined) return judge({ live, sent, prepared, context }, answer, false, []);
  return afterRefusal({ live, sent, prepared, context }, refusal as SluiceError);
}

interface Tried {
  readonly answer?: KubeObject;
  readonly created?: boolean;
  /** That may be due to what is there already, so that it is worth a look. */
  readonly refusal?: SluiceError;
}

/** @throws SluiceError for refusals that have nothing to do with what is there */
async function dryRun({ address, object }: Sent, { writer }: ApplyContext): Promise<Tried> {
  try {
    const { object: answer, created } = await writer.apply(address, object, { dryRun: true, force: false });
    return { answer, created };
  } catch (thrown) {
    const refusal = asSluiceError(thrown);
    if (!isAboutLive(refusal)) throw refusal;
    return { refusal };
  }
}

/** What was refused for the sake of an object that has gone since is tried once more. */
async function vanished(sent: Sent, refusal: SluiceError | undefined, context: ApplyContext): Promise<Look> {
  if (refusal !== undefined) {
    if (refusal.code !== 'kube.conflict' && !isImmutable(refusal)) throw refusal;
    const { refusal: again } = await dryRun(sent, context);
    if (again !== undefined) throw again;
  }
  return { todo: 'create', ...sent };
}

function throwing(error: unknown): never {
  throw asSluiceError(error);
}

interface Case {
  readonly live: KubeObject;
  readonly sent: Sent;
  readonly prepared: Prepared;
  readonly context: ApplyContext;
}

function isAboutLive({ code }: SluiceError): boolean {
  return code === 'kube.conflict' || code === 'kube.invalid' || code === 'kube.denied';
}

/** What the live object's own labels decide, before anything else does. */
async function admit({ live, sent, prepared, context }: Case): Promise<Look | undefined> {
  if (isExcluded(liveSwitches({ live, sent, prepared, context }))) return { todo: 'skip', live };
  const owner = ownerOfLive(live);
  if (owner !== undefined && !isOwnedBy(live, context.owner) && (await context.ownerStands(owner, prepared.id)))
    throw ownedByOther(owner);
  return undefined;
}

function liveSwitches({ live, sent, context }: Case): Switches {
  const trusted = context.trustsLive?.(sent.address) ?? true;
  return switchesOf(trusted ? live : fromGit(live));
}

async function afterRefusal(of: Case, refusal: SluiceError): Promise<Look> {
  const { live, sent, prepared, context } = of;
  if (refusal.code === 'kube.conflict') {
    const conflicts = conflictsOf(refusal);
    const overrides = context.overrideManagers ?? [];
    const forbidden = prepared.switches.ssa === 'Override' ? [] : forbidding(conflicts, live, context.owner, overrides);
    if (forbidden.length > 0) throw contested(forbidden);
    return forced(of, conflicts);
  }
  if (isImmutable(refusal)) return recreation(of, refusal);
  if (takesOver(of) && lacksField(refusal)) return { todo: 'unblock', ...sent, live, refusal };
  throw refusal;
}

async function forced(of: Case, taken: readonly Conflict[]): Promise<Look> {
  const { sent, context } = of;
  try {
    const { object } = await context.writer.apply(sent.address, sent.object, { dryRun: true, force: true });
    return judge(of, object, true, taken);
  } catch (thrown) {
    const refusal = asSluiceError(thrown);
    if (refusal.code === 'kube.conflict' || !isAboutLive(refusal)) throw refusal;
    return afterRefusal(of, refusal);
  }
}

function judge(of: Case, answer: KubeObject, force: boolean, taken: readonly Conflict[]): Look {
  const { live, sent, context } = of;
  const fields = compare(live, answer, sent.object);
  if (fields.length === 0 && !takesOver(of)) return { todo: 'keep', ...sent, live };
  // What is ours is taken back, also from who gets between the dry run and the write.
  const forces = force || isOwnedBy(live, context.owner);
  return { todo: 'configure', ...sent, live, force: forces, fields, taken, takesOver: takesOver(of) };
}

function takesOver({ live, prepared, context }: Case): boolean {
  return prepared.switches.ssa !== 'Merge' && takeover(live, context.overrideManagers) !== undefined;
}

/** `spec.force` reaches what is ours; a switch on the object in Git reaches that object, whoever made it. */
function recreation(of: Case, refusal: SluiceError): Look {
  const { live, sent, prepared, context } = of;
  const asked = prepared.switches.force || liveSwitches(of).force;
  if (isPrecious(sent.object)) {
    throw reworded(refusal, 'undo the change; an object of this kind is never deleted to make a change possible');
  }
  if (asked || (context.force && isOwnedBy(live, context.owner))) return { todo: 'recreate', ...sent, live };
  const whose = context.force ? ' (spec.force does not reach an object that this Kustomization has not made)' : '';
  throw reworded(
    refusal,
    `undo the change, or let the object be deleted and made anew: kustomize.toolkit.fluxcd.io/force: enabled on it, or spec.force${whose}`,
  );
}

function reworded(error: SluiceError, remedy: string): SluiceError {
  return new SluiceError(error.code, error.message, { kind: error.kind, remedy, cause: error.cause });
}
