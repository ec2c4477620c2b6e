// Sources as one side of a review sees them: the reviewed tree, the platform's, and local copies of others.
import type { ClusterRoot, Repositories, ResolvedSource } from '../fleet/fleet.ts';
import { followedBranch } from '../flux/kustomization.ts';
import type { Repository, SourceRef, Tree } from '../ports.ts';
import { sameRepository, withoutCredentials } from '../source/url.ts';

/** A repository at hand. */
export interface Local {
  readonly url: string;
  readonly repository: Repository;
  readonly isPlatform: boolean;
  /** The tree under review and the branch it would be merged into. */
  readonly reviewed: { readonly tree: Tree; readonly branch: string; readonly revision: string } | undefined;
  /** The tree as it stands, for the platform repository of a tenant's check, whatever the ref says. */
  readonly standing: { readonly tree: Tree; readonly revision: string } | undefined;
}

/** The platform's own address is in its cluster's gotk-sync.yaml too, where origin may be a fork or missing. */
export class LocalRepositories implements Repositories {
  readonly #locals: readonly Local[];
  readonly #other: (url: string, ref: SourceRef) => Promise<ResolvedSource>;
  readonly #opened = new Map<string, Promise<ResolvedSource>>();

  /** @param other opens what is not among `locals`; answers `unknown` by default */
  constructor(locals: readonly Local[], other: (url: string, ref: SourceRef) => Promise<ResolvedSource> = notAtHand) {
    this.#locals = locals;
    this.#other = other;
  }

  open(url: string, ref: SourceRef): Promise<ResolvedSource> {
    const key = JSON.stringify([url, ref]);
    const known = this.#opened.get(key);
    if (known !== undefined) return known;
    const local = this.#locals.find((one) => sameRepository(one.url, url));
    const shown = withoutCredentials(url);
    const opened = local === undefined ? this.#other(shown, ref) : openLocal(local, shown, ref);
    this.#opened.set(key, opened);
    return opened;
  }

  platform(root: ClusterRoot): Promise<ResolvedSource> {
    const local = this.#locals.find((one) => one.isPlatform);
    if (local === undefined)
      return Promise.resolve(unknownSource(undefined, {}, 'the platform repository is not at hand'));
    const branch = local.reviewed?.branch ?? 'main';
    return openLocal(local, local.url, root.sync?.ref ?? { branch });
  }
}

function notAtHand(url: string, ref: SourceRef): Promise<ResolvedSource> {
  return Promise.resolve(unknownSource(url, ref, `no local copy; pass --repo ${url}=DIR`));
}

/** A source of a local repository at a ref. */
export async function openLocal(local: Local, url: string, ref: SourceRef): Promise<ResolvedSource> {
  const common = { type: 'tree' as const, url, ref, platform: local.isPlatform };
  const { reviewed, standing } = local;
  if (reviewed !== undefined && followedBranch(ref) === reviewed.branch) {
    return { ...common, tree: reviewed.tree, revision: `${reviewed.branch}@${reviewed.revision}`, follows: true };
  }
  if (standing !== undefined) return { ...common, tree: standing.tree, revision: standing.revision, follows: false };
  const resolved = await local.repository.resolveRef(ref);
  if (resolved === undefined) return unknownSource(url, ref, 'its ref is not in the local copy; fetch it');
  return { ...common, tree: await local.repository.tree(resolved.commit), revision: resolved.revision, follows: false };
}

/** A Git source that is not at hand, and why. */
export function unknownSource(url: string | undefined, ref: SourceRef, reason: string): ResolvedSource {
  const at = Object.entries(ref).map(([key, value]) => ` at ${key} ${value}`)[0] ?? '';
  return { type: 'unknown', url, what: `GitRepository${at}`, reason };
}
