// What a Kustomization says about deploying, beside what it says about building (kustomize.toolkit.fluxcd.io/v1).
import type { KubeObject } from '../object/object.ts';

export interface HealthCheckRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface HealthCheckExpr {
  readonly apiVersion: string;
  readonly kind: string | undefined;
  readonly current: string;
  readonly inProgress: string | undefined;
  readonly failed: string | undefined;
}

/** Paths (JSON pointers) that drift detection leaves alone, on objects that match the target. */
export interface IgnoreRule {
  readonly paths: readonly string[];
  /** Absent: every object. The values are anchored regular expressions (RE2), selectors as Kubernetes writes them. */
  readonly target:
    | {
        readonly group?: string;
        readonly version?: string;
        readonly kind?: string;
        readonly name?: string;
        readonly namespace?: string;
        readonly labelSelector?: string;
        readonly annotationSelector?: string;
      }
    | undefined;
}

export interface DeployDependency {
  readonly namespace: string;
  readonly name: string;
  readonly readyExpr: string | undefined;
}

export interface DeploySpec {
  /** Milliseconds; Flux's syntax `1h30m`, `500ms`. */
  readonly intervalMs: number;
  /** `intervalMs` where absent. */
  readonly retryIntervalMs: number;
  /** `intervalMs` − 30 s where absent; never below 30 s. */
  readonly timeoutMs: number;
  readonly prune: boolean;
  readonly deletionPolicy: 'MirrorPrune' | 'Delete' | 'WaitForTermination' | 'Orphan';
  readonly force: boolean;
  readonly wait: boolean;
  readonly healthChecks: readonly HealthCheckRef[];
  readonly healthCheckExprs: readonly HealthCheckExpr[];
  readonly ignore: readonly IgnoreRule[];
  readonly suspend: boolean;
  readonly dependsOn: readonly DeployDependency[];
  /** Fields that Sluice does not honour yet, each with why and what to do: `spec.decryption …`. Non-empty: nothing is applied. */
  readonly refused: readonly string[];
  /** What has the wrong type or form; non-empty: nothing is applied. */
  readonly problems: readonly string[];
}

/** Reads the fields; never throws, whatever the document holds. */
export declare function readDeploySpec(object: KubeObject): DeploySpec;
