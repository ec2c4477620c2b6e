// What the flow found, cluster by cluster, before it is grouped into a Report.
import type { ObjectChange } from '../diff/change.ts';
import type { ReportError, ReportUnknown } from './report.ts';

/** One rule that spoke about one object on one cluster. */
export interface Violation {
  readonly rule: string;
  readonly severity: 'deny' | 'warn';
  readonly object: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly message: string;
  readonly remedy: string | null;
  readonly introduced: boolean;
  readonly waivedUntil: string | null;
}

export interface KustomizationOutcome {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  readonly serviceAccount: string | null;
  readonly clusterBound: boolean;
  readonly unchanged: number;
  readonly changes: readonly ObjectChange[];
  readonly violations: readonly Violation[];
}

export interface Outcome {
  readonly source: string;
  readonly base: string | null;
  readonly head: string | null;
  readonly merge: string | null;
  readonly kustomizations: readonly KustomizationOutcome[];
  readonly errors: readonly ReportError[];
  readonly unknowns: readonly ReportUnknown[];
  readonly notes: readonly string[];
  /** Kustomizations that a merge into this branch moves, whether or not this change reaches what they build. */
  readonly followers: number;
}
