// What an agent is given: its cluster, the queues, and the adapters that the process has anyway.
import type { Log } from '../ports/log.ts';
import type { Mirrors, Remote } from '../ports/mirror.ts';
import type { KubeCluster } from '../ports/kube.ts';
import type { PolicyEngine, RegoModule, Renderer } from '../ports.ts';
import type { KubeObject } from '../object/object.ts';
import type { SourceSpec } from './source-spec.ts';

export interface AgentTools {
  readonly kube: KubeCluster;
  readonly mirrors: Mirrors;
  readonly renderer: Renderer;
  readonly policyEngine: PolicyEngine;
  readonly shippedPolicies: readonly RegoModule[];
  readonly log: Log;
  /** Where and with what a GitRepository is fetched. @throws SluiceError `deploy.source` */
  readonly remote: (object: KubeObject, spec: SourceSpec) => Promise<Remote>;
  readonly now: () => Date;
  readonly elapsed: () => number;
  readonly random: () => number;
  readonly newAttempt: () => string;
}
