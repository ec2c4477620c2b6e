// The two sides of a review: the fleet and its rules as they are, and as they would be after the merge.
import { asSluiceError, type SluiceError } from '../errors.ts';
import { computeFleet } from '../fleet/compute.ts';
import { type PlatformConfig, readConfig } from '../fleet/config.ts';
import type { Repositories } from '../fleet/fleet.ts';
import type { RegoModule, Tree } from '../ports.ts';
import { type Rules, readRules } from './rules.ts';
import type { Side, Tools } from './side.ts';

export interface SideInput {
  readonly platform: Tree;
  readonly repositories: Repositories;
}

export interface SidesInput {
  readonly base: SideInput;
  /** Undefined where nothing is compared: the head is the base. */
  readonly head: SideInput | undefined;
  readonly shippedPolicies: readonly RegoModule[];
}

export interface Sides {
  readonly base: Side;
  readonly head: Side;
  /** What is wrong with the head's own sluice.yaml, waivers or Rego; the base's stay in force. */
  readonly errors: readonly SluiceError[];
}

/** @throws SluiceError for what is broken in force: the base's sluice.yaml, waivers, Rego, or no cluster at all */
export async function readSides({ base, head, shippedPolicies }: SidesInput, tools: Tools): Promise<Sides> {
  const config = await readConfig(base.platform, tools.renderer);
  const rules = await readRules(base.platform, config, shippedPolicies, tools.renderer);
  const baseSide = await computeSide(base, config, rules, tools);
  if (head === undefined) return { base: baseSide, head: baseSide, errors: [] };
  if (head.platform.id === base.platform.id) {
    return { base: baseSide, head: await computeSide(head, config, rules, tools), errors: [] };
  }
  const errors: SluiceError[] = [];
  const said = (error: unknown): undefined => {
    errors.push(asSluiceError(error));
    return undefined;
  };
  const newConfig = await readConfig(head.platform, tools.renderer).catch(said);
  const newRules =
    newConfig === undefined
      ? undefined
      : await readRules(head.platform, newConfig, shippedPolicies, tools.renderer).catch(said);
  return { base: baseSide, head: await computeSide(head, newConfig ?? config, newRules ?? rules, tools), errors };
}

async function computeSide(input: SideInput, config: PlatformConfig, rules: Rules, tools: Tools): Promise<Side> {
  const { platform, repositories } = input;
  const fleet = await computeFleet({
    platform,
    config,
    repositories,
    renderer: tools.renderer,
    progress: tools.progress,
  });
  return { fleet, ...rules };
}
