// `sluice check`: the review of a local checkout. No GitHub, no cluster, no queue.
import { type CheckOptions, type CheckTools, openNamed } from './checkout/options.ts';
import { sidesOf } from './checkout/sides.ts';
import { platformSubject, tenantSubject } from './checkout/subject.ts';
import { preview } from './preview/preview.ts';
import type { Local } from './preview/repositories.ts';
import { readSides } from './preview/sides.ts';
import { assemble } from './report/assemble.ts';
import type { Report } from './report/report.ts';
import { withoutCredentials } from './source/url.ts';

/**
 * Reviews what merging a checkout would do to every cluster.
 *
 * @throws SluiceError for what makes a review impossible: no repository, no platform, a broken sluice.yaml in force, …
 */
export async function check(options: CheckOptions, tools: CheckTools): Promise<Report> {
  // Open the checkout and the platform repository, and learn their addresses.
  tools.progress('opening repositories');
  const repository = await tools.openRepository(options.directory);
  const origin = options.as ?? (await repository.originUrl());
  const others = await Promise.all(options.repositories.map(({ url, directory }) => openOther(url, directory, tools)));
  const subject =
    options.platform === undefined
      ? await platformSubject(repository, origin, options, tools)
      : await tenantSubject(repository, origin, options.platform, { options, others }, tools);
  // Compute the fleet on both sides, and the rules in force there.
  const { base, head, errors } = await readSides(sidesOf(subject, others, tools.shippedPolicies), tools);
  // Compare, and say it.
  const revisions = subject.revisions;
  const outcome = await preview(
    base,
    head,
    {
      url: withoutCredentials(subject.url),
      role: subject.role,
      base: revisions?.base.commit ?? null,
      head: revisions?.head.commit ?? null,
      merge: null,
      today: options.today,
      notes: subject.notes,
      errors,
    },
    tools,
  );
  return assemble(outcome);
}

async function openOther(url: string, directory: string, tools: CheckTools): Promise<Local> {
  return {
    url,
    repository: await openNamed(`--repo ${withoutCredentials(url)}`, directory, tools),
    isPlatform: false,
    reviewed: undefined,
    standing: undefined,
  };
}
