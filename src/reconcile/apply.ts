// All stages of one run, one after the other; objects that nobody touched and that are sent as before are passed over.
import { setTimeout as after } from 'node:timers/promises';
import type { Applied } from '../agent/touched.ts';
import type { Change } from '../apply/change.ts';
import type { ApplyContext } from '../apply/context.ts';
import { compileIgnore } from '../apply/ignore.ts';
import { type Stage, stagesOf } from '../apply/order.ts';
import type { Prepared } from '../apply/prepare.ts';
import { serve } from '../apply/served.ts';
import { applyStage } from '../apply/stage.ts';
import { secretValues } from '../diff/secret-values.ts';
import { SluiceError } from '../errors.ts';
import { stageStatus, stageTimeoutMs } from '../health/stage.ts';
import { identityOf } from '../inventory/entry.ts';
import { groupOf, nameOf, namespaceOf } from '../object/id.ts';
import type { KubeObject } from '../object/object.ts';
import type { ServedKinds } from '../ports/kube.ts';
import { claimantOf, hasClaim } from './claim.ts';
import { deployContext } from './context.ts';
import type { Inputs } from './inputs.ts';
import { liveOf } from './rivals.ts';
import type { ReconcileTools, Run } from './run.ts';
import type { Unmoved } from './unmoved.ts';

export interface AppliedAll {
  /** By inventory id: what a later run compares with. */
  readonly objects: ReadonlyMap<string, Applied>;
  /** Ids that Git or the object itself says to leave alone. */
  readonly skipped: ReadonlySet<string>;
  /** What was looked at or written, in order. */
  readonly changes: readonly Change[];
  /** Kinds as they are served in the end: a stage may bring definitions. */
  readonly kinds: ServedKinds;
}

export interface ToApply {
  readonly inputs: Inputs;
  readonly kinds: ServedKinds;
  readonly unmoved: Unmoved;
  /** Digest of how objects are sent: account, force, rules. */
  readonly how: string;
}

const stageLookMs = 250;

/**
 * Applies stage after stage.
 *
 * @throws SluiceError `deploy.apply` with every object at fault, `deploy.superseded`, `deploy.health` for a stage that does
 *   not get ready within a minute
 */
export async function applyAll(
  run: Run,
  prepared: readonly Prepared[],
  to: ToApply,
  tools: ReconcileTools,
): Promise<AppliedAll> {
  const objects = new Map<string, Applied>();
  const skipped = new Set<string>();
  const changes: Change[] = [];
  let kinds = to.kinds;
  for (const [at, stage] of stagesOf(prepared).entries()) {
    // Look again before each stage but the first, which the write before has just looked for.
    if (at > 0) await run.look();
    const { due, kept } = split(stage, to);
    for (const [id, applied] of kept) objects.set(id, applied);
    if (due.length === 0) continue;
    kinds = await kindsFor(
      due.map(({ object }) => object),
      kinds,
      tools,
    );
    const context = applyContext(run, kinds, to, tools);
    const result = await applyStage({ ...stage, items: due }, context);
    changes.push(...result.changes);
    const byId = new Map(due.map((one) => [one.id, one]));
    for (const change of result.changes) {
      const one = byId.get(change.id);
      if (change.action === 'skipped') skipped.add(change.id);
      else if (change.there !== undefined && one !== undefined)
        objects.set(change.id, { ...placeOf(one), ...change.there, sent: sentOf(one, to.how) });
    }
    if (result.failure !== undefined) throw result.failure;
    const written = result.changes.filter(({ action }) => action === 'created' || action === 'configured');
    if (stage.waits && written.length > 0) await untilReady(run, due, context, tools);
  }
  return { objects, skipped, changes, kinds };
}

/** Asks the cluster anew where it was not known to serve one of these: an earlier stage, or somebody else, may have brought it. */
export async function kindsFor(
  objects: readonly KubeObject[],
  known: ServedKinds,
  { cluster }: ReconcileTools,
): Promise<ServedKinds> {
  const missing = objects.some(({ apiVersion, kind }) => known.find(groupOf(apiVersion), kind) === undefined);
  return missing ? cluster.kinds(true) : known;
}

