// What an agent is given: its cluster, the queues, and the adapters that the process has anyway.
import type { Log } from '../ports/log.ts';
import type { Mirrors, Remote } from '../ports/mirror.ts';
import type { KubeCluster } from '../ports/kube.ts';
import type { PolicyEngine, RegoModule, Renderer } from '../ports.ts';

export interface AgentTools {
  readonly kube: KubeCluster;
  readonly mirrors: Mirrors;
  readonly renderer: Renderer;
  readonly policyEngine: PolicyEngine;
  readonly shippedPolicies: readonly RegoModule[];
  readonly log: Log;
  /** In one process with the App: how a repository that it sees is fetched. */
  readonly hosted?: (url: string) => Promise<Remote | undefined>;
  readonly now: () => Date;
  readonly elapsed: () => number;
  readonly random: () => number;
  readonly newAttempt: () => string;
}
