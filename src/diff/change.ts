// What a merge would do to one object on one cluster, already masked.
import type { Action, Risk } from '../report/report.ts';

export interface ObjectChange {
  readonly action: Action;
  /** `<namespace>_<name>_<group>_<kind>`, as in a Flux inventory. */
  readonly id: string;
  /** `Kind/namespace/name` */
  readonly object: string;
  readonly risk: Risk;
  readonly summary: string;
  /** Unified diff of masked YAML, without file headers; equal text on two clusters is the same change. */
  readonly diff: string;
  readonly file: string | null;
  readonly line: number | null;
}