/** What is to be looked at, and what stands as it was left by the same bytes. */
function split(
  stage: Stage<Prepared>,
  { unmoved, how }: ToApply,
): { readonly due: readonly Prepared[]; readonly kept: ReadonlyMap<string, Applied> } {
  const kept = new Map<string, Applied>();
  const due = stage.items.filter((one) => {
    const applied = unmoved.objects.get(one.id);
    if (applied === undefined || applied.sent !== sentOf(one, how)) return true;
    kept.set(one.id, applied);
    return false;
  });
  return { due, kept };
}

function sentOf({ digest }: Prepared, how: string): string {
  return `${digest} ${how}`;
}

function placeOf({ object }: Prepared): Pick<Applied, 'group' | 'kind' | 'namespace' | 'name'> {
  return {
    group: groupOf(object.apiVersion),
    kind: object.kind,
    namespace: namespaceOf(object),
    name: nameOf(object),
  };
}

function applyContext(run: Run, kinds: ServedKinds, { inputs }: ToApply, tools: ReconcileTools): ApplyContext {
  const { build, secrets, writer } = inputs;
  const { copiesSecrets, copiedValues = [] } = build;
  return {
    ...deployContext(run, { ...inputs, kinds, writer }, tools),
    force: run.deploy.force,
    ignore: compileIgnore(run.deploy.ignore),
    values: secretValues(build.objects, { copiesSecrets, copiedValues: [...copiedValues, ...secrets] }),
    ownerStands: async ({ kind, namespace, name }, id) => {
      const key = `${namespace}/${name}`;
      // A HelmRelease is known by nobody here; what it says it owns is its own.
      if (kind !== 'Kustomization') return true;
      const other = tools.kustomizations.get(key);
      const claimant = other === undefined ? undefined : claimantOf(liveOf(other), inputs.fleet);
      const known = { fleet: inputs.fleet, kinds };
      const stands =
        claimant !== undefined &&
        hasClaim(claimant, id, inputs.identity.owner, known) &&
        tools.kustomizations.inventoryOf(key).has(id);
      if (stands) tools.memory.waitFor(key, run.key);
      return stands;
    },
    pause: async (milliseconds) => {
      await after(milliseconds, undefined, { signal: run.signal });
    },
  };
}

async function untilReady(
  run: Run,
  items: readonly Prepared[],
  { writer, kinds }: ApplyContext,
  tools: ReconcileTools,
): Promise<void> {
  const startedMs = tools.elapsed();
  let waiting = items;
  for (;;) {
    const looks = await Promise.all(
      waiting.map(async (one) => {
        const { address } = serve(one.object, kinds);
        return { one, ...stageStatus((await writer.get(address)) ?? null, tools.now()) };
      }),
    );
    const late = looks.filter(({ status }) => status !== 'Current');
    if (late.length === 0) return;
    const bad = late.find(({ status }) => status === 'Failed' || status === 'Terminating');
    if (bad !== undefined || tools.elapsed() - startedMs > stageTimeoutMs) {
      const words = late.map(({ one, status, message }) => `${one.label} (${message || status})`).join(', ');
      throw new SluiceError('deploy.health', `the objects after it wait for ${words}`, { kind: 'notReady' });
    }
    waiting = late.map(({ one }) => one);
    await after(stageLookMs, undefined, { signal: run.signal });
    await run.stillMine();
  }
}

/** From now on somebody's touch is noticed. A kind that cannot be followed is listed when it is needed. */
export async function followKinds(
  objects: Iterable<Pick<Applied, 'group' | 'kind'>>,
  kinds: ServedKinds,
  { touched }: ReconcileTools,
): Promise<void> {
  const seen = new Map<string, readonly [string, string]>();
  for (const { group, kind } of objects) seen.set(`${group}/${kind}`, [group, kind]);
  await Promise.all(
    [...seen.values()].map(async ([group, kind]) => {
      const served = kinds.find(group, kind);
      if (served?.verbs.includes('watch') === true) await touched.follow(served).catch(() => undefined);
    }),
  );
}

/** The kinds behind inventory ids. */
export function kindsOf(ids: ReadonlySet<string>): readonly Pick<Applied, 'group' | 'kind'>[] {
  return [...ids].flatMap((id) => identityOf(id) ?? []);
}
