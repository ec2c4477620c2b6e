// One side of a preview: the fleet at a revision, and the rules in force there.
import type { Fleet } from '../fleet/fleet.ts';
import type { Waiver } from '../policy/waiver.ts';
import type { CompiledPolicy, PolicyEngine, Progress, Renderer } from '../ports.ts';

export interface Side {
  readonly fleet: Fleet;
  readonly policy: CompiledPolicy;
  /** Ids of the shipped rules in force, whose denies advise the platform. */
  readonly shipped: ReadonlySet<string>;
  readonly waivers: readonly Waiver[];
}

/** What previewing needs from outside. */
export interface Tools {
  readonly renderer: Renderer;
  readonly policyEngine: PolicyEngine;
  readonly progress: Progress;
}
