// Both sides of a merge on hosted repositories: the reviewed one, the platform's, and those the fleet names.
import { SluiceError } from '../errors.ts';
import type { ResolvedSource } from '../fleet/fleet.ts';
import type { HostedRepository } from '../ports/github.ts';
import type { Mirrors } from '../ports/mirror.ts';
import type { RegoModule, SourceRef } from '../ports.ts';
import { preview } from '../preview/preview.ts';
import { type Local, LocalRepositories, openLocal, unknownSource } from '../preview/repositories.ts';
import type { Tools } from '../preview/side.ts';
import { readSides, type SideInput } from '../preview/sides.ts';
import { assemble } from '../report/assemble.ts';
import type { Report } from '../report/report.ts';
import { sameRepository } from '../source/url.ts';
import type { HostedRepositories } from './hosted.ts';
import type { Merge } from './merge.ts';

export interface RenderTools extends Tools {
  readonly mirrors: Mirrors;
  readonly hosted: HostedRepositories;
  readonly shippedPolicies: readonly RegoModule[];
  /** ISO date, for waivers. */
  today(): string;
}

/** What is merged into what. */
export interface MergeSubject {
  readonly repository: HostedRepository;
  /** Short name of the branch that the merge moves. */
  readonly branch: string;
  readonly head: string;
  /** Fetches the merge, while the platform is fetched. */
  readonly merge: () => Promise<Merge>;
}

/** @throws SluiceError for what makes a review impossible; transient where a retry may mend it */
export async function renderMerge(subject: MergeSubject, tools: RenderTools): Promise<Report> {
  const platform = await tools.hosted.platform();
  const isPlatform = platform.repository === subject.repository.repository;
  const [tracked, merge] = await Promise.all([
    isPlatform ? undefined : trackedPlatform(platform, tools),
    subject.merge(),
  ]);
  const elsewhere = new Set<string>();
  const report = await render({ subject, merge, tracked, formerUrl: undefined, elsewhere }, tools);
  if (isPlatform || report.followers > 0) return report;
  // After a rename clusters go on reading the old address, since GitHub leads it to the new one.
  const formerUrl = await tools.hosted.formerUrl(subject.repository, [...elsewhere]);
  if (formerUrl === undefined) return report;
  return render({ subject, merge, tracked, formerUrl, elsewhere }, tools);
}

interface Rendering {
  readonly subject: MergeSubject;
  readonly merge: Merge;
  readonly tracked: Tracked | undefined;
  /** An address of the reviewed repository before it was renamed. */
  readonly formerUrl: string | undefined;
  /** Collects the addresses of other repositories that the fleet names. */
  readonly elsewhere: Set<string>;
}

async function render(rendering: Rendering, tools: RenderTools): Promise<Report> {
  const { subject, merge, tracked } = rendering;
  const [base, after] = await Promise.all([
    sideOf(merge.base, rendering, tools),
    sideOf(merge.commit, rendering, tools),
  ]);
  const sides = await readSides({ base, head: after, shippedPolicies: tools.shippedPolicies }, tools);
  const role = tracked === undefined ? ('platform' as const) : ('tenant' as const);
  const commits = { base: merge.base, head: subject.head, merge: merge.commit };
  const words = { url: addressOf(subject.repository), today: tools.today(), notes: [], errors: sides.errors };
  return assemble(await preview(sides.base, sides.head, { role, ...commits, ...words }, tools));
}

/** `https://github.com/acme/shop` */
export function addressOf({ cloneUrl }: HostedRepository): string {
  return cloneUrl.replace(/\.git$/, '');
}

export interface Tracked extends Local {
  readonly standing: NonNullable<Local['standing']>;
}

/** The platform as its tracked branch has it: the fleet that a tenant's change would meet. */
export async function trackedPlatform(
  platform: HostedRepository,
  { mirrors, hosted }: Pick<RenderTools, 'mirrors' | 'hosted'>,
): Promise<Tracked> {
  const branch = await hosted.trackedBranch();
  const tracked = await mirrors.fetch(hosted.remote(platform), branch);
  if (tracked === undefined)
    throw new SluiceError('fleet.noPlatform', `the platform repository ${platform.fullName} has no ${branch}`, {
      remedy: 'push the branch, or correct SLUICE_PLATFORM_BRANCH',
    });
  const standing = { tree: await tracked.repository.tree(tracked.commit), revision: `sha1:${tracked.commit}` };
  return { url: platform.cloneUrl, repository: tracked.repository, isPlatform: true, reviewed: undefined, standing };
}

async function sideOf(commit: string, rendering: Rendering, tools: RenderTools): Promise<SideInput> {
  const { subject, merge, tracked, formerUrl, elsewhere } = rendering;
  const { repository, branch } = subject;
  const tree = await merge.repository.tree(commit);
  const reviewed = { tree, branch, revision: `sha1:${commit}` };
  const common = { url: repository.cloneUrl, repository: merge.repository, reviewed, standing: undefined };
  if (tracked === undefined) {
    const open = (url: string, ref: SourceRef): Promise<ResolvedSource> => openHosted(url, ref, tools);
    return { platform: tree, repositories: new LocalRepositories([{ ...common, isPlatform: true }], open) };
  }
  const own = { ...common, isPlatform: false };
  const former = formerUrl === undefined ? [] : [{ ...own, url: formerUrl }];
  const notNeeded = (url: string, ref: SourceRef): Promise<ResolvedSource> => {
    elsewhere.add(url);
    return Promise.resolve(unknownSource(url, ref, 'it is another repository, which this change does not touch'));
  };
  const repositories = new LocalRepositories([own, ...former, tracked], notNeeded);
  return { platform: tracked.standing.tree, repositories };
}

/** A tenant's repository, for the platform's review: what a change to the fleet does to it. */
async function openHosted(url: string, ref: SourceRef, { hosted, mirrors }: RenderTools): Promise<ResolvedSource> {
  const found = await hosted.find((one) => sameRepository(one.cloneUrl, url));
  if (found === undefined) return unknownSource(url, ref, 'the App is not installed on it');
  const remote = hosted.remote(found);
  const pinned = ref.commit !== undefined || ref.semver !== undefined;
  const fetched = await mirrors.fetch(remote, pinned ? await mirrors.defaultBranch(remote) : fullName(ref));
  if (fetched === undefined) return unknownSource(url, ref, 'it has no such ref');
  const common = { url, repository: fetched.repository, isPlatform: false, reviewed: undefined };
  if (pinned) return openLocal({ ...common, standing: undefined }, url, ref);
  const tree = await fetched.repository.tree(fetched.commit);
  return openLocal({ ...common, standing: { tree, revision: `sha1:${fetched.commit}` } }, url, ref);
}

function fullName({ name, tag, branch }: SourceRef): string {
  if (name !== undefined) return name;
  return tag === undefined ? `refs/heads/${branch ?? 'master'}` : `refs/tags/${tag}`;
}
