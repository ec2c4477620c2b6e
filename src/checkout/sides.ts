// The two sides of a check on local checkouts.

import type { RegoModule } from '../ports.ts';
import { type Local, LocalRepositories } from '../preview/repositories.ts';
import type { SidesInput } from '../preview/sides.ts';
import { sameRepository } from '../source/url.ts';
import { type CheckSubject, platformTreeOf } from './subject.ts';

export function sidesOf(
  subject: CheckSubject,
  others: readonly Local[],
  shippedPolicies: readonly RegoModule[],
): SidesInput {
  const side = (at: 'base' | 'head'): SidesInput['base'] => ({
    platform: platformTreeOf(at, subject),
    repositories: new LocalRepositories([...localsOf(at, subject), ...others]),
  });
  return { base: side('base'), head: subject.revisions === undefined ? undefined : side('head'), shippedPolicies };
}

function localsOf(at: 'base' | 'head', { role, platform, repository, url, branch, revisions }: CheckSubject): Local[] {
  const side = revisions?.[at];
  const reviewed =
    side === undefined || branch === undefined
      ? undefined
      : { tree: side.tree, branch, revision: side.commit === null ? 'working tree' : `sha1:${side.commit}` };
  const isPlatform = role === 'platform' || sameRepository(url, platform.url);
  const mine: Local = { url, repository, isPlatform, reviewed, standing: undefined };
  if (platform.standing === undefined) return [mine];
  const standing = { tree: platform.standing, revision: 'local' };
  return [
    mine,
    { url: platform.url, repository: platform.repository, isPlatform: true, reviewed: undefined, standing },
  ];
}
