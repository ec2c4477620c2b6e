// The one value a review ends in. JSON is this value; Markdown and terminal text say the same.
import type { ErrorCode } from '../errors.ts';

export type Verdict = 'pass' | 'blocked' | 'error';
export type Action = 'created' | 'configured' | 'deleted';
export type Counts = Readonly<Record<Action | 'unchanged', number>>;

/**
 * What a change can do, most dangerous first; the order of this list is the order of the report.
 * `grant`: RBAC that gives something to somebody, service accounts bound, namespaces' labels, webhooks;
 * `delete`: an object goes away; `replace`: fields that cannot be changed in place; `exposure`: Services, Ingresses,
 * Gateways, NetworkPolicies; `restart`: pod templates; `secret`: Secrets; `config`: everything else.
 */
export const risks = ['grant', 'delete', 'replace', 'exposure', 'restart', 'secret', 'config'] as const;
export type Risk = (typeof risks)[number];

export interface ReportKustomization {
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  /** Null for the platform's own. */
  readonly serviceAccount: string | null;
  readonly counts: Counts;
  /** The account is bound by a ClusterRoleBinding; reviews say so. */
  readonly clusterBound: boolean;
}

export interface ReportCluster {
  readonly name: string;
  readonly kustomizations: readonly ReportKustomization[];
}

export interface ReportViolation {
  readonly rule: string;
  readonly severity: 'deny' | 'warn';
  /** `Kind/namespace/name`, or `Kind/name` for cluster-scoped. */
  readonly object: string;
  /** Sorted. */
  readonly clusters: readonly string[];
  /** `namespace/name` */
  readonly kustomization: string;
  /** In the source's own repository. Null where nothing of the tenant's stands behind it. */
  readonly file: string | null;
  readonly line: number | null;
  readonly message: string;
  readonly remedy: string | null;
  readonly introduced: boolean;
  /** ISO date (`2026-12-31`) until which a waiver lists it as an exception, or null. */
  readonly waivedUntil: string | null;
}

export interface ReportChange {
  readonly action: Action;
  readonly object: string;
  readonly clusters: readonly string[];
  readonly kustomization: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly risk: Risk;
  /** One line for people: `image, replicas`. */
  readonly summary: string;
  /** Unified diff of masked YAML, without file headers. */
  readonly diff: string;
}

export interface ReportError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly remedy: string | null;
  readonly kustomization: string | null;
  /** Names joined by `, ` where it is the same on several. */
  readonly cluster: string | null;
  readonly file: string | null;
  readonly line: number | null;
}

export interface ReportUnknown {
  readonly what: string;
  readonly effect: string;
}

export interface Report {
  readonly verdict: Verdict;
  readonly source: string;
  readonly base: string | null;
  /** Commit, or null for uncommitted files. */
  readonly head: string | null;
  readonly merge: string | null;
  /** Sorted by name; only clusters the change reaches. */
  readonly clusters: readonly ReportCluster[];
  /** Denies first, then by rule, object. */
  readonly violations: readonly ReportViolation[];
  /** By risk, then object. */
  readonly changes: readonly ReportChange[];
  readonly errors: readonly ReportError[];
  readonly unknowns: readonly ReportUnknown[];
  /** Sentences worth a line: "prod-eu follows tag v1.2.0, which this merge does not move". */
  readonly notes: readonly string[];
  /** Kustomizations that a merge into this branch moves, whether or not this change reaches what they build. */
  readonly followers: number;
}
