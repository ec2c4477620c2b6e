// A review that could not be made is a report too: it blocks, and says why.
import type { SluiceError } from '../errors.ts';
import { assemble } from '../report/assemble.ts';
import type { Report } from '../report/report.ts';

export interface FailedReview {
  readonly source: string;
  readonly base: string | null;
  readonly head: string | null;
}

/** A report with one error. A place in another repository than the reviewed one is left out. */
export function failedReport(review: FailedReview, error: SluiceError, placeIsHere: boolean): Report {
  const { code, message, remedy, place } = error;
  const at = placeIsHere ? place : undefined;
  return assemble({
    ...review,
    merge: null,
    kustomizations: [],
    errors: [
      {
        code,
        message,
        remedy: remedy ?? null,
        kustomization: null,
        cluster: null,
        file: at?.file ?? null,
        line: at?.line ?? null,
      },
    ],
    unknowns: [],
    notes: [],
    followers: 1,
  });
}
