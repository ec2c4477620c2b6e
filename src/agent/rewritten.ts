// A branch that went to a commit which does not contain the one before: somebody forced it. It is followed, and told.
import { asSluiceError } from '../errors.ts';
import { stringAt } from '../flux/read.ts';
import type { KubeObject } from '../object/object.ts';
import type { KubeEvent } from '../ports/kube.ts';
import type { Repository } from '../ports.ts';
import { withoutCredentials } from '../source/url.ts';
import type { SourceState } from './sources.ts';

/**
 * Returns what to tell of a source that moved, or undefined where its branch only grew, or nobody knows where it was: its
 * status does where this process does not.
 *
 * @param repository with the whole history of where the branch is now
 */
export async function rewriting(
  object: KubeObject,
  { state, before, repository }: { state: SourceState; before: SourceState | undefined; repository: Repository },
): Promise<KubeEvent | undefined> {
  const former = before?.url === state.url ? before.revision : toldRevision(object, state);
  if (former === undefined || former === state.revision) return undefined;
  const [name, commit] = split(former);
  // Another branch, a tag or a commit that the source names is a choice of whoever wrote the source.
  const { commit: fixed, tag, semver } = state.ref;
  if (commit === undefined || name !== split(state.revision)[0] || (fixed ?? tag ?? semver) !== undefined)
    return undefined;
  if (await contains(repository, commit, state.commit)) return undefined;
  const message =
    `${name} was rewritten: ${state.revision} does not contain ${former}, which was here before. ` +
    'What it says now is applied; if that was not meant, push what it was, and protect the branch against force pushes';
  return { about: object, type: 'Warning', reason: 'BranchRewritten', message };
}

/** By its status, where that was about the same repository. */
function toldRevision(object: KubeObject, { url }: SourceState): string | undefined {
  const artifact = ['artifact', 'url'] as const;
  if (stringAt(object['status'], ...artifact) !== withoutCredentials(url)) return undefined;
  return stringAt(object['status'], 'artifact', 'revision');
}

/** `main@sha1:<40 hex>` → its name and commit. */
function split(revision: string): readonly [name: string, commit: string | undefined] {
  const [, name = '', commit] = /^(.*)@sha1:([0-9a-f]{40})$/.exec(revision) ?? [];
  return [name, commit];
}

async function contains(repository: Repository, former: string, now: string): Promise<boolean> {
  try {
    // What it contains is here, since its history is.
    return (await repository.resolve(former)) !== undefined && (await repository.mergeBase(former, now)) === former;
  } catch (thrown) {
    // Too long a history to tell.
    if (asSluiceError(thrown).code === 'source.tooMany') return true;
    throw thrown;
  }
}
