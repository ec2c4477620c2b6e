// The two sides of a check: the platform's fleet and rules as they are, and as they would be.
import { asSluiceError, type SluiceError } from '../errors.ts';
import { computeFleet } from '../fleet/compute.ts';
import { type PlatformConfig, readConfig } from '../fleet/config.ts';
import { type Rules, readRules } from '../preview/rules.ts';
import type { Side } from '../preview/side.ts';
import { sameRepository } from '../source/url.ts';
import type { CheckTools } from './options.ts';
import { type Local, LocalRepositories } from './repositories.ts';
import { type CheckSubject, platformTreeOf } from './subject.ts';

export async function readBase(subject: CheckSubject, others: readonly Local[], tools: CheckTools): Promise<Side> {
  const tree = platformTreeOf('base', subject);
  const config = await readConfig(tree, tools.renderer);
  const rules = await readRules(tree, config, tools.shippedPolicies, tools.renderer);
  return computeSide('base', subject, others, tools, { config, rules });
}

/** The head's side; where its sluice.yaml, waivers or Rego are broken, the base's stay in force and the error is said. */
export async function readHead(
  base: Side,
  subject: CheckSubject,
  others: readonly Local[],
  tools: CheckTools,
  errors: SluiceError[],
): Promise<Side> {
  if (subject.revisions === undefined) return base;
  if (subject.role === 'tenant')
    return computeSide('head', subject, others, tools, { config: base.fleet.config, rules: base });
  const tree = platformTreeOf('head', subject);
  const said = (error: unknown): undefined => {
    errors.push(asSluiceError(error));
    return undefined;
  };
  const config = (await readConfig(tree, tools.renderer).catch(said)) ?? base.fleet.config;
  const rules =
    (errors.length > 0
      ? undefined
      : await readRules(tree, config, tools.shippedPolicies, tools.renderer).catch(said)) ?? base;
  return computeSide('head', subject, others, tools, { config, rules });
}

async function computeSide(
  at: 'base' | 'head',
  subject: CheckSubject,
  others: readonly Local[],
  tools: CheckTools,
  inForce: { readonly config: PlatformConfig; readonly rules: Rules },
): Promise<Side> {
  const { platform, repository, url, branch, revisions } = subject;
  const side = revisions?.[at];
  const reviewed =
    side === undefined || branch === undefined
      ? undefined
      : { tree: side.tree, branch, revision: side.commit === null ? 'working tree' : `sha1:${side.commit}` };
  const locals: Local[] = [];
  if (subject.role === 'platform') locals.push({ url, repository, isPlatform: true, reviewed, standing: undefined });
  else {
    locals.push({ url, repository, isPlatform: sameRepository(url, platform.url), reviewed, standing: undefined });
    if (platform.standing !== undefined) {
      locals.push({
        url: platform.url,
        repository: platform.repository,
        isPlatform: true,
        reviewed: undefined,
        standing: { tree: platform.standing, revision: 'local' },
      });
    }
  }
  const repositories = new LocalRepositories([...locals, ...others]);
  const fleet = await computeFleet({
    platform: platformTreeOf(at, subject),
    config: inForce.config,
    repositories,
    renderer: tools.renderer,
    progress: tools.progress,
  });
  const { policy, shipped, waivers } = inForce.rules;
  return { fleet, policy, shipped, waivers };
}
