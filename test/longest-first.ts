// In which order the test files start: those that take longest first, or one of them runs alone in the end. Left to itself,
// a fresh checkout starts the largest files first, and the longest are small.
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Below `test/`, longest first. One that is missing, or stands in the wrong place, costs seconds and nothing else. */
const longest = [
  'real/app/faults.test.ts',
  'real/queue/contract.test.ts',
  'real/agent/adversarial/cases.test.ts',
  'real/app/pull-request.test.ts',
  'real/agent/fleet.test.ts',
  'real/app/adversarial/pull-requests.test.ts',
  'real/health/workloads.test.ts',
  'real/bootstrap/bootstrap.test.ts',
  'real/cluster/controllers.test.ts',
  'real/queue/queues.test.ts',
  'real/app/adversarial/github-faults.test.ts',
  'real/agent/faults/frozen.test.ts',
  'real/app/report-back.test.ts',
  'real/queue/embedded.test.ts',
  'real/queue/servers.test.ts',
  'real/check/adversarial/policies.test.ts',
  'real/agent/ahead.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/test/${name}`));
      return at < 0 ? longest.length : at;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
