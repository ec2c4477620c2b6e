// Nothing much is deleted because of a slip: an empty build, a moved folder, a renamed Kustomization.
import { SluiceError } from '../errors.ts';
import { type InventoryEntry, identityOf, labelOfId } from '../inventory/entry.ts';
import { isPreciousKind } from './immutable.ts';
import type { Owner } from './prepare.ts';

/** The annotation of a Kustomization that lets one revision's deletions pass. */
export const acknowledgementKey = 'sluice.dev/acknowledge-deletions';

export interface Deletions {
  readonly kustomization: Owner;
  /** Objects of the build. */
  readonly built: number;
  /** What would be deleted. */
  readonly stale: readonly Pick<InventoryEntry, 'id'>[];
  /** `deploy.maxDeletions` of sluice.yaml. */
  readonly maxDeletions: number;
  /** `main@sha1:<40 hex>` */
  readonly revision: string;
  /** Value of the annotation, if there is one. */
  readonly acknowledged: string | undefined;
}

const mostNamed = 10;

/**
 * The refusal of deletions that nobody has acknowledged for exactly this revision: all of a build that holds nothing, or more
 * than `maxDeletions`. Undefined where there is nothing to refuse.
 */
export function deletionGuard(deletions: Deletions): SluiceError | undefined {
  const { kustomization, built, stale, maxDeletions, revision, acknowledged } = deletions;
  if (stale.length === 0 || acknowledged === revision) return undefined;
  if (built > 0 && stale.length <= maxDeletions) return undefined;
  const why =
    built === 0
      ? 'the build holds no objects at all'
      : `that is more than deploy.maxDeletions allows (${maxDeletions})`;
  const objects = stale.length === 1 ? '1 object' : `${stale.length} objects`;
  return new SluiceError('deploy.deletions', `${revision} would delete ${objects}, and ${why}: ${named(stale)}`, {
    remedy: `if that is meant, run: ${acknowledgement(kustomization, revision)}`,
  });
}

/**
 * The command that lets a revision's deletions pass, safe to paste. The field manager is the one that a parent Kustomization
 * leaves alone; with kubectl's own the annotation could be taken away again before anybody has read it.
 */
export function acknowledgement({ namespace, name }: Owner, revision: string): string {
  const annotation = quoted(`${acknowledgementKey}=${revision}`);
  return `kubectl annotate kustomization -n ${quoted(namespace)} ${quoted(name)} --overwrite --field-manager=flux-client-side-apply ${annotation}`;
}

/** What holds data or other objects first. */
function named(stale: readonly Pick<InventoryEntry, 'id'>[]): string {
  const precious = stale.filter(({ id }) => isPrecious(id));
  const others = stale.filter(({ id }) => !isPrecious(id));
  const labels = [...precious, ...others].slice(0, mostNamed).map(({ id }) => labelOfId(id));
  const rest = stale.length - labels.length;
  const warning =
    precious.length === 0 ? '' : `; ${precious.length} of them hold data or other objects, which go with them`;
  return `${labels.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}${warning}`;
}

function isPrecious(id: string): boolean {
  const identity = identityOf(id);
  return identity !== undefined && isPreciousKind(identity.group, identity.kind);
}

/** One word of a shell, whatever a branch may be called. */
function quoted(text: string): string {
  return /^[A-Za-z0-9@:/._=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
